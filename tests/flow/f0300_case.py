"""A case from the draft to its end: applicant and officials over HTTPS."""
import json
import re
import uuid

from harness import ORGANISATION, PDF, Person, Staff, fill, mod37_36, until

STORY = True
ITEM = "建筑工程施工许可证核发"


class World:
    """What the tests of this file hand on to each other."""


w = World()


def draft_of(person, item):
    answer = person.post("/api/v1/cases", {"itemId": item["id"]})
    assert answer.status == 201, answer
    return answer.json


def hand_in_on_paper(person, case_id):
    detail = person.get("/api/v1/cases/" + case_id).json
    for material in detail["materials"]:
        done = person.post("/api/v1/cases/%s/materials/%s:paper" % (case_id, material["materialId"]),
                           {"paper": True})
        assert done.status == 200, done
    return person.get("/api/v1/cases/" + case_id).json["summary"]["version"]


def submitted(person, item):
    """A case that is handed in; its receipt."""
    draft = draft_of(person, item)
    path = "/api/v1/cases/" + draft["id"]
    saved = person.http("PATCH", path, {"version": draft["version"], "form": fill(item),
                                       "applicant": ORGANISATION})
    assert saved.status == 200, saved
    version = hand_in_on_paper(person, draft["id"])
    answer = person.post(path + ":submit", {"version": version})
    assert answer.status == 200, answer
    return answer.json


def test_draft_is_prefilled(p):
    """REQ: C-01 - the draft holds who the account belongs to; name and number cannot be typed over."""
    w.person = Person(p, 12).register().login()
    w.item = p.item(ITEM, department_id="zjj")
    w.draft = draft_of(w.person, w.item)
    detail = w.person.get("/api/v1/cases/" + w.draft["id"]).json
    assert detail["applicant"]["name"] == w.person.name
    assert detail["applicant"]["idNumber"] == w.person.id_number
    assert detail["summary"]["state"] == "STATE_DRAFT"
    assert len(detail["materials"]) == len(w.item["materials"])
    answer = w.person.http("PATCH", "/api/v1/cases/" + w.draft["id"],
                           {"version": w.draft["version"], "applicant": {"name": "别人"}})
    again = w.person.get("/api/v1/cases/" + w.draft["id"]).json
    assert again["applicant"]["name"] == w.person.name, (answer, again["applicant"])
    w.draft["version"] = again["summary"]["version"]


def test_a_body_applies_through_its_contact(p):
    """An item for organisations wants their name and code; the person is then the contact."""
    receipt = submitted(w.person, w.item)
    detail = w.person.get("/api/v1/cases/" + receipt["caseId"]).json
    assert detail["applicant"]["name"] == ORGANISATION["name"]
    assert detail["applicant"]["contactName"] == w.person.name


def test_draft_values_are_checked_and_kept(p):
    """REQ: C-01 - what was typed stays; an unknown field is refused by its name."""
    path = "/api/v1/cases/" + w.draft["id"]
    wrong = w.person.http("PATCH", path, {"version": w.draft["version"],
                                          "form": [{"name": "noSuchField", "value": "1"}]})
    assert wrong.status == 400 and "noSuchField" in json.dumps(wrong.json), wrong
    values = fill(w.item)
    saved = w.person.http("PATCH", path, {"version": w.draft["version"], "form": values[:1]})
    assert saved.status == 200, saved
    kept = w.person.get(path).json
    assert {"name": values[0]["name"], "value": values[0]["value"]} in kept["form"]
    old = w.person.http("PATCH", path, {"version": w.draft["version"], "form": values})
    assert old.status == 409 and old.code == "case.version_changed", old
    w.version = saved.json["version"]


def test_incomplete_submission_tells_everything_at_once(p):
    """REQ: C-01 C-04 - every missing field and material in one answer; nothing is handed in."""
    path = "/api/v1/cases/" + w.draft["id"]
    answer = w.person.post(path + ":submit", {"version": w.version})
    assert answer.status == 400, answer
    required = [m for m in w.item["materials"] if m.get("need") == "MATERIAL_NEED_ALWAYS"]
    materials = [f for f in answer.fields if f.startswith("materials")]
    forms = [f for f in answer.fields if f.startswith("form")]
    assert len(materials) == len(required), (len(required), answer.fields)
    assert len(forms) >= 2, answer.fields
    assert w.person.get(path).json["summary"]["state"] == "STATE_DRAFT"


def test_files_are_uploaded_and_come_back(p):
    """REQ: C-01 - up to 20 MiB a file, by its first bytes; it comes back as it was; larger is refused."""
    first = w.item["materials"][0]["id"]
    content = PDF + bytes(range(256)) * 12000
    answer = w.person.upload(w.draft["id"], first, "用地批准.pdf", content)
    assert answer.status == 200 and int(answer.json["size"]) == len(content), answer
    path = "/api/v1/cases/%s/files/%s" % (w.draft["id"], answer.json["id"])
    back = w.person.http("GET", path)
    assert back.status == 200 and back.body == content
    assert back.headers["Content-Type"].startswith("application/pdf")
    assert "attachment" in back.headers["Content-Disposition"]
    again = w.person.upload(w.draft["id"], first, "用地批准.pdf", content)
    assert again.status == 200, again
    other = Person(p, 13).register().login()
    assert other.http("GET", path).status == 404
    refused = w.person.upload(w.draft["id"], first, "病毒.pdf", b"MZ\x90\x00" + b"\0" * 500)
    assert refused.status == 400, refused
    large = w.person.upload(w.draft["id"], first, "大.pdf", PDF + b"\0" * (21 << 20))
    assert large.status == 413, large
    p.close()


def test_submission_gives_a_receipt(p):
    """REQ: C-01 C-17 - one case, one number, one query code, however often it is sent."""
    path = "/api/v1/cases/" + w.draft["id"]
    version = w.person.get(path).json["summary"]["version"]
    saved = w.person.http("PATCH", path, {"version": version, "form": fill(w.item),
                                         "applicant": ORGANISATION})
    assert saved.status == 200, saved
    version = hand_in_on_paper(w.person, w.draft["id"])
    key = str(uuid.uuid4())
    done = w.person.post(path + ":submit", {"version": version}, key=key)
    assert done.status == 200, done
    w.receipt = done.json
    assert re.fullmatch(r"[0-9A-Z]{44}", w.receipt["number"]), w.receipt
    assert w.receipt["number"].startswith(w.item["implCode"])
    assert len(w.receipt["queryCode"]) == 8 and w.receipt["acceptDueAt"]
    again = w.person.post(path + ":submit", {"version": version}, key=key)
    assert again.json == w.receipt, again
    other = w.person.post(path + ":submit", {"version": version})
    assert other.status == 409, other
    rows = p.database("case", "SELECT count(*) FROM cases WHERE number = ?", w.receipt["number"])
    assert rows == [(1,)]


def test_applicant_is_told(p):
    """REQ: C-09 - inbox message and SMS with the number, once."""
    texts = until(lambda: [t for t in p.sms(w.person.mobile) if w.receipt["number"] in t])
    assert len(texts) == 1
    messages = w.person.get("/api/v1/messages").json["messages"]
    assert [m for m in messages if m.get("caseId") == w.receipt["caseId"]]


def test_only_its_department_sees_it(p):
    """REQ: C-12 - in the inbox of the department's receivers, of nobody else."""
    w.clerk = Staff(p, w.item["departmentId"] + "-receiver").login()
    w.stranger = Staff(p, "wjw-receiver").login()
    w.work = "/api/v1/inbox/" + w.receipt["caseId"]

    def listed(staff):
        cases = staff.get("/api/v1/inbox", page_size=100).json.get("cases", [])
        return [c for c in cases if c["id"] == w.receipt["caseId"]]
    assert len(listed(w.clerk)) == 1 and not listed(w.stranger)
    assert w.clerk.get(w.work).status == 200
    assert w.stranger.get(w.work).status == 404
    assert w.stranger.post(w.work + ":accept", {"version": 1}).status == 404


def test_correction_lists_every_gap(p):
    """REQ: C-04 C-06 - one notice with all gaps; the applicant sees them, supplies, and the case is back."""
    case = w.clerk.get(w.work).json
    materials = [m["materialId"] for m in case["materials"]]
    gaps = [{"materialId": materials[0], "reason": "缺少盖章页", "how": "补充盖章页后重新上传"},
            {"materialId": materials[1], "reason": "已过有效期", "how": "提交有效期内的文件"}]
    none = w.clerk.post(w.work + ":correct", {"version": case["summary"]["version"], "gaps": []})
    assert none.status == 400 and "gaps" in none.fields, none
    done = w.clerk.post(w.work + ":correct", {"version": case["summary"]["version"], "gaps": gaps})
    assert done.status == 200 and done.json["state"] == "STATE_CORRECTION", done
    mine = w.person.get("/api/v1/cases/" + w.receipt["caseId"]).json
    assert [g["reason"] for g in mine["corrections"][0]["gaps"]] == ["缺少盖章页", "已过有效期"]
    assert mine["deadlines"]["correctionDueAt"]
    until(lambda: [t for t in p.sms(w.person.mobile) if "补正" in t])
    for material in materials[:2]:
        assert w.person.upload(w.receipt["caseId"], material, "补正.pdf", PDF * 10).status == 200
    version = w.person.get("/api/v1/cases/" + w.receipt["caseId"]).json["summary"]["version"]
    back = w.person.post("/api/v1/cases/%s:supplement" % w.receipt["caseId"],
                         {"version": version, "note": "已补"})
    assert back.status == 200 and back.json["state"] == "STATE_SUBMITTED", back
    w.version = back.json["version"]


def test_a_second_notice_needs_a_reason(p):
    """REQ: C-04 C-06 - the law knows one notice; another one is refused without a reason."""
    gap = {"materialId": w.clerk.get(w.work).json["materials"][2]["materialId"],
           "reason": "遗漏", "how": "补充"}
    answer = w.clerk.post(w.work + ":correct", {"version": w.version, "gaps": [gap]})
    assert answer.status in (400, 409) and "repeatReason" in answer.fields, answer


def test_two_officials_cannot_overwrite_each_other(p):
    """REQ: C-12 - the second one is told that the case changed meanwhile."""
    taken = w.clerk.post(w.work + ":claim", {"version": w.version})
    assert taken.status == 200, taken
    late = w.clerk.post(w.work + ":accept", {"version": w.version})
    assert late.status == 409 and late.code == "case.version_changed", late
    w.version = taken.json["version"]


def test_acceptance_starts_both_clocks(p):
    """REQ: C-03 C-04 - accepted once, legal and promised limit shown, the promise not after the law."""
    done = w.clerk.post(w.work + ":accept", {"version": w.version, "opinion": "材料齐全"})
    assert done.status == 200, done
    limits = done.json["deadlines"]
    assert limits["promisedDueAt"] <= limits["legalDueAt"]
    assert limits["legalDueAt"].endswith("T16:00:00.000Z"), limits       # 24:00 in Shanghai
    w.version = done.json["version"]
    twice = w.clerk.post(w.work + ":accept", {"version": w.version})
    assert twice.status == 409, twice


def test_stages_belong_to_those_who_review(p):
    """REQ: C-03 C-08 C-12 - who may receive may not review; each stage keeps person, time, opinion."""
    case = w.clerk.get(w.work).json
    stages = case["stages"]
    assert len(stages) >= 2, stages
    body = {"version": w.version, "stageId": stages[0]["stageId"], "result": "STAGE_RESULT_PASS",
            "opinion": "符合条件"}
    assert w.clerk.post(w.work + ":finishStage", body).status == 403
    reviewer = Staff(p, w.item["departmentId"] + "-reviewer").login()
    for stage in stages:
        done = reviewer.post(w.work + ":finishStage", dict(body, version=w.version, stageId=stage["stageId"]))
        assert done.status == 200, done
        w.version = done.json["version"]
    finished = reviewer.get(w.work).json["stages"]
    assert all(s["state"] == "STAGE_STATE_DONE" and s["officer"] and s["opinion"] == "符合条件"
               and s["startedAt"] and s["endedAt"] for s in finished), finished


def test_decision_and_closing(p):
    """REQ: C-03 C-09 - decided by who may, delivered within ten working days, closed; each told."""
    decider = Staff(p, w.item["departmentId"] + "-decider").login()
    without = decider.post(w.work + ":decide", {"version": w.version, "outcome": "OUTCOME_DENY",
                                                "documentNumber": "示建许字〔2026〕1号"})
    assert without.status == 400 and "reason" in without.fields, without
    done = decider.post(w.work + ":decide", {
        "version": w.version, "outcome": "OUTCOME_GRANT", "documentNumber": "示建许字〔2026〕1号",
        "resultName": "建筑工程施工许可证", "resultNumber": "340100202600001"})
    assert done.status == 200 and done.json["deadlines"]["deliveryDueAt"], done
    closed = w.clerk.post(w.work + ":close", {"version": done.json["version"],
                                              "delivery": "DELIVERY_PICKUP", "receiver": w.person.name})
    assert closed.status == 200 and closed.json["state"] == "STATE_CLOSED", closed
    until(lambda: [t for t in p.sms(w.person.mobile) if "办结" in t])


def test_anyone_with_number_and_code_sees_progress(p):
    """REQ: C-08 - the timeline without personal data; a wrong code looks like an unknown number."""
    found = p.post("/api/v1/cases:query", {"number": w.receipt["number"],
                                           "queryCode": w.receipt["queryCode"]})
    assert found.status == 200 and found.json["state"] == "STATE_CLOSED", found
    assert len(found.json["timeline"]) >= 7 and len(found.json["stages"]) >= 2
    text = found.body.decode()
    assert w.person.name not in text and w.person.id_number not in text and w.person.mobile not in text
    wrong = p.post("/api/v1/cases:query", {"number": w.receipt["number"], "queryCode": "AAAAAAAA"})
    other = w.receipt["number"][:-7] + "987654"
    unknown = p.post("/api/v1/cases:query", {"number": other + mod37_36(other),
                                             "queryCode": w.receipt["queryCode"]})
    assert wrong.status == unknown.status == 404, (wrong, unknown)
    assert wrong.json["detail"] == unknown.json["detail"], (wrong, unknown)
    typo = p.post("/api/v1/cases:query", {"number": other + "-", "queryCode": w.receipt["queryCode"]})
    assert typo.status == 400 and typo.fields == ["number"], typo


def test_own_cases_and_timeline(p):
    """REQ: C-08 - the applicant's list, and every step with its time."""
    cases = w.person.get("/api/v1/cases").json["cases"]
    assert [c for c in cases if c["id"] == w.receipt["caseId"] and c["state"] == "STATE_CLOSED"]
    entries = w.person.get("/api/v1/cases/%s/timeline" % w.receipt["caseId"]).json["entries"]
    actions = [e["action"] for e in entries]
    for action in ("ACTION_SUBMIT", "ACTION_CORRECT", "ACTION_SUPPLEMENT", "ACTION_ACCEPT",
                   "ACTION_FINISH_STAGE", "ACTION_DECIDE_GRANT", "ACTION_CLOSE"):
        assert action in actions, (action, actions)


def test_withdrawal_until_the_decision(p):
    """REQ: C-03 - the applicant may take it back; a closed case not."""
    receipt = submitted(w.person, w.item)
    done = w.person.post("/api/v1/cases/%s:withdraw" % receipt["caseId"],
                         {"version": receipt["version"], "reason": "项目调整"})
    assert done.status == 200 and done.json["state"] == "STATE_WITHDRAWN", done
    version = w.person.get("/api/v1/cases/" + w.receipt["caseId"]).json["summary"]["version"]
    late = w.person.post("/api/v1/cases/%s:withdraw" % w.receipt["caseId"], {"version": version})
    assert late.status == 409, late


def test_refusal_names_reason_and_rights(p):
    """REQ: C-03 C-04 C-09 - 不予受理 with its ground and the rights of appeal, dated."""
    receipt = submitted(w.person, w.item)
    work = "/api/v1/inbox/" + receipt["caseId"]
    done = w.clerk.post(work + ":refuse", {"version": receipt["version"],
                                           "reason": "REFUSE_REASON_NOT_COMPETENT",
                                           "text": "该工程属省级审批权限", "competentBody": "省住房和城乡建设厅"})
    assert done.status == 200 and done.json["state"] == "STATE_REFUSED", done
    refusal = w.person.get("/api/v1/cases/" + receipt["caseId"]).json["refusal"]
    assert refusal["competentBody"] and "复议" in refusal["rights"] and refusal["refusedAt"]


def test_special_procedure_stops_or_extends_the_clock(p):
    """REQ: C-04 C-05 - an expert review stops the clock until its result; an extension adds days."""
    receipt = submitted(w.person, w.item)
    work = "/api/v1/inbox/" + receipt["caseId"]
    accepted = w.clerk.post(work + ":accept", {"version": receipt["version"]}).json
    reviewer = Staff(p, w.item["departmentId"] + "-reviewer").login()
    started = reviewer.post(work + ":startSpecial", {
        "version": accepted["version"], "kind": "SPECIAL_KIND_EXPERT_REVIEW", "plannedDays": 5,
        "reason": "超限高层建筑抗震设防专项审查"})
    assert started.status == 200 and started.json["deadlines"]["suspended"] is True, started
    ended = reviewer.post(work + ":endSpecial", {"version": started.json["version"],
                                                 "specialId": started.json["specialId"], "result": "通过"})
    assert ended.status == 200 and not ended.json["deadlines"].get("suspended"), ended
    longer = reviewer.post(work + ":startSpecial", {
        "version": ended.json["version"], "kind": "SPECIAL_KIND_EXTENSION", "plannedDays": 10,
        "reason": "案情复杂", "approver": "局长"})
    assert longer.status == 200, longer
    assert longer.json["deadlines"]["legalDueAt"] > accepted["deadlines"]["legalDueAt"]
    too_long = reviewer.post(work + ":startSpecial", {
        "version": longer.json["version"], "kind": "SPECIAL_KIND_EXTENSION", "plannedDays": 10,
        "reason": "再延", "approver": "局长"})
    assert too_long.status in (400, 409), too_long


def test_apply_in_one_request(p):
    """REQ: C-17 - draft and submission at once; the same request sent twice creates one case."""
    body = {"itemId": w.item["id"], "form": fill(w.item), "applicant": ORGANISATION,
            "paperMaterials": [m["id"] for m in w.item["materials"]]}
    key = str(uuid.uuid4())
    first = w.person.post("/api/v1/cases:apply", body, key=key)
    again = w.person.post("/api/v1/cases:apply", body, key=key)
    assert first.status == again.status == 201 and first.json == again.json, (first, again)
    unknown = w.person.post("/api/v1/cases:apply", dict(body, itemId="01JXXXXXXXXXXXXXXXXXXXXXXX"))
    assert unknown.status in (400, 404), unknown
