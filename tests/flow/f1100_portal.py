"""The whole main job by the portal's own pages, without JavaScript: find, register, apply, correct, look after."""
import re
import time

from harness import PDF, Browser, Person, fill, until

SETTINGS = "[identity]\ncode_pause_seconds = 1\n"
STORY = True
ITEM = "公共租赁住房承租资格确认"    # for persons, of 住建局


class Job:
    """What one test leaves for the next."""


job = Job()


def main(page):
    """The text of a page between its header and its footer, without blanks."""
    return re.sub(r"<[^>]+>|\s", "", page.text.split("<main")[1].split("</main>")[0])


def typed(item, group):
    """What somebody types into the controls of a group of an item's form."""
    values = {v["name"]: v["value"] for v in fill(item)}
    fields = {}
    for field in item["formFields"]:
        name, value = "form." + field["id"], values[field["id"]]
        if field["group"] != group:
            continue
        if field["type"] == "FIELD_TYPE_ADDRESS":
            fields[name + "~detail"] = value
        elif field["type"] == "FIELD_TYPE_PARTY":
            fields[name + "~name"], fields[name + "~number"] = value.split("|")
        else:
            fields[name] = value
    return fields


def code_for(p, mobile, send):
    before = len(p.sms(mobile))
    send()
    return re.search(r"\d{6}", until(lambda: p.sms(mobile)[before:])[-1]).group()


def step_of(page):
    return page.headers.get("Location", "").rpartition("/")[2]


# --- finding ---------------------------------------------------------------------------------------------

def test_everybody_finds_the_guide(p):
    """REQ: I-04 I-08 I-09 I-10 - home, search with hits marked, filters with addresses, guided questions, the guide with every element."""
    b = Browser(p)
    home = b.get("/")
    assert home.status == 200 and "您要办什么事" in home.text and "出生成长" in home.text
    found = b.get("/search?q=公租房")
    assert ITEM in re.sub("<[^>]+>", "", found.text) and "<mark>" in found.text
    job.item = p.item(ITEM)
    assert "/items/" + job.item["id"] in found.links
    narrowed = [link for link in b.get("/search?q=登记").links if "audience=AUDIENCE_PERSON" in link]
    assert narrowed, found.links
    assert "取消这个条件" in b.get(narrowed[0]).text
    assert "没有找到相关事项" in b.get("/search?q=qqqqqqqq").text
    step = b.get("/guide-me")
    for word in ("您为谁办事", "要办的事与什么有关", "符合条件的事项"):
        assert word in step.text, (word, step.text)
        step = b.get([link for link in step.links if link.startswith("/guide-me?")][-1])
    guide = b.get("/items/" + job.item["id"])
    for part in ("受理条件", "申请材料", "办理流程和时限", "收费", "办理地点", "设定依据", "咨询和监督", "示例数据", "<svg"):
        assert part in guide.text, part
    text = b.get("/items/%s/guide" % job.item["id"])
    assert text.headers["Content-Type"].startswith("text/plain") and "attachment" in text.headers["Content-Disposition"]
    assert job.item["materials"][1]["name"] in text.text and "&" not in text.text


# --- who --------------------------------------------------------------------------------------------------

def test_register_with_a_code_and_lose_nothing(p):
    """REQ: U-02 U-03 U-08 - the button for the code keeps what was typed; without consent no account."""
    b, person = Browser(p), Person(p, 18)
    job.browser, job.person = b, person
    assert b.get("/my/cases").status == 303 and b.page.headers["Location"].startswith("/login?next=")
    b.get("/register?next=/items/%s/apply" % job.item["id"])
    typed_ = {"name": person.name, "idNumber": person.id_number, "mobile": person.mobile}
    before = len(p.sms(person.mobile))
    b.submit("register", typed_, button=("_post", "code"))
    page = b.page if b.page.status == 200 else b.follow()
    for name, value in typed_.items():
        assert page.value("register", name) == value, (name, page.value("register", name))
    assert "验证码已发到您的手机" in page.text
    code = re.search(r"\d{6}", until(lambda: p.sms(person.mobile)[before:])[-1]).group()
    refused = b.submit("register", {"code": code, "password": person.password})
    assert refused.status == 400 and "register-agreementVersion" in refused.text, refused.text
    assert refused.value("register", "name") == person.name and person.password not in refused.text
    b.submit("register", {"code": code, "password": person.password,
                          "agreementVersion": p.get("/api/v1/agreement").json["version"]})
    assert "注册成功" in b.follow().text
    b.submit("login", {"identifier": "１３９" + person.mobile[3:], "password": person.password})
    assert b.page.status == 303 and b.page.headers["Location"].endswith("/apply"), b.page.headers
    assert "开始填写" in b.follow().text


def test_sign_in_by_a_code(p):
    """The other tab: the code goes to the mobile that was typed."""
    b, person = Browser(p), Person(p, 19).register()
    time.sleep(1.1)
    b.get("/login/code")
    code = code_for(p, person.mobile, lambda: b.submit("login", {"identifier": person.mobile}, button=("_post", "code")))
    page = b.page if b.page.status == 200 else b.follow()
    assert page.value("login", "identifier") == person.mobile and "验证码已发出" in page.text
    assert b.submit("login", {"code": code}).status == 303 and "您好" in b.follow().text


# --- applying ------------------------------------------------------------------------------------------------

def test_apply_step_by_step(p):
    """REQ: C-01 - one thing a page, saved as one goes; an incomplete step says what it lacks; coming back goes on
    where something is missing; all is shown before it is handed in."""
    b, item = job.browser, job.item
    assert b.submit("start").status == 303
    page = b.follow()
    job.case = b.path.split("/")[2]
    assert job.person.name in page.text and job.person.id_number not in page.text
    b.submit("applicant", button=("_next", page.text.split('name="_next" value="')[1].split('"')[0]))
    groups = []
    for field in item["formFields"]:
        groups += [field["group"]] if field["group"] not in groups else []
    for number, group in enumerate(groups):
        assert step_of(b.page) == "form-%d" % (number + 1), b.page.headers
        page = b.follow()
        assert group in page.text
        following = page.text.split('name="_next" value="')[1].split('"')[0]
        needed = [f for f in item["formFields"] if f["group"] == group and f["required"] and not f.get("prefill")]
        if needed:
            empty = {n: "" for n, _ in page.form("fields")["inputs"] if n.startswith("form.")}
            refused = b.submit("fields", empty, button=("_next", following))
            assert refused.status == 400 and needed[0]["label"] in refused.text and "class=\"errors\"" in refused.text
            left = b.submit("fields", empty, page=page, button=("_post", "laterFields"))
            assert left.status == 303 and "done=saved" in left.headers["Location"]
            tasks = b.follow()
            assert "未完成" in tasks.text and "/apply/%s/form-%d" % (job.case, number + 1) in tasks.links
            page = b.get("/apply/%s/form-%d" % (job.case, number + 1))
        b.submit("fields", typed(item, group), page=page, button=("_next", following))
    upload(b, item)


def upload(b, item):
    """Files for every second material, paper for the others, nothing for those that may be left out."""
    for number, material in enumerate(item["materials"]):
        page = b.get("/apply/%s/material-%s" % (job.case, material["id"]))
        assert material["name"] in page.text
        if material["need"] != "MATERIAL_NEED_ALWAYS":
            continue
        assert "以后再传" in page.text
        wrong = b.submit("upload", files=[("data", "程序.exe", "application/pdf", b"MZ")])
        assert wrong.status == 400 and "upload-data" in wrong.text, wrong.text
        if number % 2:
            done = b.submit("upload", page=page, files=[("data", "一.pdf", "application/pdf", PDF),
                                                        ("data", "二.pdf", "application/pdf", PDF)])
            assert done.status == 303, done.text
            page = b.follow()
            assert "一.pdf" in page.text and "二.pdf" in page.text
            file = b.get([link for link in page.links if "/files/" in link][0])
            assert file.status == 200 and file.headers["Content-Type"] == "application/pdf"
            b.path = "/apply/%s/material-%s" % (job.case, material["id"])
            assert b.submit("remove", page=page).status == 303
            assert b.follow().text.count("/files/") == 1
        else:
            assert b.submit("paper", page=page).status == 303
            assert "改为上传文件" in b.follow().text


def test_check_and_submit(p):
    """REQ: C-01 C-17 - answers with links to change them; the receipt has number and query code, once."""
    b = job.browser
    page = b.get("/apply/%s/check" % job.case)
    assert "示例内容" in page.text and "/apply/%s/form-1" % job.case in page.links
    assert b.submit("submit").status == 303
    receipt = b.follow()
    job.number = re.sub(r"\s", "", re.search(r'panel__code">([^<]+)', receipt.text).group(1))
    job.code = re.sub(r"\s", "", re.search(r'bigcode">([^<]+)', receipt.text).group(1))
    assert len(job.code) == 8 and "接下来" in receipt.text
    assert job.code in main(b.get("/apply/%s/receipt" % job.case))      # a reload still shows it, for some minutes
    elsewhere = Browser(p).login(job.person).get("/apply/%s/receipt" % job.case)
    assert job.number in main(elsewhere) and job.code not in main(elsewhere)
    gone = b.get("/apply/%s/check" % job.case)
    assert gone.status == 303 and gone.headers["Location"] == "/my/cases/" + job.case


def test_progress_for_who_has_the_code(p):
    """REQ: C-08 - by number and code, as people write them; a wrong code says nothing."""
    b = Browser(p)
    b.get("/")
    b.submit("query", {"number": job.number, "queryCode": "AAAAAAAA"})
    assert b.page.status == 404 and "办件编号或查询码不正确" in b.page.text
    b.get("/query")
    wide = "".join(chr(ord(c) + 0xfee0) for c in job.number[:9])
    groups = " ".join(job.number[i:i + 4] for i in range(9, len(job.number), 4))
    b.submit("query", {"number": wide + " " + groups, "queryCode": job.code[:4].lower() + " " + job.code[4:]})
    page = b.page if b.page.status == 200 else b.follow()
    assert ITEM in page.text and "已提交" in page.text, page.text
    assert job.person.name not in page.text and job.code not in main(page)


# --- looking after -----------------------------------------------------------------------------------------------

def test_correction(p):
    """REQ: C-06 - the notice is listed; materials and fields that it names can be changed; then it waits again."""
    b, clerk = job.browser, p.staff("zjj-receiver")
    version = clerk.get("/api/v1/inbox/" + job.case).json["summary"]["version"]
    field = [f for f in job.item["formFields"] if f["type"] == "FIELD_TYPE_TEXT" and not f.get("kind", "") > "KIND_UNSPECIFIED"][0]
    material = [m for m in job.item["materials"] if m["need"] == "MATERIAL_NEED_ALWAYS"][0]
    done = clerk.post("/api/v1/inbox/%s:correct" % job.case, {"version": version, "gaps": [
        {"materialId": material["id"], "reason": "看不清", "how": "重新拍照"},
        {"field": field["id"], "reason": "写错了", "how": "按身份证写"}]})
    assert done.status == 200, done
    assert "有办件等您补正" in b.get("/").text
    assert "去补正" in b.get("/my/cases/" + job.case).text
    page = b.get("/my/cases/%s/correction" % job.case)
    assert "看不清" in page.text and "写错了" in page.text and "form." + field["id"] in page.form("supplement")["names"]
    b.get("/my/cases/%s/materials/%s" % (job.case, material["id"]))
    done = b.submit("upload", files=[("data", "清楚.pdf", "application/pdf", PDF)])
    assert done.status == 303 and "清楚.pdf" in b.follow().text
    b.get("/my/cases/%s/correction" % job.case)
    done = b.submit("supplement", {"form." + field["id"]: "改好了", "note": "请看"})
    assert done.status == 303, done.text
    page = b.follow()
    assert "补正已提交" in page.text and "改好了" in page.text and "清楚.pdf" in page.text


def test_messages_are_read_by_opening(p):
    b = job.browser
    page = until(lambda: "补正告知" in b.get("/my/messages").text and b.page)
    link = [link for link in page.links if link.startswith("/my/messages/")][0]
    unread = job.person.login().get("/api/v1/messages").json["unreadCount"]
    assert unread > 0 and "看办件" in b.get(link).text
    assert job.person.get("/api/v1/messages").json["unreadCount"] == unread - 1
    b.get("/my/messages")
    b.submit("readAll")
    assert "全部标为已读" in b.follow().text
    assert job.person.get("/api/v1/messages").json["unreadCount"] == 0


def test_lists_by_state_and_withdrawal(p):
    b = job.browser
    assert job.number in b.get("/my/cases?group=CASE_GROUP_OPEN").text
    assert job.number not in b.get("/my/cases?group=CASE_GROUP_DONE").text
    assert job.number in b.get("/my/cases?q=" + job.number).text
    b.get("/my/cases/%s/withdraw" % job.case)
    assert b.submit("withdraw", {"reason": "想重新申请"}).status == 303
    assert "申请已撤回" in b.follow().text
    assert job.number in b.get("/my/cases?group=CASE_GROUP_DONE").text
    assert "不能撤回" in b.get("/my/cases/%s/withdraw" % job.case).text


def test_drafts_are_thrown_away(p):
    b = job.browser
    b.get("/items/%s/apply" % job.item["id"])
    b.submit("start")
    case = b.page.headers["Location"].split("/")[2]
    assert "您有没写完的申请" in b.get("/items/%s/apply" % job.item["id"]).text
    b.get("/my/drafts/%s/delete" % case)
    assert b.submit("delete").status == 303 and "草稿已删除" in b.follow().text
    assert b.get("/apply/" + case).status == 404


def test_favourites(p):
    b = job.browser
    b.get("/items/" + job.item["id"])
    assert b.submit("keep").status == 303 and "已收藏" in b.follow().text
    assert ITEM in b.get("/my/favourites").text
    assert b.submit("drop").status == 303
    assert "还没有收藏" in b.follow().text


def test_a_favourite_needs_signing_in(p):
    """Who is not signed in comes to the login page, and the item is kept afterwards."""
    b = Browser(p)
    b.get("/items/" + job.item["id"])
    page = b.submit("keep")
    page = b.follow() if page.status == 303 else page
    assert "登录" in page.title, page.text


def test_profile(p):
    """REQ: U-10 U-14 - masked; another mobile by password and code; the password; other sessions end."""
    b, person = job.browser, job.person
    page = b.get("/my/profile")
    assert person.mobile not in page.text and person.id_number not in page.text and "初级" in page.text
    new = "13700000118"
    b.get("/my/profile/mobile")
    time.sleep(1.1)
    new_code = code_for(p, new, lambda: b.submit("change", {"mobile": new}, button=("_post", "code")))
    page = b.page if b.page.status == 200 else b.follow()
    assert page.value("change", "mobile") == new
    old_code = code_for(p, person.mobile, lambda: b.submit("change", button=("_post", "oldCode")))
    page = b.page if b.page.status == 200 else b.follow()
    codes = {"code": new_code, "oldCode": old_code}
    wrong = b.submit("change", dict(codes, password="wrong-password"))
    assert wrong.status == 400 and "change-password" in wrong.text and wrong.value("change", "mobile") == new
    b.submit("change", dict(codes, password=person.password))
    assert "手机号码已更换" in b.follow().text and "137****0118" in b.page.text
    person.login()
    assert "其他设备" in b.get("/my/sessions").text
    assert b.submit("revoke").status == 303 and "已退出登录" in b.follow().text
    b.get("/my/profile/password")
    changed = "another-horse-18"
    assert b.submit("change", {"oldPassword": person.password, "newPassword": changed}).status == 303
    assert "密码已修改" in b.follow().text
    assert p.post("/api/v1/sessions", {"identifier": new, "password": changed}).status == 200


def test_nobody_sees_anothers_case(p):
    """Pages of a case of somebody else are not there."""
    b = Browser(p).login(Person(p, 19))
    for path in ("/my/cases/%s", "/apply/%s", "/apply/%s/check", "/apply/%s/receipt", "/my/cases/%s/correction",
                 "/my/cases/%s/withdraw", "/my/drafts/%s/delete"):
        assert b.get(path % job.case).status == 404, path
