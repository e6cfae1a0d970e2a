"""What the law does by itself when days pass.  The processes run under libfaketime."""
import glob


from harness import ORGANISATION, Person, Staff, fill, until

OWN = True
STORY = True


class World:
    pass


w = World()


def at_day(p, days):
    """The platform again, `days` later.  False where the clock cannot be turned."""
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not library or "address" in p.out or "thread" in p.out:
        print("       (not run: needs faketime and a build without sanitizers)")
        return False
    p.stop()
    p.environment.update(LD_PRELOAD=library[0], FAKETIME="+%dd" % days, FAKETIME_DONT_FAKE_MONOTONIC="1",
                         FAKETIME_NO_CACHE="1")
    p.yw("start")
    return True


def submit(p):
    body = {"itemId": w.item["id"], "form": fill(w.item), "applicant": ORGANISATION,
            "paperMaterials": [m["id"] for m in w.item["materials"]]}
    answer = w.person.post("/api/v1/cases:apply", body)
    assert answer.status == 201, answer
    return answer.json


def test_days_pass(p):
    """Cases are handed in, one is told to be corrected, one waits; then twelve days pass."""
    w.item = p.item("建筑工程施工许可证核发", department_id="zjj")
    w.person = Person(p, 0).register().login()
    w.waiting = submit(p)
    w.corrected = submit(p)
    clerk = Staff(p, "zjj-receiver").login()
    gap = {"materialId": w.item["materials"][0]["id"], "reason": "缺页", "how": "补页"}
    done = clerk.post("/api/v1/inbox/%s:correct" % w.corrected["caseId"],
                      {"version": w.corrected["version"], "gaps": [gap], "days": 3})
    assert done.status == 200, done
    w.moved = at_day(p, 12)


def test_silence_is_acceptance(p):
    """REQ: C-04 - no word in five working days: deemed accepted from the day of receipt, with evidence:
    state, timeline, audit row, message; and only once."""
    if not w.moved:
        return
    w.person.login()
    path = "/api/v1/cases/" + w.waiting["caseId"]
    case = until(lambda: [c for c in [w.person.get(path).json] if c.get("deemedAccepted")], 10)[0]
    assert case["summary"]["state"] in ("STATE_REVIEWING", "STATE_ACCEPTED"), case["summary"]
    submitted_day = w.waiting["submittedAt"][:10]
    assert case["deadlines"]["legalDueAt"] > submitted_day
    entries = w.person.get(path + "/timeline").json["entries"]
    deemed = [e for e in entries if e["action"] == "ACTION_DEEM_ACCEPTED"]
    assert len(deemed) == 1 and "视为受理" in deemed[0]["title"], entries
    rows = p.database("case", "SELECT count(*) FROM audit WHERE method = 'case.Tick' AND caller = 'service:case'")
    assert rows[0][0] >= 1, rows
    until(lambda: [t for t in p.sms(w.person.mobile) if w.waiting["number"] in t and "即为受理" in t], 10)


def test_a_correction_not_supplied_ends_the_case(p):
    """REQ: C-06 - the applicant's days are over: deemed withdrawn, and told so."""
    if not w.moved:
        return
    case = until(lambda: [c for c in [w.person.get("/api/v1/cases/" + w.corrected["caseId"]).json]
                          if c["summary"]["state"] == "STATE_TERMINATED"], 10)[0]
    assert case["summary"]["state"] == "STATE_TERMINATED"
    late = w.person.post("/api/v1/cases/%s:supplement" % w.corrected["caseId"],
                         {"version": case["summary"]["version"]})
    assert late.status == 409, late


def test_the_limit_of_the_law_passes(p):
    """REQ: C-04 - two months later the case is overdue, and the inbox says so first."""
    if not w.moved or not at_day(p, 70):
        return
    reviewer = Staff(p, "zjj-reviewer").login()
    listed = reviewer.get("/api/v1/inbox", overdue="true").json["cases"]
    assert [c for c in listed if c["id"] == w.waiting["caseId"] and c["overdue"]], listed
