"""What runs out: room in a queue, a call's memory, the time of a token."""
import os
import random
import sqlite3
import struct
import threading
import time

import zmq

from harness import Person, Platform, until
from stream import caller

STORY = True
PROCESSES = ("broker", "gateway", "identity", "catalog", "case")


class World:
    """What the tests of this file hand on to each other."""


w = World()


def make(out):
    return Platform(out, "[broker]\nqueue_calls = 3\n"
                         "[identity]\nwindow = 2\ntoken_seconds = 10\n")


def pids(p):
    return [p.pid(name) for name in PROCESSES]


def room_mib(p):
    """What one request may cost: its arena of 64 MiB and a little; sanitizers keep notes beside it."""
    return 100 if os.path.basename(p.out).startswith("plain") else 500


def largest_mib(p, name):
    """The most memory that a process has had."""
    for line in open("/proc/%d/status" % p.pid(name)):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024


def test_begin(p):
    """Somebody signs in; what is refused below must not end any process."""
    w.early = Person(p, 3).register().login()
    w.early_at = time.time()
    w.person = Person(p, 4).register().login()
    w.pids = pids(p)


def test_full_queue(p):
    """A burst of sign-ins: some wait and come in, the others hear 503, when to come back, and at once."""
    answers, lock, go = [], threading.Lock(), threading.Event()

    def sign_in(platform):
        platform.get("/api/v1/themes")                  # a connection that is open already
        go.wait()
        begin = time.time()
        answer = platform.post("/api/v1/sessions", {"identifier": w.person.id_number,
                                                    "password": w.person.password})
        with lock:
            answers.append((answer, time.time() - begin))
        platform.close()
    threads = [threading.Thread(target=sign_in, args=(caller(p),)) for _ in range(40)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    go.set()
    read = p.get("/api/v1/themes")                      # others are not held up
    for thread in threads:
        thread.join()
    assert read.status == 200
    statuses = sorted(a.status for a, _ in answers)
    refused = [(a, took) for a, took in answers if a.status != 200]
    assert 200 in statuses and 503 in statuses and set(statuses) == {200, 503}, statuses
    for answer, took in refused:
        assert answer.code == "busy" and int(answer.headers["Retry-After"]) >= 1, answer
        assert answer.json["detail"], answer
    quick = sorted(took for _, took in refused)[len(refused) // 2]
    assert quick < 1, quick                             # of 40 TLS clients in one Python
    w.person.login()
    assert pids(p) == w.pids


def test_bodies_that_grow(p):
    """A small text that becomes a large message is refused; the gateway's memory stays small."""
    before = largest_mib(p, "gateway")
    bodies = [
        b'{"itemId":"x","form":[' + b",".join([b"{}"] * 300000) + b"]}",
        b'{"itemId":"x","paperMaterials":[' + b",".join([b'""'] * 300000) + b"]}",
        b'{"form":' + b"[" * 500000 + b"]" * 500000 + b"}",
        b'{"a":' * 150000 + b"1" + b"}" * 150000,
        b'{"itemId":"' + b"\\u4e00" * 150000 + b'"}',
        b'{"itemId":' + b"1" * 900000 + b"}",
    ]
    for body in bodies:
        answer = p.http("POST", "/api/v1/cases:apply", raw=body, token=w.person.token,
                        headers={"Content-Type": "application/json"})
        assert answer.status in (400, 413), (body[:30], answer)
        assert answer.json["code"], answer
    assert pids(p) == w.pids
    grown = largest_mib(p, "gateway") - before
    assert grown < room_mib(p), grown


class Door:
    """The broker's local door, spoken to byte by byte (docs/bus.md)."""

    def __init__(self, platform):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect("ipc://%s/run/broker" % platform.folder)
        self.say(1)

    def close(self):
        self.socket.close()
        self.context.term()

    def say(self, command, number=0, name=b"", parts=(), timeout_ms=0):
        header = b"YW01" + struct.pack(">BBHIQ", command, 0, 0, timeout_ms, number)
        self.socket.send_multipart([header + bytes([len(name)]) + name + b"\0", *parts])

    def call(self, name, body, number):
        """Status of the answer and its body, of a call that says it comes from yw."""
        self.say(2, number, name, [META, body], 5000)
        end = time.time() + 10
        while time.time() < end:
            if self.socket.poll(500):
                header, *parts = self.socket.recv_multipart()
                if header[4] == 3 and struct.unpack_from(">Q", header, 12)[0] == number:
                    return header[5], parts[0]
        raise AssertionError("no answer")


SERVICE_FIELD = 7                # of Meta (proto/yiwang/envelope.proto)
META = bytes([SERVICE_FIELD << 3 | 2, 2]) + b"yw"
OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED = 0, 3, 8


def test_messages_that_grow(p):
    """4 MiB of two-byte fields ask for twenty times as much: each service says no and lives."""
    before = {name: largest_mib(p, name) for name in ("identity", "catalog", "case")}
    door = Door(p)
    try:
        unknown = b"\x78\x00" * ((4 << 20) // 2 - 8)
        rubbish = random.Random(1).randbytes(100000)
        number = 1
        for service in (b"identity", b"catalog", b"case"):
            assert door.call(service + b".CheckHealth", b"", number)[0] == OK
            status, body = door.call(service + b".CheckHealth", unknown, number + 1)
            assert status in (INVALID_ARGUMENT, RESOURCE_EXHAUSTED) and body, (service, status, body)
            status, body = door.call(service + b".FindTrace", rubbish, number + 2)
            assert status == INVALID_ARGUMENT and body, (service, status, body)
            number += 3
    finally:
        door.close()
    assert pids(p) == w.pids
    grown = {name: largest_mib(p, name) - before[name] for name in before}
    assert max(grown.values()) < room_mib(p), grown


def test_revoked_session(p):
    """REQ: U-03 - signed out on one device: its token is refused within two seconds, others stay."""
    other = Person(p, 4).login()
    assert other.get("/api/v1/cases").status == 200
    done = other.http("DELETE", "/api/v1/sessions/current")
    assert done.status == 200, done
    begin = time.time()
    until(lambda: other.get("/api/v1/cases").status == 401, 2)
    assert time.time() - begin < 2
    refused = other.get("/api/v1/cases")
    assert refused.code and "WWW-Authenticate" in refused.headers, refused
    w.person.login()
    assert w.person.get("/api/v1/cases").status == 200


def test_revoked_session_after_a_restore(p):
    """REQ: U-03 - identity's database comes from a backup and numbers revocations again: none is missed."""
    first, second = Person(p, 4).login(), Person(p, 4).login()
    assert first.http("DELETE", "/api/v1/sessions/current").status == 200
    until(lambda: first.get("/api/v1/cases").status == 401, 3)
    db = sqlite3.connect("%s/data/identity.db" % p.folder, timeout=10)
    with db:
        assert db.execute("DELETE FROM revocations").rowcount > 0
    db.close()
    assert second.http("DELETE", "/api/v1/sessions/current").status == 200
    until(lambda: second.get("/api/v1/cases").status == 401, 4)


def test_expired_token(p):
    """REQ: U-03 - after its time a token is refused with a code that says so; the refresh token goes on."""
    time.sleep(max(0, w.early_at + 10.5 - time.time()))
    answer = w.early.get("/api/v1/cases")
    assert answer.status == 401 and answer.code == "token_expired", answer
    fresh = p.post("/api/v1/sessions:refresh", {"refreshToken": w.early.session["refreshToken"]})
    assert fresh.status == 200, fresh
    assert p.get("/api/v1/cases", token=fresh.json["accessToken"]).status == 200
    assert pids(p) == w.pids
