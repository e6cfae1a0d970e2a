"""A platform of real processes in a folder of its own, and those who use it.

Everything goes through the front doors: HTTPS for people and officials, ZeroMQ with CURVE for
department systems, `yw` for the operator.
"""
import glob
import html.parser
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import uuid
from urllib.parse import quote, unquote, urlencode

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(os.path.dirname(ROOT), "shared", "reference", "data")


# A process that says one of these is broken, whatever it answered.
REPORT = re.compile(r"(ERROR|WARNING|FATAL): \w+Sanitizer|runtime error:|CHECK failed|Assertion failed")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Answer:
    """Status, headers and body of an HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else {}

    @property
    def code(self):
        """The stable code of a problem (RFC 9457)."""
        return self.json.get("code", "")

    @property
    def fields(self):
        """The fields that a problem names."""
        return [v.get("field") for v in self.json.get("violations", [])]

    def __repr__(self):
        return "%d %s" % (self.status, self.body[:400].decode("utf-8", "replace"))


class Platform:
    """`yw start` on a temporary folder with free ports."""

    def __init__(self, out, settings="", environment=None, pages=None):
        self.out = os.path.abspath(out)
        self.folder = tempfile.mkdtemp(prefix="yiwang-")
        self.port = free_port()
        self.plain_port = free_port()
        self.department_port = free_port()
        self.environment = dict(os.environ, **(environment or {}))
        self.config = os.path.join(self.folder, "yiwang.conf")
        sections = {
            "platform": "run_dir = %s/run\ndata_dir = %s/data\nstarter = %s/deploy/starter\nlog = info\n"
                        % (self.folder, self.folder, ROOT),
            "broker": "department_address = tcp://127.0.0.1:%d\n" % self.department_port,
            "gateway": "port = %d\nplain_port = %d\nrate = 0\npages = %s\nstatic = %s\n"
                       % (self.port, self.plain_port, pages or ROOT + "/services/gateway/pages",
                          ROOT + "/services/gateway/static"),
        }
        for name, text in re.findall(r"\[(\w+)\]\n([^\[]*)", settings):
            sections[name] = sections.get(name, "") + text
        with open(self.config, "w") as f:
            for name, text in sections.items():
                f.write("[%s]\n%s" % (name, text))
        self.connection = None

    # --- the operator ------------------------------------------------------------------

    def yw(self, *arguments, check=True):
        done = subprocess.run([os.path.join(self.out, "bin", "yw"), "--config", self.config, *arguments],
                              cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=180)
        if check and done.returncode != 0:
            raise AssertionError("yw %s: %s%s" % (" ".join(arguments), done.stdout, done.stderr))
        return done

    def start(self, starter=True):
        self.yw("start")
        if starter:
            self.yw("starter")
        return self

    def stop(self):
        """Returns when the last process has ended, not when it has said so."""
        self.close()
        try:
            with open(os.path.join(self.folder, "run", "yw.pid")) as f:
                supervisor = f.read().strip()
        except FileNotFoundError:
            supervisor = ""
        self.yw("stop")
        until(lambda: not supervisor or not is_running(supervisor))

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pid(self, name):
        for line in open(os.path.join(self.folder, "run", "processes")):
            words = line.split()
            if words[0] == name and words[4] == "running":
                return int(words[1])
        return 0

    def kill(self, name, how=signal.SIGKILL):
        """Ends a process of this platform and waits until another took its place."""
        old = self.pid(name)
        assert old, "%s does not run" % name
        os.kill(old, how)
        return until(lambda: self.pid(name) not in (0, old), 15)

    def log(self):
        with open(os.path.join(self.folder, "run", "yiwang.log"), errors="replace") as f:
            return f.read()

    def reports(self):
        """What sanitizers, failed checks and libzmq's assertions wrote, with what follows each."""
        found = []
        for path in glob.glob(os.path.join(self.folder, "**", "*.log*"), recursive=True):
            with open(path, errors="replace") as f:
                lines = f.read().splitlines()
            found += ["\n".join(lines[i:i + 40]) for i, line in enumerate(lines) if REPORT.search(line)]
        return found

    def database(self, service, sql, *values):
        """Rows of a service's database, read-only: for what no door shows, such as audit rows."""
        import sqlite3
        db = sqlite3.connect("file:%s/data/%s.db?mode=ro" % (self.folder, service), uri=True)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def sms(self, mobile):
        """Texts that the development channel has for a number, oldest first."""
        path = os.path.join(self.folder, "data", "messages.jsonl")
        if not os.path.exists(path):
            return []
        return [m["text"] for m in map(json.loads, open(path)) if m["to"] == mobile]

    # --- HTTPS --------------------------------------------------------------------------

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def connect(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE      # the development certificate is self-made
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=40)

    def http(self, method, path, body=None, token=None, key=None, headers=None, raw=None):
        """One request.  `body`: JSON; `raw`: bytes as they are."""
        all_headers = {}
        data = raw
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            all_headers["Content-Type"] = "application/json"
        if token:
            all_headers["Authorization"] = "Bearer " + token
        if key:
            all_headers["Idempotency-Key"] = key
        all_headers.update(headers or {})
        for attempt in (1, 2):
            fresh = self.connection is None
            if fresh:
                self.connection = self.connect()
            try:
                self.connection.request(method, quote(path, safe="/:?&=%*,+"), data, all_headers)
                answer = self.connection.getresponse()
                return Answer(answer.status, answer.headers, answer.read())
            except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
                self.close()                     # a kept-alive connection was closed meanwhile
                if fresh or attempt == 2:
                    raise

    def get(self, path, token=None, **query):
        if query:
            path += "?" + urlencode(query)
        return self.http("GET", path, token=token)

    def post(self, path, body=None, token=None, key=None, **rest):
        return self.http("POST", path, body if body is not None else {}, token, key, **rest)

    # --- people --------------------------------------------------------------------------

    def person(self, index=0):
        """A registered and signed-in person of the sample population."""
        return Person(self, index).register().login()

    def staff(self, login_name):
        return Staff(self, login_name).login()

    def search(self, q=None, **more):
        """Items that a search finds, best first."""
        answer = self.get("/api/v1/items", **({"q": q} if q else {}), **more)
        assert answer.status == 200, answer
        return [hit["item"] for hit in answer.json["hits"]]

    def item(self, text, **more):
        """The first item that a search finds, whole."""
        found = self.search(text, **more)
        assert found, "no item for " + text
        return self.get("/api/v1/items/" + found[0]["id"]).json


def is_running(pid):
    """False for a process that ended, also while nobody has asked for its status."""
    try:
        with open("/proc/%s/stat" % pid) as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):     # gone before it was opened, or before it was read
        return False


def until(condition, seconds=10):
    """Waits for a condition that processes bring about; its value, or AssertionError."""
    end = time.time() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.time() > end:
            raise AssertionError("did not come true in %d s" % seconds)
        time.sleep(0.02)


def population():
    with open(os.path.join(ROOT, "deploy", "starter", "population.json")) as f:
        return json.load(f)["persons"]


class Person:
    """Somebody of the sample population library, with a mobile and a password."""

    def __init__(self, platform, index):
        self.platform = platform
        record = population()[index]
        self.name, self.id_number = record["name"], record["idNumber"]
        self.mobile = "139%08d" % (10000000 + index)
        self.password = "correct-horse-%d" % index
        self.token = None
        self.account_id = None

    def code(self, purpose):
        before = len(self.platform.sms(self.mobile))
        answer = self.platform.post("/api/v1/codes", {"mobile": self.mobile, "purpose": purpose})
        assert answer.status == 200, answer
        texts = until(lambda: self.platform.sms(self.mobile)[before:])
        return re.search(r"\d{6}", texts[-1]).group()

    def register(self):
        agreement = self.platform.get("/api/v1/agreement").json["version"]
        answer = self.platform.post("/api/v1/accounts", {
            "name": self.name, "idNumber": self.id_number, "mobile": self.mobile,
            "code": self.code("PURPOSE_REGISTER"), "password": self.password,
            "agreementVersion": agreement}, key=str(uuid.uuid4()))
        assert answer.status in (201, 409), answer
        return self

    def login(self):
        answer = self.platform.post("/api/v1/sessions",
                                    {"identifier": self.id_number, "password": self.password})
        assert answer.status == 200, answer
        self.session = answer.json
        self.token = answer.json["accessToken"]
        self.account_id = answer.json["accountId"]
        return self

    def get(self, path, **query):
        return self.platform.get(path, token=self.token, **query)

    def post(self, path, body=None, key=None, **rest):
        return self.platform.post(path, body, token=self.token, key=key or str(uuid.uuid4()), **rest)

    def http(self, method, path, body=None, **rest):
        return self.platform.http(method, path, body, token=self.token, **rest)

    def upload(self, case_id, material_id, name, content, media_type="application/pdf"):
        return self.platform.http(
            "PUT", "/api/v1/cases/%s/materials/%s/files/%s" % (case_id, material_id, name),
            token=self.token, raw=content, headers={"Content-Type": media_type})


class Staff(Person):
    """A demo account of the starter data."""

    def __init__(self, platform, login_name):
        self.platform = platform
        self.login_name = login_name
        with open(os.path.join(ROOT, "deploy", "starter", "staff.json")) as f:
            records = {r["loginName"]: r for r in json.load(f)["staff"]}
        self.record = records[login_name]
        self.password = self.record["password"]

    def login(self):
        answer = self.platform.post("/api/v1/staff/sessions",
                                    {"loginName": self.login_name, "password": self.password})
        assert answer.status == 200, answer
        self.session = answer.json
        self.token = answer.json["accessToken"]
        self.account_id = answer.json["accountId"]
        return self


class Page(html.parser.HTMLParser):
    """What a browser would know of a page: forms with their inputs, texts by id."""

    VOID = ("input", "meta", "link", "br", "img", "use", "path", "hr")

    def __init__(self, answer):
        super().__init__(convert_charrefs=True)
        self.answer, self.status, self.headers = answer, answer.status, answer.headers
        self.text = answer.body.decode("utf-8", "replace")
        self.forms, self.texts, self.title, self.links = [], {}, "", []
        self._open, self._form, self._area = [], None, None
        if "html" in (answer.headers.get("Content-Type") or ""):
            self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if a.get("id"):
            self.texts[a["id"]] = ""
        if tag not in self.VOID:
            self._open.append((tag, a.get("id")))
        if tag == "form":
            self._form = {"action": a.get("action", ""), "method": a.get("method", "get"),
                          "type": a.get("enctype", ""), "inputs": [], "names": []}
            self.forms.append(self._form)
        elif tag == "a" and a.get("href"):
            self.links.append(a["href"])
        elif self._form and tag in ("input", "textarea", "select", "button"):
            self._input(tag, a)

    def _input(self, tag, a):
        kind, name = a.get("type", "text"), a.get("name")
        if not name:
            return
        self._form["names"].append(name)
        if tag == "textarea":
            self._area = [name, ""]
        elif tag == "input" and kind not in ("radio", "checkbox", "file", "submit") or "checked" in a:
            self._form["inputs"].append([name, a.get("value", "")])

    def handle_endtag(self, tag):
        if tag == "textarea" and self._area and self._form:
            self._form["inputs"].append(self._area)
            self._area = None
        if tag == "form":
            self._form = None
        while self._open and tag not in self.VOID:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data):
        if self._area:
            self._area[1] += data
        for tag, name in self._open:
            if tag == "title":
                self.title += data
            if name:
                self.texts[name] += data

    def form(self, name):
        """The form that posts `name` (its hidden _post), or whose action it is."""
        for form in self.forms:
            if ["_post", name] in form["inputs"] or form["action"] == name:
                return form
        raise AssertionError("no form %s in %s" % (name, self.text[:2000]))

    def value(self, form, name):
        values = [v for n, v in self.form(form)["inputs"] if n == name]
        return values[-1] if values else None


class Browser:
    """A visitor without JavaScript: cookies, pages, forms.  It does not follow redirects by itself."""

    def __init__(self, platform):
        self.platform, self.cookies, self.page, self.path = platform, {}, None, "/"

    def send(self, method, path, headers=None, raw=None):
        all_headers = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        if self.cookies:
            all_headers["Cookie"] = "; ".join("%s=%s" % c for c in self.cookies.items())
        all_headers.update(headers or {})
        answer = self.platform.http(method, path, raw=raw, headers=all_headers)
        for line in answer.headers.get_all("Set-Cookie") or []:
            pair, _, rest = line.partition(";")
            name, _, value = pair.partition("=")
            assert "Secure" in rest and "HttpOnly" in rest and "SameSite=Lax" in rest and "Path=/" in rest, line
            if "Max-Age=0" in rest:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        self.page, self.path = Page(answer), path
        return self.page

    def get(self, path, headers=None):
        return self.send("GET", path, headers)

    def submit(self, form, fields=None, page=None, files=None, headers=None, button=None):
        """Posts a form of the page (or of an older one) with what is typed; the answer as a page."""
        form = (page or self.page).form(form)
        fields = dict(fields or {})
        pairs = [(n, fields.pop(n) if n in fields else v) for n, v in form["inputs"]]
        pairs += list(fields.items()) + ([button] if button else [])
        action = form["action"] or self.path
        if files is None:
            body, kind = urlencode(pairs).encode(), "application/x-www-form-urlencoded"
        else:
            edge = uuid.uuid4().hex
            parts = [("Content-Disposition: form-data; name=\"%s\"" % n, v.encode()) for n, v in pairs]
            parts += [("Content-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\nContent-Type: %s"
                       % (n, file_name, kind), data) for n, file_name, kind, data in files]
            body = b"".join(b"--%s\r\n%s\r\n\r\n%s\r\n" % (edge.encode(), head.encode(), data)
                            for head, data in parts) + b"--%s--\r\n" % edge.encode()
            kind = "multipart/form-data; boundary=" + edge
        all_headers = {"Content-Type": kind, "Sec-Fetch-Site": "same-origin"}
        all_headers.update(headers or {})
        return self.send("POST", action, all_headers, body)

    def follow(self):
        """Where the last answer redirects to."""
        assert self.page.status == 303, (self.page.status, self.page.text[:2000])
        return self.get(unquote(self.page.headers["Location"]))

    def login(self, person):
        self.get("/login")
        page = self.submit("login", {"identifier": person.id_number, "password": person.password})
        assert page.status == 303, page.text[:2000]
        return self


def mod37_36(text):
    """Check character of ISO/IEC 7064 hybrid MOD 37,36."""
    p = 36
    for c in text:
        p = (p + int(c, 36)) % 36 or 36
        p = 2 * p % 37
    return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(37 - p) % 36]


ORGANISATION = {"kind": "APPLICANT_KIND_ORGANISATION", "name": "示例建设有限公司",
                "idNumber": "91350100M000100Y43", "legalRepresentative": "陈示例"}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def fill(item):
    """Values that satisfy every field of an item's form."""
    values = []
    for field in item.get("formFields", []):
        kind = field.get("type", "")
        if kind in ("FIELD_TYPE_CHOICE", "FIELD_TYPE_CHOICES"):
            value = field["choices"][0]["value"]
        elif kind == "FIELD_TYPE_PARTY":
            value = "示例建设有限公司|91350100M000100Y43"
        elif kind == "FIELD_TYPE_NUMBER":
            value = str(max(1, int(field.get("min", 0) or 0)))
        elif kind == "FIELD_TYPE_DATE":
            value = "2026-03-02"
        else:
            value = {"KIND_MOBILE": "13900000000", "KIND_RESIDENT_ID": "11010519491231002X",
                     "KIND_CREDIT_CODE": "91350100M000100Y43", "KIND_DATE": "2026-03-02",
                     "KIND_DIVISION": "340100", "KIND_PHONE": "0551-60000000",
                     "KIND_EMAIL": "a@example.cn"}.get(field.get("kind", ""), "示例内容")
        values.append({"name": field["id"], "value": value})
    return values
