"""Every process exchanged under load, one after the other: nobody notices."""
import os
import signal
import socket
import threading
import time
from collections import Counter

from harness import Person, Platform, until
from stream import Books, SignIns, Stream, application, caller

STORY = True
PROCESSES = ("broker", "broker-2", "identity", "catalog", "case", "gateway")


class World:
    """What the tests of this file hand on to each other."""


w = World()


def make(out):
    return Platform(out, "[platform]\nbroker_count = 2\n[yw]\npause_max_ms = 100\n")


class Visitors:
    """Threads that come, read a guide and go: a new connection each time, nothing is asked twice."""

    def __init__(self, platform, path, threads=2):
        self.platform, self.path = platform, path
        self.seen, self.slowest, self.stopping = Counter(), 0, False
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stopping:
            begin = time.time()
            try:
                connection = self.platform.connect()
                connection.request("GET", self.path)
                answer = connection.getresponse()
                answer.read()
                self.seen[answer.status] += 1
                connection.close()
            except OSError as error:
                self.seen[type(error).__name__] += 1
            self.slowest = max(self.slowest, time.time() - begin)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        return self.seen


def test_a_rolling_restart_fails_no_request(p):
    """REQ: O-04 - all six processes are others afterwards; no read and no request with a key failed.

    A write without a key that is in a broker's hands while it is exchanged may rarely be told 503: whether it
    happened is then not known, and only the client could ask again."""
    w.people = [Person(p, i).register().login() for i in (20, 21)]
    w.item, w.body = application(p, w.people[0])
    w.keyless = Person(p, 22).register()
    books = Books(p)
    before = {name: p.pid(name) for name in PROCESSES}
    assert all(before.values()), before
    stream = Stream(p, w.people, w.body, threads=4)
    sign_ins = SignIns(p, w.keyless, threads=2)
    visitors = Visitors(p, "/api/v1/items/" + w.item["id"])
    try:
        stream.wait_for(20)
        for _ in range(2):
            done = p.yw("restart", "--rolling")
            assert len(done.stdout.splitlines()) == len(PROCESSES), done.stdout
            stream.wait_for(20)
            sign_ins.wait_for(5)
    finally:
        receipts = stream.stop()
        statuses = sign_ins.stop()
        seen = visitors.stop()
    after = {name: p.pid(name) for name in PROCESSES}
    assert all(after[name] not in (0, before[name]) for name in PROCESSES), (before, after)
    assert not stream.failed(), Counter(stream.failed())
    unknown = [s for s in statuses if s != 200]
    assert set(unknown) <= {"503 unavailable"} and len(unknown) <= 3, Counter(statuses)
    assert set(seen) == {200}, seen
    books.check(receipts)


def test_the_port_stays_open_while_the_gateway_is_away(p):
    """REQ: O-04 - killed, and not back for a moment: who connects waits, nobody is refused."""
    old = p.pid("gateway")
    os.kill(old, signal.SIGKILL)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", p.port), timeout=5):
            pass
    assert caller(p).get("/api/v1/themes").status == 200
    until(lambda: p.pid("gateway") not in (0, old))


def test_a_gateway_that_does_not_start_replaces_nobody(p):
    """REQ: O-04 - the settings were changed for the worse: the old gateway stays, and yw says so."""
    old = p.pid("gateway")
    good = open(p.config).read()
    with open(p.config, "w") as f:
        f.write(good.replace("[gateway]\n", "[gateway]\nnonsense = 1\n"))
    supervisor = int(open(os.path.join(p.folder, "run", "yw.pid")).read())
    os.kill(supervisor, signal.SIGUSR1)
    until(lambda: "the first one stays" in p.log())
    assert p.pid("gateway") == old
    assert caller(p).get("/api/v1/themes").status == 200
    with open(p.config, "w") as f:
        f.write(good)


def test_restart_is_stop_and_start(p):
    """REQ: O-04 - without --rolling; and a platform that does not run is not rolled."""
    before = {name: p.pid(name) for name in PROCESSES}
    done = p.yw("restart")
    assert "stopped" in done.stdout and "healthy after" in done.stdout, done.stdout
    assert all(p.pid(name) not in (0, before[name]) for name in PROCESSES)
    p.stop()
    refused = p.yw("restart", "--rolling", check=False)
    assert refused.returncode == 1 and "yw start" in refused.stderr, refused
