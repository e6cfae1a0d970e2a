"""The disk of the databases runs full, and has room again."""
import os
import subprocess
import uuid

from harness import Person, Platform
from stream import Books, application, insist

STORY = True
SIZE = "48m"


class SmallDisk(Platform):
    """A platform whose data folder is a file system of its own, where we may make one."""

    def __init__(self, out):
        super().__init__(out)
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data, 0o700)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700,size=" + SIZE, "tmpfs", self.data],
                              capture_output=True, text=True)
        self.small = done.returncode == 0
        if not self.small:
            print("  skipped: no file system can be mounted here: " + done.stderr.strip())

    def remove(self):
        self.stop()
        if self.small:
            subprocess.run(["umount", "-l", self.data], check=True)
        super().remove()

    def fill(self):
        with open(os.path.join(self.data, "ballast"), "wb", buffering=0) as f:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    pass

    def make_room(self):
        os.remove(os.path.join(self.data, "ballast"))


class World:
    """What the tests of this file hand on to each other."""


w = World()


def make(out):
    return SmallDisk(out)


def test_writes_are_refused(p):
    """REQ: O-04 - full: writing answers 503 with a code and Retry-After, and leaves nothing behind."""
    if not p.small:
        return
    w.person = Person(p, 5).register().login()
    w.item, w.body = application(p, w.person)
    w.books = Books(p)
    w.pids = [p.pid(name) for name in ("identity", "catalog", "case")]
    w.receipts, w.refused = [], []
    p.fill()
    for _ in range(4000):                       # the log may have some room left inside
        key = str(uuid.uuid4())
        answer = p.post("/api/v1/cases:apply", w.body, token=w.person.token, key=key)
        if answer.status == 201:
            w.receipts.append(answer.json)
            continue
        assert answer.status == 503 and answer.code and answer.headers["Retry-After"], answer
        w.refused.append(key)
        if len(w.refused) == 20:
            break
    assert len(w.refused) == 20, len(w.receipts)


def test_reading_goes_on(p):
    """REQ: O-04 - guides, searches and one's own list are there while nothing can be written."""
    if not p.small:
        return
    assert p.get("/api/v1/items/" + w.item["id"]).status == 200
    assert p.search(page_size=5)
    assert p.get("/api/v1/agreement").status == 200
    cases = w.person.get("/api/v1/cases")
    assert cases.status == 200 and cases.json["cases"], cases
    done = p.yw("doctor", check=False)
    assert done.returncode != 0 and "BAD  disk" in done.stdout, done.stdout


def test_room_again(p):
    """REQ: O-04 C-17 - with room it works at once, without a restart; what was refused can be repeated."""
    if not p.small:
        return
    p.make_room()
    for key in w.refused:
        answer = insist(p, "/api/v1/cases:apply", w.body, w.person.token, key)
        assert answer.status == 201, answer
        w.receipts.append(answer.json)
    assert w.pids == [p.pid(name) for name in ("identity", "catalog", "case")]
    w.books.check(w.receipts)
