"""A service killed at each step of a write, while its client asks again under the same key.

The fault points are those of libcommon/base/fault.h; the third pass of a point is another batch
(an event ticked off, a tick) than the first.
"""
import os
import threading
import time
import uuid

from harness import Person, Platform, until
from stream import Books, Fault, application, insist, number, settle, whole

POINTS = ["store.before_run", "store.before_commit", "store.after_commit"]


class World:
    """What the tests of this file hand on to each other."""


w = World()


def strike(fault, more):
    """Waits until the fault has struck, else nothing was tried.  How many passes of a point a request
    brings depends on what was committed together, so `more` makes some when too few came."""
    for _ in range(8):
        try:
            return until(fault.struck, 1)
        except AssertionError:
            more()
    return until(fault.struck)


def make(out):
    return Platform(out, "[identity]\ncodes_per_address = 1000\n"
                    "[yw]\npause_max_ms = 100\n[broker]\nheartbeat_ms = 500\n", Fault.ENVIRONMENT)


def test_one_case_wherever_it_dies(p):
    """REQ: C-17 - killed before or after its commit: the receipt comes, the case is there once."""
    w.person = Person(p, 20).register().login()
    w.item, w.body = application(p, w.person)
    books, receipts, died_in_ours = Books(p), [], {}
    for point in POINTS:
        for nth in (1, 1, 2, 3):
            fault = Fault(p, "case/%s:%d" % (point, nth))
            key, begin = str(uuid.uuid4()), time.time()
            receipt = insist(p, "/api/v1/cases:apply", w.body, w.person.token, key)
            took = time.time() - begin
            assert receipt.status == 201, receipt
            def again():
                answer = insist(p, "/api/v1/cases:apply", w.body, w.person.token, key)
                assert answer.json == receipt.json, (point, nth)
            again()
            strike(fault, again)
            receipts.append(receipt.json)
            if nth == 1 and took > 0.09:              # who waits has seen the service die
                died_in_ours[point] = True
    books.check(receipts)
    assert list(died_in_ours) == POINTS, died_in_ours


def test_a_request_that_kills_is_given_up(p):
    """A request under which its service dies each time is repeated twice, not for ever: the next one
    may be somebody else's.  The key stays good."""
    deaths, over = [], threading.Event()

    def kill():
        while not over.is_set():
            fault = Fault(p, "case/store.before_run")
            while not fault.struck() and not over.is_set():
                time.sleep(0.002)
            if fault.struck():
                deaths.append(time.time())
            else:
                os.unlink(fault.path)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        key = str(uuid.uuid4())
        answer = p.post("/api/v1/cases:apply", w.body, token=w.person.token, key=key)
        count = len(deaths)
    finally:
        over.set()
        killer.join()
    assert answer.status == 503 and answer.code == "worker_lost", answer
    assert "Retry-After" in answer.headers, answer.headers
    assert 3 <= count <= 4, count                 # the first time and two repeats
    assert insist(p, "/api/v1/cases:apply", w.body, w.person.token, key).status == 201


def test_the_same_key_with_another_body_is_refused_after_a_death(p):
    """REQ: C-17 - what was stored under a key before the process died is known to the next one."""
    key = str(uuid.uuid4())
    fault = Fault(p, "case/store.after_commit")
    first = insist(p, "/api/v1/cases:apply", w.body, w.person.token, key)
    assert first.status == 201 and fault.struck(), first
    other = insist(p, "/api/v1/cases:apply", dict(w.body, paperMaterials=[]), w.person.token, key)
    assert other.status == 409, other


def test_one_account_wherever_it_dies(p):
    """REQ: U-02 C-17 - registration: one account, and the code that was sent stays good until then."""
    agreement = p.get("/api/v1/agreement").json["version"]
    accounts = number(p, "identity", "SELECT count(*) FROM accounts")
    for index, point in enumerate(POINTS):
        for nth in (1, 2):
            person = Person(p, 2 * index + nth)
            body = {"name": person.name, "idNumber": person.id_number, "mobile": person.mobile,
                    "code": person.code("PURPOSE_REGISTER"), "password": person.password,
                    "agreementVersion": agreement}
            fault, key = Fault(p, "identity/%s:%d" % (point, nth)), str(uuid.uuid4())
            answer = insist(p, "/api/v1/accounts", body, key=key)
            assert answer.status == 201, (point, nth, answer)
            again = insist(p, "/api/v1/accounts", body, key=key)       # the second pass, if the first did not
            assert again.json == answer.json, (point, nth)
            until(fault.struck)
            accounts += 1
            assert number(p, "identity", "SELECT count(*) FROM accounts") == accounts
            until(lambda: p.get("/api/v1/agreement").status == 200)
            person.login()
    whole(p)


def test_one_message_wherever_an_event_breaks(p):
    """REQ: C-09 - sent, received, ticked off: whoever dies in between, the applicant is told once."""
    books, receipts = Books(p), []
    faults = ["case/pump.before_send", "case/pump.before_mark", "case/pump.before_mark:2",
              "case/store.before_commit:2", "case/store.after_commit:2"]
    faults += ["identity/%s:%d" % (point, nth) for point in POINTS for nth in (1, 2)]
    faults += ["catalog/%s" % point for point in POINTS]
    for spec in faults:
        fault = Fault(p, spec)
        receipt = insist(p, "/api/v1/cases:apply", w.body, w.person.token)
        assert receipt.status == 201, (spec, receipt)
        receipts.append(receipt.json)
        strike(fault, lambda: receipts.append(
            insist(p, "/api/v1/cases:apply", w.body, w.person.token).json))
    books.check(receipts)


def test_a_file_is_whole_wherever_it_dies(p):
    """An upload in parts: answered means that all its bytes are there."""
    item = next(i for i in map(lambda h: p.get("/api/v1/items/" + h["id"]).json, p.search(page_size=50))
                if i["materials"])
    content = b"%PDF-1.4\n" + bytes(range(256)) * 8000
    draft = w.person.post("/api/v1/cases", {"itemId": item["id"]})
    assert draft.status == 201, draft
    case_id, material = draft.json["id"], item["materials"][0]["id"]
    for n, point in enumerate(POINTS):
        fault = Fault(p, "case/%s:2" % point)
        answer = until(lambda: accepted(w.person.upload(case_id, material, "%d.pdf" % n, content)))
        until(fault.struck)
        back = until(lambda: accepted(w.person.http("GET", "/api/v1/cases/%s/files/%s"
                                                    % (case_id, answer.json["id"]))))
        assert back.body == content
    assert number(p, "case", "SELECT count(*) FROM files WHERE case_id = ?", case_id) == 3
    settle(p)
    whole(p)


def accepted(answer):
    assert answer.status in (200, 503), answer
    return answer if answer.status == 200 else None
