"""Everything dies again and again, at random, while citizens apply and a department accepts.

Fifteen seconds in `make test`; `make fault` goes on for FAULT_SECONDS (300: some 240 deaths).  A third of the
deaths are freezes (SIGSTOP for a while), which look the same from outside and end otherwise.  Then each client's log is
compared with the databases.
"""
import os
import random
import signal
import statistics
import sys
import threading
import time
import uuid
from collections import Counter

from harness import ROOT, Person, Platform, until
from stream import Stream, application, caller, settle, whole

sys.path.insert(0, os.path.join(ROOT, "build", "kits", "python"))
SECONDS = float(os.environ.get("FAULT_SECONDS", "15"))
PROCESSES = ("broker", "broker-2", "identity", "catalog", "case", "gateway")
ACCEPT = 5                                              # case.ACTION_ACCEPT
DEADLINE_EXCEEDED, UNAVAILABLE = 4, 14                 # whether it happened is not known: ask again


def make(out):
    return Platform(out, "[platform]\nbroker_count = 2\n[yw]\npause_max_ms = 200\n"
                    "[broker]\ndepartment_address_2 =\nheartbeat_ms = 500\n")


class Department(threading.Thread):
    """Accepts what citizens handed in, over ZeroMQ with its key; asks again under one idempotency key until
    it is answered."""

    def __init__(self, platform, receipts):
        super().__init__()
        self.platform, self.receipts, self.accepted, self.errors = platform, receipts, [], []
        self.stopping = False

    def run(self):
        import yiwang
        from yiwang import case_pb2 as case
        client = yiwang.Client("tcp://127.0.0.1:%d" % self.platform.department_port,
                               os.path.join(self.platform.folder, "storm.key"),
                               os.path.join(self.platform.folder, "data", "keys", "broker.curve.pub"))
        at = 0
        while not self.stopping or at < len(self.receipts):
            if at == len(self.receipts):
                time.sleep(0.05)
                continue
            receipt = self.receipts[at]
            request = case.AcceptRequest(id=receipt["caseId"], version=int(receipt["version"]), opinion="受理")
            key = str(uuid.uuid4())
            while True:
                try:
                    client.call("case.Accept", request, case.CaseStatus, timeout=3, key=key)
                    self.accepted.append(receipt["caseId"])
                    break
                except yiwang.Error as error:
                    if error.status not in (DEADLINE_EXCEEDED, UNAVAILABLE):
                        self.errors.append(error)
                        break
                    time.sleep(0.05)
            at += 1
        client.close()


class Reader(threading.Thread):
    """Reads without a pause and without trying again: how much of the time is the platform there?"""

    def __init__(self, platform, path):
        super().__init__()
        self.platform, self.path, self.good, self.bad, self.gaps = platform, path, 0, Counter(), []
        self.stopping = False

    def run(self):
        last = time.time()
        while not self.stopping:
            try:
                answer = self.platform.get(self.path)
                if answer.status == 200:
                    self.good += 1
                    self.gaps.append(time.time() - last)
                    last = time.time()
                else:
                    self.bad[answer.status] += 1
            except OSError as error:
                self.platform.close()
                self.bad[type(error).__name__] += 1
            time.sleep(0.01)
        self.platform.close()


def strike(p, name, freeze):
    """False: it was away already."""
    pid = p.pid(name)
    if not pid:
        return False
    try:
        if not freeze:
            os.kill(pid, signal.SIGKILL)
            return True
        os.kill(pid, signal.SIGSTOP)
        time.sleep(random.uniform(0.2, 1.5))
        os.kill(pid, signal.SIGCONT)
        return True
    except ProcessLookupError:
        return False


def compare(p, receipts, accepted, before):
    """The clients' logs and the databases tell the same story."""
    settle(p)
    rows = p.database("case", "SELECT id, number FROM cases")
    new = {i: n for i, n in rows if i not in before}
    assert len(new) == len(receipts), (len(new), len(receipts))
    for receipt in receipts:
        assert new.get(receipt["caseId"]) == receipt["number"], receipt
    steps = Counter(p.database("case", "SELECT case_id, action FROM timeline"))
    assert all(steps[c, ACCEPT] == 1 for c in accepted), "accepted twice, or not at all"
    assert sum(count for (c, action), count in steps.items() if action == ACCEPT and c in new) == len(accepted)
    told = Counter(c for c, in p.database("identity", "SELECT case_id FROM messages"))
    for receipt in receipts:
        want = 1 + (receipt["caseId"] in accepted)
        assert told[receipt["caseId"]] == want, (receipt, told[receipt["caseId"]], want)
    whole(p)


def test_a_storm(p):
    """REQ: O-04 C-17 - whatever dies, whenever: no acknowledged write is lost, none happened twice."""
    seed = int(os.environ.get("FAULT_SEED", time.time()))
    random.seed(seed)
    people = [Person(p, i).register().login() for i in (23, 24)]
    item, body = application(p, people[0])
    p.yw("key", "make", "storm", "--department", item["departmentId"], "--name", "审批系统", "--file", "storm.key")
    p.yw("key", "grant", "storm", "case.*")
    settle(p)
    before = {i for i, in p.database("case", "SELECT id FROM cases")}
    stream = Stream(p, people, body, threads=4)
    department = Department(p, stream.receipts)
    reader = Reader(caller(p), "/api/v1/items/" + item["id"])
    deaths = Counter()
    try:
        stream.wait_for(5)
        department.start()
        reader.start()
        end = time.time() + SECONDS
        while time.time() < end:
            name, freeze = random.choice(PROCESSES), random.random() < 0.33
            if strike(p, name, freeze):
                deaths["frozen" if freeze else "killed"] += 1
            time.sleep(random.uniform(0.5, 2.0))
            for person in people:                        # tokens live for minutes only
                if SECONDS > 120:
                    until(lambda person=person: person.login(), 20)
        stream.wait_for(10)
    finally:
        receipts = stream.stop()
        reader.stopping = department.stopping = True
        reader.join()
        department.join()
    assert not department.errors, department.errors[:3]
    gaps = sorted(reader.gaps)
    print("seed %d: %s; %d cases, %d accepted; reads: %d good, %s not; longest without a good read %.2f s, 99 %% %.2f s"
          % (seed, dict(deaths), len(receipts), len(department.accepted), reader.good, dict(reader.bad), gaps[-1],
             statistics.quantiles(gaps, n=100)[98]))
    assert sum(deaths.values()) >= SECONDS / 4, deaths
    until(lambda: all(p.pid(name) for name in PROCESSES))
    compare(p, receipts, set(department.accepted), before)
