"""People who apply while things break, and the books that are looked into afterwards.

Whoever applies does what a good client does: each request has a key of its own and is sent again
under it until it is answered.  Then the books must show each answered case once, and nothing else.
"""
import copy
import os
import random
import re
import threading
import time
import uuid

from harness import fill, until

SECONDS_MAX = 25                 # a request that is not answered by then is a failure


def caller(platform):
    """The same platform, over a connection of one's own: for threads."""
    other = copy.copy(platform)
    other.connection = None
    return other


def insist(platform, path, body, token=None, key=None, tries=None):
    """Asks under one key until there is an answer that settles it.

    `tries`, a list, gets what each single attempt brought: a status, or the name of an error."""
    key = key or str(uuid.uuid4())
    tries = tries if tries is not None else []
    end = time.time() + SECONDS_MAX
    while True:
        try:
            answer = platform.post(path, body, token=token, key=key)
            tries.append(answer.status)
            if answer.status < 500:
                return answer
        except OSError as error:
            platform.close()
            tries.append(type(error).__name__)
        assert time.time() < end, (path, tries)
        time.sleep(0.05 * random.random())


def application(platform, person):
    """What can be handed in at once and on paper: an item that takes it, and its body."""
    for hit in platform.search(page_size=50):
        item = platform.get("/api/v1/items/" + hit["id"]).json
        body = {"itemId": item["id"], "form": fill(item),
                "paperMaterials": [m["id"] for m in item["materials"]]}
        if person.post("/api/v1/cases:apply", body).status == 201:
            return item, body
    raise AssertionError("no item can be applied for on paper")


class Stream:
    """Threads that apply, each on its own connection, until they are told to stop."""

    def __init__(self, platform, people, body, threads=6):
        self.receipts, self.errors, self.tries = [], [], []
        self.stopping = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(caller(platform), people[i % len(people)], body))
                        for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, platform, person, body):
        try:
            while not self.stopping:
                tries = []
                answer = insist(platform, "/api/v1/cases:apply", body, person.token, tries=tries)
                with self.lock:
                    self.tries += tries
                    if answer.status == 201:
                        self.receipts.append(answer.json)
                    else:
                        self.errors.append(answer)
        except Exception as error:                   # a thread's own exception would go unseen
            with self.lock:
                self.errors.append(error)
        finally:
            platform.close()

    def wait_for(self, more):
        """Until so many more cases are receipted: what broke works again."""
        want = len(self.receipts) + more
        until(lambda: len(self.receipts) >= want or self.errors, SECONDS_MAX)

    def failed(self):
        """Attempts that were not answered as they should be, though the next one was."""
        return [t for t in self.tries if t != 201]

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        assert not self.errors, self.errors[:3]
        return self.receipts


class SignIns:
    """Threads that sign in without an idempotency key: what fails here fails for good."""

    def __init__(self, platform, person, threads=4):
        self.statuses, self.stopping = [], False
        self.threads = [threading.Thread(target=self.run, args=(caller(platform), person))
                        for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, platform, person):
        while not self.stopping:
            try:
                answer = platform.post("/api/v1/sessions", {"identifier": person.id_number,
                                                            "password": person.password})
                self.statuses.append(answer.status if answer.status == 200 else
                                     "%d %s" % (answer.status, answer.code))
            except OSError as error:
                self.statuses.append(type(error).__name__)
        platform.close()

    def wait_for(self, more):
        want = len(self.statuses) + more
        until(lambda: len(self.statuses) >= want, SECONDS_MAX)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        return self.statuses


def number(platform, service, sql, *values):
    return platform.database(service, sql, *values)[0][0]


def settle(platform):
    """Waits until every event has arrived and every text has left."""
    for service in ("identity", "catalog", "case"):
        until(lambda: number(platform, service, "SELECT count(*) FROM delivery") == 0, SECONDS_MAX)
    until(lambda: number(platform, "identity", "SELECT count(*) FROM deliveries WHERE state = 1") == 0,
          SECONDS_MAX)


def whole(platform):
    """Every process is well and every audit chain whole, says the doctor."""
    text = ""

    def well():                  # what was just started again may still be on its way
        nonlocal text
        text = platform.yw("doctor", check=False).stdout
        return len(re.findall(r"^ok .*audit chain of \d+ rows is whole$", text, re.M)) == 3 and \
            re.search(r"^ok +path ", text, re.M)
    try:
        until(well, 10)
    except AssertionError:
        raise AssertionError(text)
    assert "refused and wait" not in text, text


class Books:
    """What the databases hold, compared with what was answered since."""

    counts = {
        "cases": ("case", "SELECT count(*) FROM cases"),
        "contents": ("case", "SELECT count(*) FROM case_contents"),
        "receipts kept for repetition": ("case", "SELECT count(*) FROM once WHERE method = 'case.Apply'"),
        "evidence of handing in": ("case", "SELECT count(*) FROM audit WHERE method = 'case.Apply' AND outcome = 0"),
        "steps": ("case", "SELECT count(*) FROM timeline"),
        "messages": ("identity", "SELECT count(*) FROM messages WHERE case_id <> ''"),
        "texts": ("identity", "SELECT count(*) FROM deliveries WHERE message_id IS NOT NULL"),
        "uses of items": ("catalog", "SELECT sum(popularity) FROM items"),
    }

    def __init__(self, platform):
        self.platform = platform
        settle(platform)
        self.before = self.read()

    def read(self):
        return {name: number(self.platform, *question) for name, question in self.counts.items()}

    def check(self, receipts):
        """Each receipt's case is there, has one step and one message; there is nothing else."""
        settle(self.platform)
        grown = {name: count - self.before[name] for name, count in self.read().items()}
        wrong = {name: count for name, count in grown.items() if count != len(receipts)}
        assert not wrong, "%d receipts, but %s" % (len(receipts), wrong)
        numbers = [r["number"] for r in receipts]
        assert len(set(numbers)) == len(numbers), "one number for two cases"
        known = {n for n, in self.platform.database("case", "SELECT number FROM cases")}
        assert known.issuperset(numbers), set(numbers) - known
        told = [c for c, in self.platform.database("identity", "SELECT case_id FROM messages")]
        for receipt in receipts:
            assert told.count(receipt["caseId"]) == 1, receipt
        whole(self.platform)


class Fault:
    """Arms a fault point of a platform that was made with Fault.ENVIRONMENT."""

    ENVIRONMENT = {"YIWANG_FAULT": "@fault"}     # in the folder where yw was started

    def __init__(self, platform, spec):
        self.path = os.path.join(platform.folder, "fault")
        with open(self.path + ".new", "w") as f:
            f.write(spec)
        os.rename(self.path + ".new", self.path)

    def struck(self):
        return not os.path.exists(self.path)
