"""People register, sign in, stay themselves, and are not anybody else."""
import re
import time
import uuid

from harness import Person, Staff, population, until


def test_registration_checks_each_field(p):
    """REQ: U-02 - division, date and check digit of the ID number, the mobile, the code: each fault
    names its field and says what to do, all at once."""
    answer = p.post("/api/v1/accounts", {"name": "张", "idNumber": "110105194912310020",
                                         "mobile": "12345", "code": "12", "password": "short"})
    assert answer.status == 400, answer
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    by_field = {v["field"]: v for v in answer.json["violations"]}
    assert set(by_field) >= {"name", "idNumber", "mobile", "code", "password", "agreementVersion"}, by_field
    assert by_field["idNumber"]["code"] == "check_digit"
    assert "校验" in by_field["idNumber"]["message"]
    for number, code in (("110105194902310022", "date"), ("990105194912310026", "division"),
                         ("1101051949123100", "length")):
        answer = p.post("/api/v1/accounts", {"idNumber": number})
        found = [v["code"] for v in answer.json["violations"] if v["field"] == "idNumber"]
        assert found and (found[0] == code or code in ("date", "division") and found[0] == "check_digit"), (number, found)


def test_registration_compares_with_the_population_library(p):
    """REQ: U-02 - a right number under another's name is refused."""
    person = Person(p, 0)
    agreement = p.get("/api/v1/agreement").json["version"]
    answer = p.post("/api/v1/accounts", {
        "name": "王假冒", "idNumber": person.id_number, "mobile": person.mobile,
        "code": person.code("PURPOSE_REGISTER"), "password": person.password,
        "agreementVersion": agreement})
    assert answer.status in (400, 409) and answer.status != 201, answer
    assert answer.code, answer


def test_registration_needs_the_agreement_in_force(p):
    """REQ: U-03 - without the version in force no account; with it, version and time are kept."""
    person = Person(p, 1)
    code = person.code("PURPOSE_REGISTER")
    body = {"name": person.name, "idNumber": person.id_number, "mobile": person.mobile,
            "code": code, "password": person.password, "agreementVersion": "1900-01"}
    refused = p.post("/api/v1/accounts", body)
    assert refused.status in (400, 409) and "agreementVersion" in refused.fields, refused
    assert p.post("/api/v1/sessions", {"identifier": person.id_number,
                                       "password": person.password}).status == 401
    version = p.get("/api/v1/agreement").json["version"]
    body["agreementVersion"] = version
    done = p.post("/api/v1/accounts", body)
    assert done.status == 201, done
    assert done.json["agreementVersion"] == version and done.json["agreementAt"]
    assert done.json["level"] == "LEVEL_BASIC"


def test_one_account_for_one_person(p):
    """The same ID number cannot register twice; the same request sent twice is one account."""
    person = Person(p, 2)
    body = {"name": person.name, "idNumber": person.id_number, "mobile": person.mobile,
            "code": person.code("PURPOSE_REGISTER"), "password": person.password,
            "agreementVersion": p.get("/api/v1/agreement").json["version"]}
    key = str(uuid.uuid4())
    first = p.post("/api/v1/accounts", body, key=key)
    again = p.post("/api/v1/accounts", body, key=key)
    assert first.status == again.status == 201 and first.json == again.json, (first, again)
    other = p.post("/api/v1/accounts", dict(body, name=person.name + "甲"), key=key)
    assert other.status == 409 and other.code == "idempotency_key_reused", other
    assert p.post("/api/v1/accounts", body, key=str(uuid.uuid4())).status in (400, 409)


def test_login_by_number_or_mobile_with_password_or_code(p):
    """REQ: U-08 U-09 - ID number or bound mobile, password or SMS code; the level is told."""
    person = Person(p, 3).register()
    for identifier in (person.id_number, person.mobile):
        answer = p.post("/api/v1/sessions", {"identifier": identifier, "password": person.password})
        assert answer.status == 200 and answer.json["level"] == "LEVEL_BASIC", answer
    time.sleep(0.1)
    other = Person(p, 4).register()
    before = len(p.sms(other.mobile))
    sent = p.post("/api/v1/codes", {"mobile": other.mobile, "purpose": "PURPOSE_LOGIN"})
    if sent.status == 429:       # one code a minute: the register code was just sent
        assert int(sent.headers["Retry-After"]) > 0
    else:
        text = until(lambda: p.sms(other.mobile)[before:])[-1]
        code = re.search(r"\d{6}", text).group()
        answer = p.post("/api/v1/sessions", {"identifier": other.mobile, "code": code})
        assert answer.status == 200, answer
        assert p.post("/api/v1/sessions", {"identifier": other.mobile, "code": code}).status == 401


def test_nothing_tells_whether_an_account_exists(p):
    """Wrong password, unknown number: one answer."""
    person = Person(p, 3)
    wrong = p.post("/api/v1/sessions", {"identifier": person.mobile, "password": "wrong-password"})
    nobody = p.post("/api/v1/sessions", {"identifier": "13911112222", "password": "wrong-password"})
    assert wrong.status == nobody.status == 401
    assert wrong.code == nobody.code and wrong.json["detail"] == nobody.json["detail"]


def test_guessing_is_stopped(p):
    """Five wrong passwords lock the account for a while, also for the right one, and say how long."""
    person = Person(p, 5).register()
    for _ in range(5):
        p.post("/api/v1/sessions", {"identifier": person.mobile, "password": "wrong-password"})
    answer = p.post("/api/v1/sessions", {"identifier": person.mobile, "password": person.password})
    assert answer.status == 429 and answer.code == "identity.locked", answer
    assert int(answer.headers["Retry-After"]) > 60


def test_session_refresh_logout_and_theft(p):
    """A refresh token serves once (a lost answer may be asked for again); an older one is a thief's
    and ends the session; logout ends it everywhere."""
    person = Person(p, 6).register().login()
    first = person.session["refreshToken"]
    second = p.post("/api/v1/sessions:refresh", {"refreshToken": first})
    assert second.status == 200 and second.json["refreshToken"] != first, second
    again = p.post("/api/v1/sessions:refresh", {"refreshToken": first})
    assert again.status == 200 and again.json["refreshToken"] == second.json["refreshToken"], again
    third = p.post("/api/v1/sessions:refresh", {"refreshToken": second.json["refreshToken"]})
    assert third.status == 200, third
    stolen = p.post("/api/v1/sessions:refresh", {"refreshToken": first})
    assert stolen.status == 401 and stolen.code == "identity.token_reused", stolen
    assert p.post("/api/v1/sessions:refresh",
                  {"refreshToken": third.json["refreshToken"]}).status == 401

    person.login()
    assert person.get("/api/v1/account").status == 200
    assert person.http("DELETE", "/api/v1/sessions/current").status == 200
    until(lambda: person.get("/api/v1/account").status == 401, 5)


def test_own_account_is_masked(p):
    """The account shows itself with masked numbers."""
    person = Person(p, 3).login()
    answer = person.get("/api/v1/account")
    assert answer.status == 200 and person.id_number not in answer.body.decode()
    assert answer.json["idNumberMasked"].startswith(person.id_number[:3])


def test_staff_have_department_and_permissions(p):
    """REQ: U-12 - a clerk signs in with posts and what they permit; people are not staff."""
    clerk = Staff(p, "zjj-receiver").login()
    assert clerk.session["staff"]["departmentId"] == "zjj"
    assert "case.receive" in clerk.session["staff"]["effectivePermissions"]
    person = Person(p, 3).login()
    assert person.get("/api/v1/inbox").status == 403
    assert p.get("/api/v1/inbox").status == 401


def test_stolen_databases_reveal_nobody(p):
    """REQ: U-14 - no ID number, mobile, name or password of a person stands in a database file."""
    import glob
    person = Person(p, 3)
    secrets = [s.encode() for s in (person.id_number, person.mobile, person.password, person.name)]
    for path in glob.glob(p.folder + "/data/identity.db*") + glob.glob(p.folder + "/data/case.db*"):
        content = open(path, "rb").read()
        for secret in secrets:
            assert secret not in content, (path, secret.decode())


def test_logs_hold_no_personal_data(p):
    """REQ: O-03 - structured lines, no ID number, mobile, name, code or password."""
    import json
    log = p.log()
    for record in population()[:7]:
        assert record["idNumber"] not in log and record["name"] not in log
    assert "correct-horse" not in log and not re.search(r"1390000000\d", log)
    for line in log.splitlines():
        if line.startswith("made "):
            continue
        json.loads(line)
