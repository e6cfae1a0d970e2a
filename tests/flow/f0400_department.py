"""A department's own system: over ZeroMQ with its CURVE key, and only what it was granted."""
import os
import subprocess
import sys
import threading
import time

from harness import ORGANISATION, PDF, ROOT, Person, Staff, fill, until

OWN = True
STORY = True
sys.path.insert(0, os.path.join(ROOT, "build", "kits", "python"))


class World:
    pass


w = World()


def client(p, key):
    import yiwang
    return yiwang.Client("tcp://127.0.0.1:%d" % p.department_port, os.path.join(p.folder, key),
                         os.path.join(p.folder, "data", "keys", "broker.curve.pub"))


def submit(p):
    """A submitted case with one file; its id."""
    body = {"itemId": w.item["id"], "form": fill(w.item), "applicant": ORGANISATION,
            "paperMaterials": [m["id"] for m in w.item["materials"]]}
    answer = w.person.post("/api/v1/cases:apply", body)
    assert answer.status == 201, answer
    return answer.json["caseId"]


def refused(status, code, call, *arguments, **more):
    import yiwang
    try:
        call(*arguments, **more)
    except yiwang.Error as error:
        assert error.status == status and (code is None or error.code == code), error
        return error
    raise AssertionError("was not refused")


def once_granted(system):
    """The first answer to a system that was just granted its methods; the broker hears of it soon."""
    import yiwang
    from yiwang import case_pb2 as case

    def watch():
        try:
            return system.call("case.Watch", case.WatchRequest(limit=500), case.WatchAnswer)
        except yiwang.Error as error:
            assert error.code == "not_granted", error
            return None
    return until(watch, 5)


def test_a_key_is_made_and_granted(p):
    """REQ: X-08 O-02 - one command makes the key, one grants; the list shows both."""
    w.item = p.item("建筑工程施工许可证核发", department_id="zjj")
    w.person = Person(p, 15).register().login()
    p.yw("key", "make", "zjj-approval", "--department", "zjj", "--name", "住建审批系统", "--file", "zjj.key")
    assert os.stat(os.path.join(p.folder, "zjj.key")).st_mode & 0o077 == 0
    shown = p.yw("key", "show", "zjj-approval").stdout
    assert "department zjj" in shown and "key" in shown and "grant" not in shown, shown
    again = p.yw("key", "make", "zjj-approval", "--file", "zjj.key", check=False)
    assert again.returncode != 0 and "never written over" in again.stderr, again


def test_nothing_without_a_grant(p):
    """REQ: X-08 - a known key without a grant reaches no method, and is told which."""
    from yiwang import case_pb2 as case
    w.system = client(p, "zjj.key")
    error = refused("PERMISSION_DENIED", "not_granted", w.system.call, "case.Watch", case.WatchRequest(),
                    case.WatchAnswer)
    assert "case.Watch" in error.message, error
    bad = p.yw("key", "grant", "zjj-approval", "identity.GetPerson", check=False)
    assert bad.returncode != 0, bad          # not a method that systems may be granted
    p.yw("key", "grant", "zjj-approval", "case.*")


def test_granted_methods_work_at_once(p):
    """REQ: X-08 - the broker learns of the grant by an event."""
    w.cursor = once_granted(w.system).cursor


def test_internal_and_public_methods_stay_closed(p):
    """REQ: X-08 - a system reaches what is marked for systems and granted, nothing else."""
    from yiwang import case_pb2 as case, common_pb2 as common, identity_pb2 as identity
    refused("PERMISSION_DENIED", "not_granted", w.system.call, "identity.ListSystemKeys", common.Empty(),
            identity.SystemKeyList)
    refused("PERMISSION_DENIED", "not_granted", w.system.call, "case.Tick", common.Empty(), common.Empty)
    refused("PERMISSION_DENIED", "not_granted", w.system.call, "case.ListCases", case.ListCasesRequest(),
            case.CaseList)


def test_watch_wakes_when_a_case_comes(p):
    """REQ: C-11 - a waiting question is answered by the next submitted case, not by polling."""
    from yiwang import case_pb2 as case
    found = {}

    def watch():
        waiting = client(p, "zjj.key")
        begin = time.time()
        found["answer"] = waiting.call("case.Watch", case.WatchRequest(cursor=w.cursor, wait_ms=20000),
                                       case.WatchAnswer, timeout=30)
        found["seconds"] = time.time() - begin
        waiting.close()
    thread = threading.Thread(target=watch)
    thread.start()
    time.sleep(1)
    w.case_id = submit(p)
    thread.join(25)
    assert not thread.is_alive() and found["seconds"] < 10, found
    changes = found["answer"].changes
    assert w.case_id in [c.case_id for c in changes], changes
    w.cursor = found["answer"].cursor


def test_form_and_files_are_fetched(p):
    """REQ: C-11 - everything needed to handle the case; the reading leaves an audit row."""
    from yiwang import case_pb2 as case
    draft = w.person.post("/api/v1/cases", {"itemId": w.item["id"]}).json
    first = w.item["materials"][0]["id"]
    content = PDF + os.urandom(3 << 20)
    assert w.person.upload(draft["id"], first, "图纸.pdf", content).status == 200
    for material in w.item["materials"][1:]:
        w.person.post("/api/v1/cases/%s/materials/%s:paper" % (draft["id"], material["id"]), {"paper": True})
    path = "/api/v1/cases/" + draft["id"]
    saved = w.person.http("PATCH", path, {"version": w.person.get(path).json["summary"]["version"],
                                          "form": fill(w.item), "applicant": ORGANISATION})
    done = w.person.post(path + ":submit", {"version": saved.json["version"]})
    assert done.status == 200, done
    w.with_file = draft["id"]
    detail = w.system.call("case.GetCaseForSystem", case.GetCaseForSystemRequest(id=w.with_file), case.CaseDetail)
    assert detail.applicant.name == ORGANISATION["name"] and len(detail.form) >= 5
    file = [f for m in detail.materials for f in m.files][0]
    data = b""
    while len(data) < file.size:
        data += w.system.call("case.GetFile", case.GetFileRequest(
            case_id=w.with_file, file_id=file.id, offset=len(data)), case.FilePart, timeout=15).data
    assert data == content
    rows = p.database("case", "SELECT count(*) FROM audit WHERE caller = 'system:zjj-approval'"
                              " AND method = 'case.GetCaseForSystem' AND concerns = ?", w.with_file)
    assert rows[0][0] >= 1, rows


def test_system_handles_a_case_to_the_decision(p):
    """REQ: C-11 C-03 - accepts, reports each stage, decides; the same request twice happens once."""
    from yiwang import case_pb2 as case
    now = w.system.call("case.GetCaseForSystem", case.GetCaseForSystemRequest(id=w.case_id), case.CaseDetail)
    accept = case.AcceptRequest(id=w.case_id, version=now.summary.version, opinion="齐全")
    first = w.system.call("case.Accept", accept, case.CaseStatus, key="zjj-2026-0001")
    again = w.system.call("case.Accept", accept, case.CaseStatus, key="zjj-2026-0001")
    assert first == again and first.state == case.STATE_REVIEWING or first.state == case.STATE_ACCEPTED, first
    refused("ABORTED", "case.version_changed", w.system.call, "case.Accept", accept, case.CaseStatus,
            key="zjj-2026-0002")
    status = first
    for stage in now.stages:
        status = w.system.call("case.FinishStage", case.FinishStageRequest(
            id=w.case_id, version=status.version, stage_id=stage.stage_id, result=case.STAGE_RESULT_PASS,
            opinion="通过", officer_name="李审查"), case.CaseStatus)
    done = w.system.call("case.Decide", case.DecideRequest(
        id=w.case_id, version=status.version, outcome=case.OUTCOME_GRANT, document_number="建许〔2026〕2号",
        officer_name="王批准"), case.CaseStatus)
    assert done.state == case.STATE_GRANTED, done
    mine = w.person.get("/api/v1/cases/" + w.case_id).json
    assert mine["decision"]["documentNumber"] == "建许〔2026〕2号"
    assert [s["officer"] for s in mine["stages"]] == ["李审查"] * len(mine["stages"]), mine["stages"]


def test_faults_name_their_fields(p):
    """REQ: C-11 - an incomplete request says what is missing, in Chinese."""
    from yiwang import case_pb2 as case
    error = refused("INVALID_ARGUMENT", "invalid", w.system.call, "case.Decide",
                    case.DecideRequest(id=w.case_id, version=1), case.CaseStatus)
    assert {v.field for v in error.violations} >= {"outcome", "documentNumber"}, error


def test_another_departments_system_sees_nothing(p):
    """REQ: X-08 C-11 - a system of the health commission asks for a case of the housing bureau."""
    from yiwang import case_pb2 as case
    p.yw("key", "make", "wjw-approval", "--department", "wjw", "--file", "wjw.key")
    p.yw("key", "grant", "wjw-approval", "case.*")
    other = client(p, "wjw.key")
    once_granted(other)
    refused("NOT_FOUND", "not_found", other.call, "case.GetCaseForSystem",
            case.GetCaseForSystemRequest(id=w.case_id), case.CaseDetail)
    assert not other.call("case.Watch", case.WatchRequest(limit=500), case.WatchAnswer).changes
    other.close()


def test_unknown_key_gets_no_connection(p):
    """REQ: X-08 - a key that nobody registered gets no connection, and the kit says so."""
    import zmq
    from yiwang import case_pb2 as case
    public, secret = zmq.curve_keypair()
    with open(os.path.join(p.folder, "unknown.key"), "w") as f:
        f.write('curve\n    public-key = "%s"\n    secret-key = "%s"\n' % (public.decode(), secret.decode()))
    stranger = client(p, "unknown.key")
    refused("UNAUTHENTICATED", "key_refused", stranger.call, "case.Watch", case.WatchRequest(),
            case.WatchAnswer, timeout=5)


def test_a_revoked_key_is_refused_at_the_next_message(p):
    """REQ: X-08 - on a connection that is already open."""
    from yiwang import case_pb2 as case
    key = [line.split()[1] for line in p.yw("key", "show", "wjw-approval").stdout.splitlines()
           if line.strip().startswith("key")][0]
    other = client(p, "wjw.key")
    other.call("case.Watch", case.WatchRequest(), case.WatchAnswer)
    p.yw("key", "revoke", "wjw-approval", key)

    def gone():
        import yiwang
        try:
            other.call("case.Watch", case.WatchRequest(), case.WatchAnswer, timeout=1)
        except yiwang.Error as error:
            return error.status in ("PERMISSION_DENIED", "UNAUTHENTICATED", "DEADLINE_EXCEEDED")
        return False
    until(gone, 5)


def test_the_python_example_handles_a_case(p):
    """REQ: X-08 C-11 - the kit's example of at most 60 lines, as a department would start it."""
    path = os.path.join(ROOT, "build", "kits", "python", "example.py")
    assert len(open(path, encoding="utf-8").readlines()) <= 60
    done = subprocess.run(["/usr/bin/python3", path, "tcp://127.0.0.1:%d" % p.department_port,
                           os.path.join(p.folder, "zjj.key"),
                           os.path.join(p.folder, "data", "keys", "broker.curve.pub"), "--case", w.with_file],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert w.person.get("/api/v1/cases/" + w.with_file).json["summary"]["state"] == "STATE_GRANTED"


def test_the_c_example_handles_a_case(p):
    """REQ: X-08 C-11 - the same in C: waits for a submitted case and handles it."""
    assert len(open(os.path.join(ROOT, "kits", "c", "example.c"), encoding="utf-8").readlines()) <= 60
    running = subprocess.Popen([os.path.join(p.out, "kits", "example"),
                                "tcp://127.0.0.1:%d" % p.department_port, os.path.join(p.folder, "zjj.key"),
                                os.path.join(p.folder, "data", "keys", "broker.curve.pub")],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        case_id = submit(p)
        assert running.wait(20) == 0, running.stdout.read()
        assert w.person.get("/api/v1/cases/" + case_id).json["summary"]["state"] == "STATE_GRANTED"
    finally:
        running.kill()
        running.wait(10)
        w.system.close()
