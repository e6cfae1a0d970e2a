"""The edge: what a stranger may send, and what comes back."""
import json
import socket
import ssl

from harness import Person


def raw(p, data, wait=5):
    """Bytes as they are over TLS; what comes back until the other side closes."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", p.port), timeout=wait) as plain:
        with context.wrap_socket(plain) as s:
            s.sendall(data)
            found = b""
            try:
                while True:
                    part = s.recv(65536)
                    if not part:
                        return found
                    found += part
                    if b"\r\n\r\n" in found and b"close" not in data.lower():
                        return found
            except (socket.timeout, ssl.SSLError, ConnectionError):
                return found


def problem(answer, status, code=None):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer
    body = answer.json
    assert body["status"] == status and body["code"] and body["detail"] and body["type"], body
    assert any("\u4e00" <= c <= "\u9fff" for c in body["detail"]), body
    if code:
        assert body["code"] == code, body
    return body


def test_malformed_json_says_where(p):
    """Every way in which JSON can be wrong: 400, a stable code, the field."""
    def send(text):
        return p.http("POST", "/api/v1/sessions", raw=text if isinstance(text, bytes) else text.encode(),
                      headers={"Content-Type": "application/json"})
    for text in ("{", "[]", "nonsense", '{"identifier":}', '{"identifier":"a"}x', '"a"', "{'a':1}",
                 '{"identifier":"a",}', '{"identifier":"\\ud800"}', b'{"identifier":"\xff\xfe"}',
                 '{"identifier":"\\u0000"}', '{"identifier":1e999}', "[" * 100, '{"a":' * 100):
        problem(send(text), 400)
    body = problem(send('{"identifier":5}'), 400)
    assert body["violations"][0]["field"] == "identifier", body
    body = problem(send('{"identifer":"a"}'), 400)
    assert "identifer" in body["violations"][0]["field"], body
    body = problem(send('{"identifier":"a","identifier":"b"}'), 400)
    assert body["violations"][0]["field"] == "identifier", body


def test_malformed_http_is_refused(p):
    """No request line, no host, huge headers, a body that does not come: an answer or a closed door."""
    for data in (b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n", 
                 b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"b" * 200000 + b"\r\n\r\n"):
        answer = raw(p, data)
        assert answer == b"" or b" 200 " not in answer.split(b"\r\n")[0], answer[:200]
    assert p.get("/healthz").status == 200


def test_limits_are_told(p):
    """Too large a body, too long a text, too long a path."""
    assert p.http("POST", "/api/v1/sessions", raw=b'{"identifier":"' + b"a" * (2 << 20) + b'"}',
                  headers={"Content-Type": "application/json"}).status == 413
    p.close()
    body = problem(p.post("/api/v1/sessions", {"identifier": "a" * 100}), 400)
    assert body["violations"][0]["code"] == "too_long", body
    assert p.get("/api/v1/" + "a" * 9000).status in (400, 404, 414, 431)


def test_page_sizes_have_limits(p):
    """Every list of the contract: its largest page is served, one more is refused by name."""
    contract = json.loads(p.get("/api/openapi.json").body)
    tokens = [None, Person(p, 21).register().login().token] + [
        p.staff(name).token for name in ("zjj-receiver", "editor", "publisher", "admin")]
    seen = 0
    for path, verbs in contract["paths"].items():
        fields = {q["name"]: q for q in verbs.get("get", {}).get("parameters", [])}
        if "pageSize" not in fields:
            continue
        most = fields["pageSize"]["schema"]["maximum"]
        assert 0 < most <= 500, path
        needed = {"format": "LIST_FORMAT_CSV"} if "format" in fields else {}
        answers = [p.get(path, token=token, page_size=most + 1, **needed) for token in tokens]
        refused = [a for a in answers if a.status == 400]
        assert refused and all(a.fields == ["pageSize"] for a in refused), (path, answers)
        assert all(a.status in (400, 401, 403) for a in answers), (path, answers)
        answers = [p.get(path, token=token, page_size=most, **needed) for token in tokens]
        assert any(a.status == 200 for a in answers), (path, answers)
        seen += 1
    assert seen >= 10


def test_addresses_and_verbs(p):
    """Unknown path 404, known path with another verb 405 with Allow, HEAD like GET."""
    problem(p.get("/api/v1/nothing"), 404)
    answer = p.http("DELETE", "/api/v1/items")
    problem(answer, 405)
    assert "GET" in answer.headers["Allow"], answer.headers
    answer = p.http("HEAD", "/api/v1/themes")
    assert answer.status == 200 and answer.body == b""
    body = problem(p.get("/api/v1/items", nonsense="1"), 400)
    assert body["violations"][0]["field"] == "nonsense", body
    problem(p.http("GET", "/api/v1/items?q=%ff%fe"), 400)


def test_etag_saves_the_answer(p):
    """REQ: I-07 - a guide that did not change answers 304."""
    first = p.get("/api/v1/themes")
    assert first.status == 200 and first.headers["ETag"]
    again = p.http("GET", "/api/v1/themes", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304 and again.body == b""


def test_trace_goes_through(p):
    """REQ: O-03 - the caller's trace id comes back and stands in the audit of the service."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = p.post("/api/v1/codes", {"mobile": "13800000001", "purpose": "PURPOSE_LOGIN"},
                    headers={"traceparent": "00-%s-00f067aa0ba902b7-01" % trace})
    assert answer.status == 200, answer
    assert trace in str(answer.headers), answer.headers
    assert p.database("identity", "SELECT method FROM audit WHERE trace = ?", trace) == [("identity.SendCode",)]
    assert "identity.SendCode" in p.yw("trace", trace).stdout


def test_security_headers(p):
    """On every answer, errors too."""
    for path in ("/api/v1/themes", "/api/v1/nothing", "/healthz"):
        headers = p.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src" in headers["Content-Security-Policy"]
        assert headers["Strict-Transport-Security"] and headers["Referrer-Policy"]


def test_health_metrics_and_contract(p):
    """REQ: O-03 W-02 - /healthz, Prometheus metrics of every process, the OpenAPI document."""
    assert p.get("/healthz").status == 200
    own = p.get("/metrics").body.decode()
    assert "# TYPE" in own and "_total" in own
    assert 'method="identity.SendCode"' in p.get("/metrics", service="identity").body.decode()
    contract = json.loads(p.get("/api/openapi.json").body)
    assert contract["openapi"].startswith("3.1")
    assert "post" in contract["paths"]["/api/v1/cases/{id}:submit"]


def test_pipelined_requests_come_back_in_order(p):
    """Two requests in one packet on a kept-alive connection."""
    data = (b"GET /api/v1/themes HTTP/1.1\r\nHost: x\r\n\r\n"
            b"GET /api/v1/nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = raw(p, data)
    assert answer.index(b" 200 ") < answer.index(b" 404 "), answer[:200]


def test_only_the_owner_sees_a_case(p):
    """Someone else's case looks non-existent."""
    one = Person(p, 10).register().login()
    two = Person(p, 11).register().login()
    item = p.item("施工许可", department_id="zjj")
    draft = one.post("/api/v1/cases", {"itemId": item["id"]})
    assert draft.status == 201, draft
    path = "/api/v1/cases/" + draft.json["id"]
    assert one.get(path).status == 200
    mine, nothing = two.get(path), two.get("/api/v1/cases/01JXXXXXXXXXXXXXXXXXXXXXXX")
    assert mine.status == nothing.status == 404 and mine.code == nothing.code
    assert mine.json["detail"] == nothing.json["detail"]
    assert two.http("PATCH", path, {"version": draft.json["version"]}).status == 404
    assert two.post(path + ":submit", {"version": draft.json["version"]}).status == 404
    assert two.http("DELETE", path).status == 404
