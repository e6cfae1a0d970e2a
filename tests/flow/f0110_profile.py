"""What people keep and change about themselves: favourites, mobile, messages; lists that pages need."""
import re
import time
import uuid

from harness import ORGANISATION, Person, fill, until

SETTINGS = "[identity]\ncode_pause_seconds = 1\n"


def test_favourites_are_ones_own(p):
    """Kept, listed newest first, taken away; keeping twice is keeping once; nobody sees another's."""
    person = p.person(16)
    first, second = [item["id"] for item in p.search(pageSize=2)]
    assert person.get("/api/v1/favourites/" + first).json == {"itemId": first, "kept": False}
    for item in (first, second, first):
        answer = person.http("PUT", "/api/v1/favourites/" + item, {})
        assert answer.status == 200 and answer.json["kept"] is True, answer
    assert sorted(person.get("/api/v1/favourites").json["itemIds"]) == sorted([first, second])
    assert person.get("/api/v1/favourites/" + first).json["kept"] is True
    assert p.person(17).get("/api/v1/favourites").json["itemIds"] == []
    assert person.http("DELETE", "/api/v1/favourites/" + first).json["kept"] is False
    assert person.http("DELETE", "/api/v1/favourites/" + first).status == 200
    assert person.get("/api/v1/favourites").json["itemIds"] == [second]
    assert p.get("/api/v1/favourites").status == 401
    assert person.http("PUT", "/api/v1/favourites/nothing", {}).status == 400


def test_favourites_have_a_ceiling(p):
    """200 at most: the next is refused and says why."""
    person = p.person(22)
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for i in range(200):
        item = "01K0000000000000000000" + "".join(alphabet[i >> s & 31] for s in (15, 10, 5, 0))
        answer = person.http("PUT", "/api/v1/favourites/" + item, {})
        assert answer.status == 200, answer
    item = "01K00000000000000000009999"
    answer = person.http("PUT", "/api/v1/favourites/" + item, {})
    assert answer.status == 429 and answer.code == "identity.favourites_full", answer
    assert len(person.get("/api/v1/favourites").json["itemIds"]) == 200


def test_items_by_their_ids(p):
    """In the order of the ids; what nobody knows is left out."""
    ids = [item["id"] for item in p.search(pageSize=3)]
    query = "&".join("ids=" + i for i in [ids[2], "01K00000000000000000000000", ids[0]])
    answer = p.get("/api/v1/item-summaries?" + query)
    assert [item["id"] for item in answer.json["items"]] == [ids[2], ids[0]], answer
    assert answer.json["items"][0]["name"] and answer.json["items"][0]["departmentName"]
    assert p.get("/api/v1/item-summaries").status == 400


def code_after(p, mobile, send):
    """The code of the next text to a mobile; a second must have gone since the last one."""
    time.sleep(1.1)
    before = len(p.sms(mobile))
    answer = send()
    assert answer.status == 200, answer
    return re.search(r"\d{6}", until(lambda: p.sms(mobile)[before:])[-1]).group()


def own_code(p, person, mobile):
    return code_after(p, mobile, lambda: person.post("/api/v1/account/codes", {"purpose": "PURPOSE_CHANGE_MOBILE"}))


def test_another_mobile(p):
    """REQ: U-10 - password, a code from the old and from the new number; both hear of it; the new one
    signs in."""
    person = p.person(23)
    old, new = person.mobile, "13700000023"
    assert p.post("/api/v1/account/codes", {"purpose": "PURPOSE_CHANGE_MOBILE"}).status == 401
    body = {"mobile": new, "password": person.password, "oldCode": own_code(p, person, old),
            "code": code_after(p, new, lambda: p.post("/api/v1/codes", {"mobile": new, "purpose": "PURPOSE_CHANGE_MOBILE"}))}
    other = lambda code: "000000" if code != "000000" else "111111"
    for field, value in (("password", "wrong-password"), ("oldCode", other(body["oldCode"])), ("code", other(body["code"]))):
        wrong = person.http("PUT", "/api/v1/account/mobile", dict(body, **{field: value}))
        assert wrong.status == 400 and wrong.fields == [field], (field, wrong)
    key = str(uuid.uuid4())
    for _ in range(2):
        answer = person.http("PUT", "/api/v1/account/mobile", body, key=key)
        assert answer.status == 200, answer
    assert person.get("/api/v1/account").json["mobileMasked"] == "137****0023"
    assert p.post("/api/v1/sessions", {"identifier": new, "password": person.password}).status == 200
    assert p.post("/api/v1/sessions", {"identifier": old, "password": person.password}).status == 401
    for mobile in (old, new):
        until(lambda: any("手机号码已更换" in text for text in p.sms(mobile)))
    assert any(m["title"] == "手机号码已更换" for m in person.get("/api/v1/messages").json["messages"])


def test_a_mobile_is_one_persons(p):
    """One that another account has is refused, after the code has proven it, not before."""
    person = p.person(24)
    taken = "13700000023"
    body = {"mobile": taken, "code": "123456", "password": person.password, "oldCode": own_code(p, person, person.mobile)}
    answer = person.http("PUT", "/api/v1/account/mobile", body)
    assert answer.status == 400 and answer.fields == ["code"], answer
    body["code"] = code_after(p, taken, lambda: p.post("/api/v1/codes", {"mobile": taken, "purpose": "PURPOSE_CHANGE_MOBILE"}))
    answer = person.http("PUT", "/api/v1/account/mobile", body)
    assert answer.status == 409 and answer.code == "identity.mobile_taken", answer
    own = person.http("PUT", "/api/v1/account/mobile", dict(body, mobile=person.mobile))
    assert own.status == 400 and own.fields == ["mobile"], own


def test_all_messages_read(p):
    """One call marks what has come as read."""
    person = Person(p, 23).login()
    assert person.get("/api/v1/messages").json["unreadCount"] > 0
    assert person.post("/api/v1/messages:readAll").status == 200
    assert person.get("/api/v1/messages").json["unreadCount"] == 0
    assert person.get("/api/v1/messages", unread="true").json["messages"] == []


def test_counts_agree_with_what_is_found(p):
    """Each value that CountItems names finds as many items as it says."""
    names = {"audiences": "audience", "personThemes": "theme", "bodyThemes": "theme", "aims": "aim",
             "departments": "departmentId", "types": "type", "onlineDepths": "onlineDepth"}
    for asked in ({}, {"q": "许可"}, {"audience": "AUDIENCE_PERSON"}, {"q": "登记", "aim": "AIM_FIRST"}):
        counts = p.get("/api/v1/items:count", **asked).json
        assert counts["total"] == p.get("/api/v1/items", **asked).json["total"] > 0, (asked, counts)
        for facet, parameter in names.items():
            if parameter in asked:
                continue
            assert counts[facet], (asked, facet)
            for count in counts[facet][:4]:
                kind = {"personThemes": {"themeKind": "THEME_KIND_PERSON"},
                        "bodyThemes": {"themeKind": "THEME_KIND_BODY"}}.get(facet, {})
                found = p.get("/api/v1/items", **dict(asked, **kind, **{parameter: count["value"]})).json
                assert found["total"] == count["items"], (asked, facet, count, found["total"])
        assert sum(c["items"] for c in counts["aims"]) == counts["total"]
    assert all("label" in c and c["label"] for c in counts["types"])


def test_aims_are_told_from_names(p):
    """A renewal, a replacement, an end are found as such."""
    for aim, word in (("AIM_RENEW", "换证"), ("AIM_REPLACE", "补领"), ("AIM_END", "注销"),
                      ("AIM_RECEIVE", "提取"), ("AIM_RECORD", "备案"), ("AIM_CHANGE", "迁移")):
        names = [item["name"] for item in p.search(aim=aim)]
        assert names and any(word in name for name in names), (aim, names)


def test_cases_by_group(p):
    """Draft, open, to be corrected, done: lists and counts agree; by item, by words."""
    person, clerk = p.person(25), p.staff("zjj-receiver")
    item = p.item("建筑工程施工许可证核发")
    draft = person.post("/api/v1/cases", {"itemId": item["id"]}).json["id"]
    papers = [m["id"] for m in item["materials"] if m["format"] != "MATERIAL_FORMAT_ELECTRONIC"]
    application = {"itemId": item["id"], "form": fill(item), "paperMaterials": papers,
                   "applicant": ORGANISATION}
    receipts = [person.post("/api/v1/cases:apply", application) for _ in range(3)]
    assert all(r.status == 201 for r in receipts), receipts
    opened, corrected, withdrawn = [r.json for r in receipts]
    done = clerk.post("/api/v1/inbox/%s:correct" % corrected["caseId"], {
        "version": corrected["version"],
        "gaps": [{"materialId": papers[0], "reason": "不清晰", "how": "重新提交"}]})
    assert done.status == 200, done
    assert person.post("/api/v1/cases/%s:withdraw" % withdrawn["caseId"],
                       {"version": withdrawn["version"]}).status == 200
    expected = {"DRAFT": draft, "OPEN": opened["caseId"], "CORRECTION": corrected["caseId"],
                "DONE": withdrawn["caseId"]}
    for group, case in expected.items():
        answer = person.get("/api/v1/cases", group="CASE_GROUP_" + group)
        assert [c["id"] for c in answer.json["cases"]] == [case], (group, answer)
    assert person.get("/api/v1/case-counts").json == {"drafts": 1, "open": 1, "corrections": 1, "done": 1}
    assert len(person.get("/api/v1/cases", itemId=item["id"]).json["cases"]) == 4
    assert person.get("/api/v1/cases", itemId="01K00000000000000000000000").json["cases"] == []
    assert len(person.get("/api/v1/cases", q="施工").json["cases"]) == 4
    assert [c["id"] for c in person.get("/api/v1/cases", q=opened["number"]).json["cases"]] == [opened["caseId"]]
    assert p.person(26).get("/api/v1/case-counts").json == {"drafts": 0, "open": 0, "corrections": 0, "done": 0}


def test_a_step_of_a_draft_may_be_asked_to_be_whole(p):
    """With `complete` what the group requires must be there; without, anything may be missing."""
    person = p.person(27)
    item = p.item("建筑工程施工许可证核发")
    group = item["formFields"][0]["group"]
    fields = [f for f in item["formFields"] if f["group"] == group]
    needed = ["form." + f["id"] for f in fields if f["required"]]
    made = person.post("/api/v1/cases", {"itemId": item["id"]}).json
    path = "/api/v1/cases/" + made["id"]
    save = lambda **body: person.http("PATCH", path, dict(body, version=person.get(path).json["summary"]["version"]))
    given = {f["name"] for f in person.get(path).json["form"] if f["value"]}
    answer = save(complete=True, group=group, form=[])
    assert answer.status == 400, answer
    assert sorted(answer.fields) == sorted(n for n in needed if n[5:] not in given), answer
    assert save(complete=False, group=group, form=[]).status == 200
    values = [v for v in fill(item) if v["name"] in [f["id"] for f in fields]]
    assert save(complete=True, group=group, form=values).status == 200
    answer = save(complete=True, applicant={"kind": "APPLICANT_KIND_ORGANISATION", "name": "示例建设有限公司"})
    assert answer.status == 400 and answer.fields == ["applicant.idNumber"], answer
    assert save(complete=True, applicant=ORGANISATION).status == 200
