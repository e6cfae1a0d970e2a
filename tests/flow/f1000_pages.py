"""Pages: served, signed in, forms, and how they fail.  The pages are those of tests/flow/pages."""
import gzip
import os
import re
import time
from urllib.parse import quote, unquote

from harness import Browser, Person, Platform, PDF, until

PAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")
CSP = ("default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'")


def make(out):
    return Platform(out, "[site]\nname = 测试网\n", pages=PAGES)


class World:
    person = None
    item = None


w = World()


def signed_in(p, index=20):
    if not w.person:
        w.person = Person(p, index).register()
        w.item = p.search("施工许可")[0]["id"]
    return Browser(p).login(w.person)


def is_healthy(p):
    try:
        return p.get("/healthz").status == 200
    except ConnectionError:
        return False


def draft(b):
    """A draft made by the form of an item's page."""
    b.get("/items/" + w.item)
    page = b.submit("start")
    assert page.status == 303, page.text
    return b.follow()


# --- what is served ---------------------------------------------------------------------------

def test_page_is_rendered_from_messages(p):
    """Data of several services in one page; the security headers; no session, no token, no cookie told."""
    b = Browser(p)
    page = b.get("/?q=施工")
    assert page.status == 200 and page.title == "首页 - 测试网", page.text
    assert "住房和城乡建设局" in page.text and "施工许可" in page.text
    assert page.texts["q"] == "施工" and page.texts["who"] == "nobody"
    for part in CSP:
        assert part in page.headers["Content-Security-Policy"], page.headers
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "__Host-yw-visitor" in b.cookies
    assert b.get("/", {"Accept": "application/json"}).status == 200


def test_text_of_strangers_stays_text(p):
    page = Browser(p).get("/?q=%3Cscript%3Ealert(1)%3C/script%3E%22'")
    assert "<script>alert" not in page.text
    assert page.texts["q"] == "<script>alert(1)</script>\"'"


def test_unknown_page_is_a_page(p):
    """404 as HTML for browsers, as JSON for the API and for who asks for it."""
    b = Browser(p)
    page = b.get("/no/such/page")
    assert page.status == 404 and page.texts["status"] == "404" and page.texts["code"] == "path_unknown", page.text
    assert page.texts["trace"] == page.headers["x-trace-id"]
    assert b.get("/api/v1/nothing").headers["Content-Type"].startswith("application/problem+json")
    answer = p.http("GET", "/no/such/page", headers={"Accept": "application/json"})
    assert answer.code == "path_unknown", answer
    # A value of the path that no rule lets through is a page that is not there.
    page = b.get("/items/no-id")
    assert page.status == 404, page.text
    page = b.get("/items/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert page.status == 404 and page.texts["refusal"], page.text
    assert b.get("/items/%zz").status in (400, 404)


def test_methods_that_a_page_has_not(p):
    b = Browser(p)
    assert b.send("POST", "/", raw=b"").status == 405
    assert "GET" in b.page.headers["Allow"]
    assert b.send("DELETE", "/my").status == 405
    assert b.get("/view").status == 405 and b.get("/logout").status == 405
    head = p.http("HEAD", "/", headers={"Accept": "text/html"})
    assert head.status == 200 and not head.body


def test_too_much_is_told_as_a_page(p):
    """A body past all limits never reaches us: h2o refuses it, and we say so in the browser's language."""
    connection = p.connect()
    connection.putrequest("POST", "/login")
    for name, value in (("Accept", "text/html"), ("Content-Type", "multipart/form-data; boundary=x"),
                        ("Content-Length", str(100 << 20))):
        connection.putheader(name, value)
    connection.endheaders()
    try:
        connection.send(b"x" * 65536)
        answer = connection.getresponse()
        assert answer.status == 413 and answer.headers["Content-Type"].startswith("text/html"), answer.status
        assert "过大" in answer.read().decode()
    finally:
        connection.close()
    options = p.http("OPTIONS", "/login")
    assert options.status == 204 and "POST" in options.headers["Allow"]


def test_literal_path_wins(p):
    assert "最新的" in Browser(p).get("/items/newest").text


def test_page_goes_elsewhere(p):
    b = Browser(p)
    assert "留在这里" in b.get("/go/x").text
    page = b.get("/go/a%2F%2Fb?on=1")
    assert page.status == 303 and page.headers["Location"] == "/items/a%2F%2Fb", page.headers


def test_page_may_be_text(p):
    signed_in(p)
    page = Browser(p).get("/items/%s/text" % w.item)
    assert page.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "attachment" in page.headers["Content-Disposition"] and "<&>" in page.text


# --- keeping and packing --------------------------------------------------------------------------

def test_etag_and_304(p):
    """A public page that did not change is not sent again, although its tokens are new each time."""
    b = Browser(p)
    b.get("/")
    first = b.get("/")
    second = b.get("/")
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.text != second.text, "the token is masked afresh"
    page = b.get("/", {"If-None-Match": first.headers["ETag"]})
    assert page.status == 304 and not page.text
    assert page.headers["Cache-Control"] == "private, no-cache"
    other = b.get("/?q=x")
    assert other.headers["ETag"] != first.headers["ETag"]
    # Another visitor has other tokens: the page of this one is none for him.
    page = Browser(p).get("/", {"If-None-Match": first.headers["ETag"]})
    assert page.status == 200


def test_gzip(p):
    b = Browser(p)
    b.get("/")
    plain = b.get("/")
    packed = p.http("GET", "/", headers={"Accept": "text/html", "Accept-Encoding": "br, gzip",
                                         "Cookie": "__Host-yw-visitor=" + b.cookies["__Host-yw-visitor"]})
    assert packed.headers["Content-Encoding"] == "gzip" and "accept-encoding" in packed.headers["Vary"]
    text = gzip.decompress(packed.body).decode()
    assert re.sub(r'value="[\w-]{43}"', "", text) == re.sub(r'value="[\w-]{43}"', "", plain.text)
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert len(packed.body) < len(plain.answer.body) * 2 / 3
    refused = p.http("GET", "/", headers={"Accept": "text/html", "Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_static_files(p):
    """With its version a file may be kept for a year; without, it is asked for again."""
    b = Browser(p)
    address = re.search(r'/static/site\.css\?v=\w+', b.get("/").text).group()
    file = b.get(address)
    assert file.status == 200 and "immutable" in file.headers["Cache-Control"]
    assert file.headers["Content-Type"].startswith("text/css")
    packed = p.http("GET", address, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == file.answer.body
    assert b.get("/static/site.css").headers["Cache-Control"] == "public, no-cache"
    assert b.get("/static/site.css?v=old").headers["Cache-Control"] == "public, no-cache"
    tag = file.headers["ETag"]
    assert b.get(address, {"If-None-Match": tag}).status == 304
    for path in ("/static/nothing.css", "/static/README.md", "/static/../settings.c", "/static/%2e%2e/x",
                 "/static/", "/static/check.py"):
        assert b.get(path).status == 404, path
    assert b.get("/robots.txt").status == 200 and b.get("/favicon.ico").status == 200


def test_elder_view(p):
    b = Browser(p)
    b.get("/?q=x")
    page = b.submit("/view", {"view": "elder", "next": "/?q=x"})
    assert page.status == 303 and page.headers["Location"] == "/?q=x"
    assert 'data-view="elder"' in b.follow().text
    b.submit("/view", {"view": "normal", "next": "//evil.example"})
    assert b.page.headers["Location"] == "/"
    assert 'data-view="elder"' not in b.follow().text
    assert b.submit("/view", {"view": "elder", "_token": "x"}, page=b.page).status == 403


# --- signing in ---------------------------------------------------------------------------------------

def test_sign_in_by_form(p):
    """To the page that was asked for; the cookie is no one else's; the password never comes back."""
    signed_in(p)
    b = Browser(p)
    page = b.get("/my")
    assert page.status == 303 and page.headers["Location"] == "/login?next=%2Fmy", page.headers
    page = b.follow()
    page = b.submit("login", {"identifier": w.person.id_number, "password": "wrong-password-1"})
    assert page.status in (400, 401) and "wrong-password-1" not in page.text, page.text
    assert page.value("login", "identifier") == w.person.id_number
    assert page.value("login", "password") in (None, "")
    assert not any("person" in name for name in b.cookies)
    page = b.submit("login", {"password": w.person.password})
    assert page.status == 303 and page.headers["Location"] == "/my", (page.status, page.text)
    assert "__Host-yw-person" in b.cookies
    page = b.follow()
    assert page.texts["name"] == w.person.name and page.headers["Cache-Control"] == "no-store", page.text
    assert b.cookies["__Host-yw-person"] not in page.text


def test_staff_sign_in(p):
    b = Browser(p)
    page = b.get("/console?x=1")
    assert page.headers["Location"] == "/console/login?next=%2Fconsole%3Fx%3D1"
    b.follow()
    page = b.submit("login", {"loginName": "zjj-receiver", "password": "Demo-2026-yw"})
    assert page.status == 303 and page.headers["Location"] == "/console?x=1", page.text
    page = b.follow()
    assert page.texts["may"] == "可以受理", page.text
    assert "__Host-yw-staff" in b.cookies and "__Host-yw-person" not in b.cookies
    assert b.get("/my").status == 303, "an official is no person"
    other = Browser(p)
    other.get("/console/login")
    other.submit("login", {"loginName": "zjj-reviewer", "password": "Demo-2026-yw"})
    page = other.get("/console")
    assert page.status == 403 and page.texts["code"] == "permission_denied", page.text


def test_level_is_asked_for(p):
    page = signed_in(p).get("/medium")
    assert page.status == 403 and page.texts["code"] == "level_required", page.text


def test_no_redirect_to_strangers(p):
    signed_in(p)
    for next_ in ("//evil.example/", "/\\evil.example", "https://evil.example", "/%0d%0aSet-Cookie:x=1",
                  "\\\\evil", "javascript:alert(1)", "/a b", "/\t/evil.example"):
        b = Browser(p)
        b.get("/login?next=" + quote(next_, safe=""))
        page = b.submit("login", {"identifier": w.person.id_number, "password": w.person.password})
        assert page.status == 303, page.text
        where = page.headers["Location"]
        assert where == "/my" or where.startswith("/%0"), (next_, where)
        assert "evil" not in where and "\\" not in where


def test_cookie_secret_is_no_good_at_the_api(p):
    """A session of pages cannot be refreshed as an app's; and it goes on afterwards."""
    b = signed_in(p)
    answer = p.post("/api/v1/sessions:refresh", {"refreshToken": b.cookies["__Host-yw-person"]})
    assert answer.status == 401, answer
    assert b.get("/my").status == 200
    app = Person(p, 20).login().session
    b.cookies["__Host-yw-person"] = app["refreshToken"]
    answer = p.post("/api/v1/sessions:refresh", {"refreshToken": app["refreshToken"]})
    assert answer.status == 200
    b.cookies["__Host-yw-person"] = answer.json["refreshToken"]
    assert b.get("/my").status == 303, "an app's secret is none of pages"


def test_session_goes_on_and_tabs_share_it(p):
    """Two tabs and a fresh lane continue one session; its secret stays the same."""
    b = signed_in(p)
    secret = b.cookies["__Host-yw-person"]
    p.kill("gateway")                       # nothing is remembered: identity is asked again
    until(lambda: is_healthy(p), 20)
    tabs = [Browser(p), Browser(p)]
    for tab in tabs:
        tab.cookies["__Host-yw-person"] = secret
    for tab in tabs + tabs:
        assert tab.get("/my").status == 200
        assert tab.cookies["__Host-yw-person"] == secret


def test_ended_session_is_over(p):
    b = signed_in(p)
    other = signed_in(p)
    other.get("/my")
    sessions = Person(p, 20).login()
    listed = sessions.get("/api/v1/sessions").json["sessions"]
    assert len(listed) >= 3
    for one in listed:
        if not one["current"]:
            sessions.post("/api/v1/sessions/%s:revoke" % one["id"])
    until(lambda: b.get("/my").status == 303, 5)
    assert "__Host-yw-person" not in b.cookies, "the cookie of an ended session is taken away"


def test_sign_out(p):
    b = signed_in(p)
    secret = b.cookies["__Host-yw-person"]
    b.get("/my")
    page = b.submit("/logout")
    assert page.status == 303 and page.headers["Location"] == "/"
    assert "__Host-yw-person" not in b.cookies and page.headers["Clear-Site-Data"] == '"cache"'
    assert b.get("/my").status == 303
    b.cookies["__Host-yw-person"] = secret
    assert until(lambda: b.get("/my").status == 303, 5)


# --- forms ---------------------------------------------------------------------------------------------

def test_form_is_taken_and_kept(p):
    """303 to the next page, which shows what the form brought, also after a reload; elsewhere not."""
    b = signed_in(p)
    page = draft(b)
    case_id = re.search(r"/drafts/(\w+)", b.path).group(1)
    assert page.texts["started"] == case_id, page.text
    assert b.get(b.path).texts["started"] == case_id
    assert "started" not in b.get("/drafts/" + case_id).texts
    other = signed_in(p)
    other.cookies["__Host-yw-flash"] = b.cookies["__Host-yw-flash"]
    assert "started" not in other.get("/drafts/%s?item=%s" % (case_id, w.item)).texts, "of another session"
    b.cookies["__Host-yw-flash"] = "A" * 100
    assert "started" not in b.get("/drafts/%s?item=%s" % (case_id, w.item)).texts


def test_double_submit_is_one(p):
    """The same form twice: one case; changed after "back": another request."""
    b = signed_in(p)
    before = len(w.person.login().get("/api/v1/cases").json["cases"])
    form = b.get("/items/" + w.item)
    first = b.submit("start", page=form)
    second = b.submit("start", page=form)
    assert first.status == second.status == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert len(w.person.get("/api/v1/cases").json["cases"]) == before + 1
    again = b.submit("start", page=b.get("/items/" + w.item))
    assert again.headers["Location"] != first.headers["Location"]
    page = b.follow()
    path = b.path
    b.submit("save", {"applicant.address": "长江中路1号"}, page=page)
    assert b.page.status == 303, b.page.text
    again = b.submit("save", {"applicant.address": "长江中路1号"}, page=page)
    assert again.status == 303, "the same once more is the same answer"
    b.path = path
    changed = b.submit("save", {"applicant.address": "长江中路2号"}, page=page)
    assert changed.status == 409, "a new request, of an old version"
    assert changed.value("save", "applicant.address") == "长江中路2号"


def test_refused_form_comes_back(p):
    """The page again: what is wrong on top and at the field, all that was typed, the service's status."""
    b = signed_in(p)
    page = draft(b)
    page = b.submit("save", {"applicant.mobile": "12", "applicant.address": "<b>路</b> 1号"})
    assert page.status == 400, page.text
    assert page.value("save", "applicant.mobile") == "12"
    assert page.value("save", "applicant.address") == "<b>路</b> 1号" and "<b>路" not in page.text
    assert "save-applicant-mobile" in page.text and 'href="#save-applicant-mobile"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    page = b.submit("save", {"applicant.mobile": " １３８ 0000 1234 "})
    assert page.status == 303, "full width and blanks are normalised: " + page.text
    assert b.follow().texts["done"] == "saved"


def test_fixed_fields_cannot_be_typed_over(p):
    b = signed_in(p)
    mine = draft(b)
    page = b.submit("save", {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, page=mine)
    assert page.status == 400, page.text
    page = b.submit("save", {"nonsense": "1"}, page=mine)
    assert page.status == 400, page.text


def test_form_without_token_is_not_done(p):
    """No token, another visitor's token, a token of before: nothing happens, what was typed is there."""
    b = signed_in(p)
    page = draft(b)
    stranger = Browser(p)
    stranger.get("/login")
    for token in ("", "x" * 43, stranger.page.value("login", "_token")):
        refused = b.submit("save", {"_token": token, "applicant.address": "合作化路"}, page=page)
        assert refused.status == 403 and "还没有提交" in refused.texts["notice"], refused.text
        assert refused.value("save", "applicant.address") == "合作化路"
    assert b.submit("save", {"applicant.address": "合作化路"}, page=refused).status == 303


def test_browser_without_cookies_is_told(p):
    b = Browser(p)
    b.get("/login")
    b.cookies.clear()
    page = b.submit("login", {"identifier": "13800000000", "password": "some-secret-1"})
    assert page.status == 403 and "Cookie" in page.texts["notice"], page.text
    assert page.value("login", "identifier") == "13800000000" and "some-secret-1" not in page.text


def test_other_sites_cannot_send(p):
    b = signed_in(p)
    page = draft(b)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                    {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
                    {"Sec-Fetch-Site": "", "Origin": "null"}):
        refused = b.submit("save", {"applicant.address": "合作化路"}, page=page, headers=headers)
        assert refused.status == 403 and refused.texts["code"] == "cross_site", (headers, refused.text)
    own = {"Sec-Fetch-Site": "", "Origin": "https://127.0.0.1:%d" % p.port}
    assert b.submit("save", {"applicant.address": "合作化路"}, page=page, headers=own).status == 303
    assert b.submit("/logout", page=page, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert b.get("/my").status == 200


def test_broken_bodies(p):
    b = signed_in(p)
    b.get("/login")
    for kind, raw, status in (("text/plain", b"a=1", 415), ("application/x-www-form-urlencoded", b"%ff=1", 400),
                              ("multipart/form-data", b"x", 400), ("application/json", b"{}", 415),
                              ("application/x-www-form-urlencoded", b"", 400),
                              ("application/x-www-form-urlencoded", b"_post=nothing", 400),
                              ("application/x-www-form-urlencoded", b"x=" + b"a" * (2 << 20), 413)):
        page = b.send("POST", "/login", {"Content-Type": kind, "Sec-Fetch-Site": "same-origin"}, raw)
        assert page.status in (status, 403 if kind.endswith("urlencoded") else status), (kind, raw[:20], page.text)
        assert page.headers["Content-Type"].startswith("text/html")


def test_button_that_stays(p):
    """A second button of a form: the page again with its answer, what was typed is kept."""
    b = Browser(p)
    b.get("/code")
    mobile = "13700000001"
    page = b.submit("register", {"mobile": mobile, "name": "张三", "password": "secret-word-1"},
                    button=("_post", "code"))
    assert page.status == 200 and int(page.texts["sent"]) > 0, page.text
    assert page.value("register", "name") == "张三" and page.value("register", "mobile") == mobile
    assert "secret-word-1" not in page.text
    assert until(lambda: p.sms(mobile))
    page = b.submit("register", {"mobile": "1"}, button=("_post", "code"))
    assert page.status == 400 and "register-mobile" in page.text and page.value("register", "name") == "张三"


def test_files_of_a_form(p):
    """Several files in one form, one after the other; they come back through the session only."""
    b = signed_in(p)
    draft(b)
    case_id = re.search(r"/drafts/(\w+)", b.path).group(1)
    w.person.login()
    material = w.person.get("/api/v1/cases/" + case_id).json["materials"][0]["materialId"]
    b.get("/drafts/%s?material=%s" % (case_id, material))
    form = b.page
    name = [n for n in form.form("file")["names"] if not n.startswith("_")][0]
    big = PDF + b"%" + b"x" * (1 << 20) + b"\n"
    page = b.submit("file", page=form, files=[(name, "一.pdf", "application/pdf", PDF),
                                              (name, "二.pdf", "application/pdf", big)])
    assert page.status == 303, page.text
    page = b.follow()
    links = [l for l in page.links if "/files/" in l]
    assert len(links) == 2 and "一.pdf" in page.text and "二.pdf" in page.text, page.text
    file = b.get(links[0])
    assert file.answer.body == PDF and "attachment" in file.headers["Content-Disposition"]
    assert Browser(p).get(links[0]).status == 303
    b.get("/drafts/%s?material=%s" % (case_id, material))
    page = b.submit("file", page=form, files=[(name, "三.exe", "application/pdf", b"MZ\x00\x01")])
    assert page.status == 400 and page.status != 303, page.text
    page = b.submit("file", page=form, files=[(name, "", "application/octet-stream", b"")])
    assert page.status == 400 and "请选择文件" in page.text, page.text


# --- how it fails -----------------------------------------------------------------------------------------

def test_session_ends_in_the_middle_of_a_form(p):
    """The login page has what was typed, and after it the form is there again; nothing sends itself."""
    b = signed_in(p)
    form = draft(b)
    path = b.path
    b.cookies["__Host-yw-person"] = "01ARZ3NDEKTSV4RRFFQ69G5FAV.1.AAAA"
    page = b.submit("save", {"applicant.address": "屯溪路193号 <i>"}, page=form)
    assert page.status == 401 and "内容还在" in page.texts["notice"], page.text
    assert "__Host-yw-person" not in b.cookies
    page = b.submit("login", {"identifier": w.person.id_number, "password": "not-this-one-1"})
    assert page.status in (400, 401), "a slip at the login loses nothing"
    page = b.submit("login", {"password": w.person.password})
    assert page.status == 200 and "还没有提交" in page.texts["notice"], (page.status, page.text)
    assert page.value("save", "applicant.address") == "屯溪路193号 <i>"
    assert page.form("save")["action"] == path
    version = page.value("save", "version")
    page = b.submit("save")
    assert page.status == 303, page.text
    assert b.follow().texts["done"] == "saved"
    assert int(b.page.value("save", "version")) == int(version) + 1, "sent once, by the person"


def test_too_long_to_wait_is_said(p):
    b = signed_in(p)
    form = draft(b)
    b.cookies["__Host-yw-person"] = "gone"
    page = b.submit("save", {"applicant.address": "a" * 70000}, page=form)
    assert page.status == 401 and "无法替您保留" in page.texts["notice"], page.text
    page = b.submit("login", {"identifier": w.person.id_number, "password": w.person.password})
    assert page.status == 303 and page.headers["Location"].startswith("/drafts/")


def test_carried_form_goes_nowhere_else(p):
    """What waits for the login is a page of ours, whatever the hidden field says."""
    signed_in(p)
    for carry in ("_to=https%3A%2F%2Fevil.example&_post=x", "_to=%2F%2Fevil&a=b", "_to=%2Fnothing", "%ff", "_to=/console"):
        b = Browser(p)
        b.get("/login")
        page = b.submit("login", {"identifier": w.person.id_number, "password": w.person.password,
                                  "_carry": carry})
        assert page.status == 303 and page.headers["Location"] == "/my", (carry, page.status)


def test_service_that_is_down(p):
    """The page comes with what there is; without what it must have it is a page that says so."""
    b = signed_in(p)
    assert b.get("/my").status == 200
    os.kill(p.pid("catalog"), 19)           # SIGSTOP: it does not answer
    try:
        page = b.get("/?q=x")
        assert page.status == 200 and ">hot<" in page.text, page.text
        page = b.get("/items/" + w.item)
        assert page.status in (503, 504) and page.texts["refusal"], page.text
        assert b.get("/my").status == 200
    finally:
        os.kill(p.pid("catalog"), 18)
    until(lambda: b.get("/items/" + w.item).status == 200, 20)


def test_identity_is_down(p):
    """Who is known stays known for a while; who is not is told that it does not work now."""
    b = signed_in(p)
    b.get("/my")
    stranger = Browser(p)
    stranger.cookies["__Host-yw-person"] = signed_in(p).cookies["__Host-yw-person"] + "x"
    os.kill(p.pid("identity"), 19)
    try:
        page = stranger.get("/medium")
        assert page.status == 503 and "__Host-yw-person" in stranger.cookies, page.text
    finally:
        os.kill(p.pid("identity"), 18)
    until(lambda: stranger.get("/medium").status == 303, 20)
