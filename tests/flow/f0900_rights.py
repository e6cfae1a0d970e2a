"""The rights matrix, generated from the contract, walked through the edge.

Every method that the edge serves is called by every kind of caller with an empty request.  Who may
not is told so before anything else is looked at; who may gets any other answer (most often: the
request is incomplete).  Methods that the edge does not serve are not there for anybody.
"""
import json
import os
import re

from harness import ROOT, Person, Staff

LEVELS = ["LEVEL_ANONYMOUS", "LEVEL_BASIC", "LEVEL_MEDIUM", "LEVEL_HIGH"]


def methods():
    with open(os.path.join(ROOT, "build", "gen", "rights.json")) as f:
        found = json.load(f)
    return found if isinstance(found, list) else found["methods"]


def callers(p):
    """Name, token, and what the contract knows of each."""
    found = [("anonymous", None, {"kind": "anonymous"})]
    person = Person(p, 8).register().login()
    found.append(("person", person.token, {"kind": "person", "level": person.session["level"]}))
    with open(os.path.join(ROOT, "deploy", "starter", "staff.json")) as f:
        records = json.load(f)["staff"]
    seen = set()
    for record in records:
        staff = Staff(p, record["loginName"]).login()
        permissions = tuple(sorted(staff.session["staff"].get("effectivePermissions", [])))
        if permissions in seen:
            continue
        seen.add(permissions)
        found.append((record["loginName"], staff.token, {"kind": "staff", "permissions": permissions}))
    return found


def may(method, caller):
    if method.get("public"):
        return True
    if caller["kind"] == "person":
        level = method.get("level")
        return bool(level) and LEVELS.index(caller["level"]) >= LEVELS.index(level)
    if caller["kind"] == "staff":
        needed = method.get("permission")
        return bool(needed) and (needed == "staff" or needed in caller["permissions"])
    return False


def test_every_method_by_every_caller(p):
    """REQ: U-09 U-12 - the contract's rights are what the edge grants, no more and no less."""
    wrong, tried = [], 0
    for name, token, caller in callers(p):
        for method in methods():
            if not method.get("verb") or not method.get("path"):
                continue
            if method["method"] == "identity.Logout":
                continue                  # would end the walk
            path = re.sub(r"\{\w+\}", "01JXXXXXXXXXXXXXXXXXXXXXXX", method["path"])
            raw = b"x" if method.get("transfer") == "TRANSFER_UPLOAD" else None
            body = {} if method["verb"] in ("POST", "PUT", "PATCH") and raw is None else None
            answer = p.http(method["verb"], path, body, token=token, raw=raw,
                            headers={"Content-Type": "application/pdf"} if raw else None)
            tried += 1
            code = answer.code if answer.status >= 400 else ""
            refused = answer.status == 401 and code == "sign_in" or \
                answer.status == 403 and code in ("permission_denied", "level_required")
            if may(method, caller) == refused:
                wrong.append("%s as %s: %r" % (method["method"], name, answer))
    assert not wrong, "\n".join(wrong[:20])
    assert tried > 300, tried


def test_what_the_edge_does_not_serve_is_not_there(p):
    """Internal methods and those of department systems have no address at all."""
    hidden = [m for m in methods() if not m.get("path")]
    assert len(hidden) > 10
    admin = Staff(p, "zjj-receiver").login()
    for method in hidden:
        for path in ("/api/v1/" + method["method"], "/" + method["method"].replace(".", "/")):
            assert p.http("POST", path, {}, token=admin.token).status == 404


def test_a_forged_token_is_nobody(p):
    """REQ: U-09 - one changed byte, and the token is refused."""
    person = Person(p, 8).login()
    for forged in (person.token[:-2] + "AA", person.token[1:], "x", person.token + "A" * 3000):
        answer = p.get("/api/v1/account", token=forged)
        assert answer.status in (400, 401, 431), answer
        assert answer.status != 401 or answer.headers["WWW-Authenticate"].startswith("Bearer")
