"""What the officials' console asks beside the work itself: counts, lists, colleagues, sections of a guide."""
import uuid

from f0300_case import ITEM, submitted
from harness import Person, Staff

STORY = True


class World:
    """What the tests of this file hand on to each other."""


w = World()


def test_inbox_is_counted_filtered_and_searched(p):
    """REQ: C-12 - counts per filter agree with the lists; a number or a name finds; both orders page."""
    w.person = Person(p, 15).register().login()
    w.item = p.item(ITEM, department_id="zjj")
    w.clerk = Staff(p, "zjj-receiver").login()
    before = w.clerk.get("/api/v1/inbox:count").json
    w.receipts = [submitted(w.person, w.item) for _ in range(3)]
    counts = w.clerk.get("/api/v1/inbox:count").json
    assert counts["total"] == before["total"] + 3, (before, counts)
    assert counts["unclaimed"] == before["unclaimed"] + 3 and counts["mine"] == before["mine"]
    by_state = {c["state"]: c["count"] for c in counts["byState"]}
    assert sum(by_state.values()) == counts["total"] and by_state["STATE_SUBMITTED"] >= 3, counts

    def listed(**query):
        answer = w.clerk.get("/api/v1/inbox", pageSize=100, **query)
        assert answer.status == 200, answer
        return [c["id"] for c in answer.json["cases"]]
    taken = w.clerk.post("/api/v1/inbox/%s:claim" % w.receipts[0]["caseId"], {"version": w.receipts[0]["version"]})
    assert taken.status == 200, taken
    counts = w.clerk.get("/api/v1/inbox:count").json
    assert len(listed(mine="true")) == counts["mine"] and len(listed(unclaimed="true")) == counts["unclaimed"]
    assert len(listed(overdue="true")) == counts["overdue"] and len(listed(dueSoon="true")) == counts["dueSoon"]
    assert listed(q=w.receipts[1]["number"][-9:]) == [w.receipts[1]["caseId"]]
    assert set(r["caseId"] for r in w.receipts) <= set(listed(q="施工许可证"))
    assert not listed(q="没有这样的事项")
    newest = listed(order="CASE_ORDER_NEWEST")
    ours = [r["caseId"] for r in reversed(w.receipts)]
    assert [i for i in newest if i in ours] == ours, newest
    first = w.clerk.get("/api/v1/inbox", pageSize=1, order="CASE_ORDER_NEWEST").json
    second = w.clerk.get("/api/v1/inbox", pageSize=1, order="CASE_ORDER_NEWEST", pageToken=first["nextPageToken"]).json
    assert [first["cases"][0]["id"], second["cases"][0]["id"]] == newest[:2]


def test_the_officer_is_named_to_officials_only(p):
    """The list says who has a case; the applicant's own list does not."""
    cases = {c["id"]: c for c in w.clerk.get("/api/v1/inbox", pageSize=100).json["cases"]}
    assert cases[w.receipts[0]["caseId"]]["officerName"] == w.clerk.record["name"]
    assert cases[w.receipts[1]["caseId"]]["officerName"] == ""
    mine = w.person.get("/api/v1/cases/" + w.receipts[0]["caseId"]).json
    assert mine["summary"]["officerName"] == "", mine["summary"]


def test_a_case_says_what_may_be_done_with_it(p):
    """REQ: C-12 - by the table, the guards and the caller's rights, for each who looks."""
    def actions(who, receipt, path="/api/v1/inbox/"):
        return set(a.replace("ACTION_", "") for a in who.get(path + receipt["caseId"]).json["actions"])
    reviewer, decider = Staff(p, "zjj-reviewer").login(), Staff(p, "zjj-decider").login()
    supervisor = Staff(p, "supervisor").login()
    assert actions(w.clerk, w.receipts[1]) == {"CORRECT", "ACCEPT", "REFUSE", "CLAIM"}
    assert actions(w.clerk, w.receipts[0]) == {"CORRECT", "ACCEPT", "REFUSE", "TRANSFER", "RELEASE"}
    assert actions(reviewer, w.receipts[1]) == set()
    assert actions(decider, w.receipts[0]) == {"TRANSFER", "RELEASE"}
    assert actions(supervisor, w.receipts[0]) == set()
    assert actions(w.person, w.receipts[1], "/api/v1/cases/") == {"WITHDRAW"}
    accepted = w.clerk.post("/api/v1/inbox/%s:accept" % w.receipts[1]["caseId"], {"version": w.receipts[1]["version"]})
    assert accepted.status == 200, accepted
    assert {"FINISH_STAGE", "START_SPECIAL", "CLAIM"} <= actions(reviewer, w.receipts[1])
    assert "DECIDE_GRANT" not in actions(decider, w.receipts[1])       # a stage is open
    assert "CLAIM" not in actions(w.clerk, w.receipts[1])


def test_department_lists_all_its_cases(p):
    """REQ: C-12 U-12 - closed ones too, by state, day and number; of others only with case.all."""
    gone = w.person.post("/api/v1/cases/%s:withdraw" % w.receipts[2]["caseId"], {"version": w.receipts[2]["version"]})
    assert gone.status == 200, gone

    def listed(who, **query):
        answer = who.get("/api/v1/department-cases", pageSize=100, **query)
        assert answer.status == 200, answer
        return [c["id"] for c in answer.json["cases"]]
    all_of_them = listed(w.clerk)
    assert [r["caseId"] for r in reversed(w.receipts)] == [i for i in all_of_them if i in
                                                          [r["caseId"] for r in w.receipts]]
    assert w.receipts[2]["caseId"] in listed(w.clerk, state="STATE_WITHDRAWN")
    assert w.receipts[2]["caseId"] not in listed(w.clerk, open="true")
    assert w.receipts[1]["caseId"] in listed(w.clerk, open="true")
    assert listed(w.clerk, q=w.receipts[1]["number"]) == [w.receipts[1]["caseId"]]
    assert not listed(w.clerk, until="2020-01-01") and listed(w.clerk, **{"from": "2020-01-01"}) == all_of_them
    assert listed(w.clerk, officerId=w.clerk.account_id)[:1] == [w.receipts[0]["caseId"]]
    stranger, supervisor = Staff(p, "wjw-receiver").login(), Staff(p, "supervisor").login()
    assert not set(listed(stranger)) & set(all_of_them)
    refused = stranger.get("/api/v1/department-cases", departmentId="zjj")
    assert refused.status == 403 and refused.code == "case.other_department", refused
    assert set(all_of_them) <= set(listed(supervisor)) and listed(supervisor, departmentId="zjj") == all_of_them
    nobody = Staff(p, "zjj-editor").login()
    assert nobody.get("/api/v1/department-cases").status == 403


def test_overview_counts_what_happened(p):
    """REQ: C-12 U-12 - by state, day and department, on time or late; the numbers are those of the lists."""
    before = w.clerk.get("/api/v1/overview").json
    work = "/api/v1/inbox/" + w.receipts[1]["caseId"]
    reviewer, decider = Staff(p, "zjj-reviewer").login(), Staff(p, "zjj-decider").login()
    case = reviewer.get(work).json
    version = case["summary"]["version"]
    for stage in case["stages"]:
        done = reviewer.post(work + ":finishStage", {"version": version, "stageId": stage["stageId"],
                                                     "result": "STAGE_RESULT_PASS", "opinion": "符合条件"})
        assert done.status == 200, done
        version = done.json["version"]
    done = decider.post(work + ":decide", {"version": version, "outcome": "OUTCOME_GRANT",
                                           "documentNumber": "示建许字〔2026〕2号"})
    assert done.status == 200, done
    after = w.clerk.get("/api/v1/overview").json
    assert after["days"] == 30 and len(after["byDay"]) == 30, after
    total = after["total"]
    assert total["decided"] == before["total"]["decided"] + 1 and total["late"] == 0, total
    assert total["onTimeRate"] == "100%" and float(total["meanDays"]) >= 0, total
    assert total["open"] == before["total"]["open"] and total["submitted"] >= 3
    assert sum(d["submitted"] for d in after["byDay"]) == total["submitted"]
    assert after["byDay"][-1]["decided"] >= 1
    assert [d["departmentId"] for d in after["byDepartment"]] == ["zjj"]
    states = {s["state"]: s["count"] for s in after["byState"]}
    assert states["STATE_WITHDRAWN"] >= 1 and states["STATE_GRANTED"] >= 1
    assert sum(states.values()) >= total["submitted"]
    other = w.clerk.get("/api/v1/overview", departmentId="wjw")
    assert other.status == 403, other
    whole = Staff(p, "supervisor").login().get("/api/v1/overview", days=7).json
    assert len(whole["byDay"]) == 7 and "zjj" in [d["departmentId"] for d in whole["byDepartment"]]
    assert whole["total"]["open"] >= total["open"]
    assert w.clerk.get("/api/v1/overview", days=93).status == 400


def test_colleagues_are_names_and_posts(p):
    """Who may take a case over: those of the department who hold what it waits for, without oneself."""
    w.admin = Staff(p, "admin").login()
    name = "t" + uuid.uuid4().hex[:10]
    made = w.admin.post("/api/v1/staff", {"loginName": name, "name": "古月", "departmentId": "zjj",
                                          "posts": ["POST_ACCEPT", "POST_DELIVER"], "password": "Qiao-Mai-7744"})
    assert made.status == 201, made
    w.member = made.json
    found = w.clerk.get("/api/v1/staff/colleagues", permission="case.receive").json["colleagues"]
    assert {"id": w.member["id"], "name": "古月", "posts": ["POST_ACCEPT", "POST_DELIVER"],
            "label": "古月（受理、送达）"} in found, found
    assert w.clerk.account_id not in [c["id"] for c in found]
    assert all("case.receive" not in c for c in found) and set(found[0]) == {"id", "name", "posts", "label"}
    everyone = [c["name"] for c in w.clerk.get("/api/v1/staff/colleagues").json["colleagues"]]
    assert Staff(p, "zjj-reviewer").record["name"] in everyone
    assert Staff(p, "wjw-receiver").record["name"] not in everyone
    moved = w.clerk.post("/api/v1/inbox/%s:transfer" % w.receipts[0]["caseId"],
                         {"version": w.clerk.get("/api/v1/inbox/" + w.receipts[0]["caseId"]).json["summary"]["version"],
                          "officerId": w.member["id"], "reason": "休假"})
    assert moved.status == 200, moved


def test_one_member_of_staff_for_editing(p):
    """REQ: U-12 - whoever manages accounts sees one of his; the catalogue says what may be granted."""
    one = w.admin.get("/api/v1/staff/" + w.member["id"])
    assert one.status == 200 and one.json["departmentName"] and one.json["mustChangePassword"], one
    assert w.admin.get("/api/v1/staff/" + "0" * 26).status in (400, 404)
    assert w.clerk.get("/api/v1/staff/" + w.member["id"]).status == 403
    assert w.clerk.get("/api/v1/staff/self").json["departmentName"] == w.item["departmentName"]
    found = w.admin.get("/api/v1/staff", q=w.member["loginName"]).json["staff"]
    assert [s["id"] for s in found] == [w.member["id"]]
    off = w.admin.post("/api/v1/staff/%s:disable" % w.member["id"], {"reason": "测试"})
    assert off.status == 200, off
    assert w.member["id"] in [s["id"] for s in w.admin.get("/api/v1/staff", state="STAFF_STATE_DISABLED").json["staff"]]
    catalogue = {c["name"]: c for c in w.admin.get("/api/v1/staff/permissions").json["permissions"]}
    assert catalogue["case.receive"]["posts"] == ["POST_RECEIVE", "POST_ACCEPT"]
    supervisor = w.admin.get("/api/v1/staff", q="supervisor").json["staff"][0]
    assert supervisor["permissionLabels"] == [catalogue[n]["label"] for n in supervisor["permissions"]], supervisor
    assert catalogue["case.all"]["wide"] and catalogue["case.all"]["grantable"] and catalogue["case.all"]["label"]


def test_one_department_and_one_system(p):
    """What a page needs by its id, without the list around it."""
    department = p.get("/api/v1/departments/zjj")
    assert department.status == 200 and department.json["name"] == w.item["departmentName"], department
    assert p.get("/api/v1/departments/nope").status == 404
    name = "t" + uuid.uuid4().hex[:8]
    made = w.admin.post("/api/v1/systems", {"id": name, "name": "示例系统", "departmentId": "zjj"})
    assert made.status == 201, made
    one = w.admin.get("/api/v1/systems/" + name)
    assert one.status == 200 and one.json["name"] == "示例系统", one
    assert one.json["departmentName"] == w.item["departmentName"], one
    assert w.admin.get("/api/v1/systems/nope").status == 404
    assert w.clerk.get("/api/v1/systems/" + name).status == 403


def test_one_section_of_a_guide_is_saved(p):
    """REQ: I-06 - the fields that are named are replaced, all others stay; an unknown name is refused."""
    editor = Staff(p, "zjj-editor").login()
    made = editor.post("/api/v1/staff/items", {"item": {
        "name": "示例分节编制事项", "departmentName": w.item["departmentName"], "conditions": "依法登记",
        "materials": w.item["materials"], "legalBases": w.item["legalBases"]}})
    assert made.status == 201, made
    w.draft = made.json
    path = "/api/v1/staff/items/" + w.draft["id"]
    saved = editor.http("PUT", path, {
        "revision": w.draft["revision"], "fields": ["fees", "legalDays", "consult", "legal_bases", "express"],
        "item": {"name": "x", "fees": [{"name": "登记费", "amountFen": 8000}], "legalDays": 20, "express": True,
                 "conditions": "不该被改"}})
    assert saved.status == 200, saved
    now = saved.json
    assert now["fees"][0]["amountFen"] == "8000" and now["legalDays"] == 20 and now["express"], now
    assert now["legalBases"] == [] and now["conditions"] == "依法登记" and now["name"] == "示例分节编制事项"
    assert len(now["materials"]) == len(w.item["materials"]) and now["revision"] == w.draft["revision"] + 1
    wrong = editor.http("PUT", path, {"revision": now["revision"], "fields": ["noSuch"], "item": {"name": "x"}})
    assert wrong.status == 400 and wrong.fields == ["fields[0]"], wrong
    stale = editor.http("PUT", path, {"revision": w.draft["revision"], "fields": ["fees"], "item": {"name": "x"}})
    assert stale.status == 409 and stale.code == "catalog.revision_changed", stale
    moved = editor.http("PUT", path, {"revision": now["revision"], "fields": ["departmentId"],
                                      "item": {"name": "x", "departmentId": "wjw"}})
    assert moved.status == 403, moved
    newest = editor.get(path + "/versions/0").json
    assert newest["revision"] == now["revision"] and newest["version"] == 1
    added = editor.http("PUT", path, {"revision": now["revision"], "fields": ["questions", "stages"], "item": {
        "name": "x", "stages": [{"id": "s1", "name": "受理"}, {"name": "审查"}, {"name": "决定"}]}})
    assert [s["id"] for s in added.json["stages"]] == ["s1", "s2", "s3"], added      # cases name them by it
    path += ":move"

    def moved(field, a, b):
        answer = editor.post(path, {"revision": w.draft["revision"], "field": field, "from": a, "to": b})
        w.draft = answer.json if answer.status == 200 else w.draft
        return answer
    w.draft = added.json
    assert [s["name"] for s in moved("stages", 3, 1).json["stages"]] == ["决定", "受理", "审查"]
    assert [s["name"] for s in moved("stages", 1, 3).json["stages"]] == ["受理", "审查", "决定"]
    assert [s["name"] for s in moved("stages", 2, 2).json["stages"]] == ["受理", "审查", "决定"]
    assert moved("stages", 4, 1).fields == ["from"] and moved("legalDays", 1, 1).fields == ["field"]


def test_reviewers_have_a_list(p):
    """REQ: I-07 - what waits for a review, of any department, with the reviews it has and their names."""
    editor, publisher = Staff(p, "editor").login(), Staff(p, "publisher").login()
    draft = {k: v for k, v in w.item.items() if k not in ("id", "version", "state", "revision", "publishedAt",
                                                         "popularity", "baseCode", "implCode", "itemCode")}
    draft["name"] = "示例待审事项" + uuid.uuid4().hex[:6]
    made = editor.post("/api/v1/staff/items", {"item": draft}).json
    path = "/api/v1/staff/items/" + made["id"]
    sent = editor.post(path + ":submit", {"revision": made["revision"]})
    assert sent.status == 200, sent

    def waiting(**query):
        answer = publisher.get("/api/v1/staff/item-reviews", pageSize=100, **query)
        assert answer.status == 200, answer
        return {i["item"]["id"]: i for i in answer.json["items"]}
    assert waiting()[made["id"]]["reviews"] == [] and waiting()[made["id"]]["editorName"] == editor.record["name"]
    done = publisher.post(path + ":review", {"revision": sent.json["revision"], "approved": True,
                                             "aspect": "REVIEW_ASPECT_LEGAL", "opinion": "同意"})
    assert done.status == 200, done
    review = waiting()[made["id"]]["reviews"]
    assert [(r["aspect"], r["reviewerName"]) for r in review] == [("REVIEW_ASPECT_LEGAL", publisher.record["name"])]
    assert made["id"] not in waiting(missing="REVIEW_ASPECT_LEGAL")
    assert made["id"] in waiting(missing="REVIEW_ASPECT_ESTABLISHMENT")
    versions = editor.get(path + "/versions").json["versions"]
    assert versions[0]["editorName"] == editor.record["name"]
    assert versions[0]["reviews"][0]["reviewerName"] == publisher.record["name"]
    assert editor.get("/api/v1/staff/item-reviews").status == 403
    local = Staff(p, "zjj-publisher").login()
    assert local.get("/api/v1/staff/items", state="ITEM_STATE_CHECKING", departmentId="zjj").status == 200
    assert w.clerk.get("/api/v1/staff/items").status == 403
