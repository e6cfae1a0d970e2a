"""A department's system: waits for cases, fetches them, accepts, reports each stage, decides.

    example.py ENDPOINT KEY_FILE BROKER_FILE [--case ID]        with --case: this one, then ends
"""
import hashlib
import sys

import yiwang
from yiwang import case_pb2 as case

OPEN = (case.STATE_SUBMITTED, case.STATE_ACCEPTED, case.STATE_REVIEWING, case.STATE_DECIDING)


def fetch(client, case_id, file):
    """The bytes of a file, part by part, compared with its hash."""
    data = b""
    while len(data) < file.size:
        request = case.GetFileRequest(case_id=case_id, file_id=file.id, offset=len(data))
        data += client.call("case.GetFile", request, case.FilePart, timeout=15).data
    assert hashlib.blake2b(data, digest_size=32).hexdigest() == file.hash
    return data


def handle(client, case_id):
    ask = lambda method, **fields: client.call(     # every change names the version it saw
        "case." + method, getattr(case, method + "Request")(id=case_id, **fields), case.CaseStatus)
    detail = client.call("case.GetCaseForSystem", case.GetCaseForSystemRequest(id=case_id), case.CaseDetail)
    now = detail.summary
    if now.state not in OPEN:
        return
    print("%s %s：%d 项表单内容" % (now.number, now.item_name, len(detail.form)))
    for file in (file for material in detail.materials for file in material.files if file.complete):
        print("  材料 %s，%d 字节" % (file.file_name, len(fetch(client, case_id, file))))

    if now.state == case.STATE_SUBMITTED:
        now = ask("Accept", version=now.version, opinion="材料齐全，予以受理。")
        print("  已受理")
    for stage in detail.stages:
        if stage.state != case.STAGE_STATE_DONE:
            now = ask("FinishStage", version=now.version, stage_id=stage.stage_id, officer_name="李审查",
                      result=case.STAGE_RESULT_PASS, opinion="审查通过。")
            print("  已完成环节：%s" % stage.name)
    now = ask("Decide", version=now.version, outcome=case.OUTCOME_GRANT, officer_name="王批准",
              document_number="准予许可〔%s〕号" % now.number)
    print("  已决定：准予许可")


def main(endpoint, key_file, broker_file, *option):
    client, cursor = yiwang.Client(endpoint, key_file, broker_file), 0
    if option:
        handle(client, option[1])
    while not option:
        answer = client.call("case.Watch", case.WatchRequest(cursor=cursor, wait_ms=25000), case.WatchAnswer, timeout=30)
        for case_id in {change.case_id for change in answer.changes if change.state in OPEN}:
            handle(client, case_id)
        cursor = answer.cursor          # a real system keeps it
    client.close()


main(*sys.argv[1:])
