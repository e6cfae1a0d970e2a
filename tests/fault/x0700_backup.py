"""Backup under load, the loss of everything, restore: what was acknowledged before is there."""
import glob
import os
import shutil
import sqlite3
import uuid

from harness import Person, Platform, until
from stream import Books, Stream, application, insist, number, settle, whole

STORY = True


class World:
    """What the tests of this file hand on to each other."""


w = World()


def make(out):
    return Platform(out)


def backup(p, name, check=True):
    return p.yw("backup", os.path.join(p.folder, name), check=check)


def test_a_backup_under_load_is_one_moment(p):
    """REQ: O-05 - the load sees no failed request; the copies of all services fit together."""
    w.people = [Person(p, i).register().login() for i in (30, 31)]
    w.item, w.body = application(p, w.people[0])
    draft = w.people[0].post("/api/v1/cases", {"itemId": w.item["id"]}).json["id"]
    w.content = b"%PDF-1.4\n" + os.urandom(2500000)
    upload = w.people[0].upload(draft, w.item["materials"][0]["id"], "plan.pdf", w.content)
    assert upload.status == 200, upload
    w.file = "/api/v1/cases/%s/files/%s" % (draft, upload.json["id"])
    w.key = str(uuid.uuid4())
    w.receipt = insist(p, "/api/v1/cases:apply", w.body, w.people[0].token, w.key).json
    w.books = Books(p)
    stream = Stream(p, w.people, w.body)
    try:
        stream.wait_for(60)
        w.before = list(stream.receipts)             # acknowledged before the backup began
        done = backup(p, "monday")
        assert "3 databases" in done.stdout and "keys" in done.stdout, done.stdout
        stream.wait_for(60)
        for name in ("tuesday", "wednesday"):
            backup(p, name)
        stream.wait_for(20)
    finally:
        receipts = stream.stop()
    assert not stream.failed(), stream.failed()
    assert len(receipts) > len(w.before)
    w.books.check(receipts)
    for name in ("monday", "tuesday", "wednesday"):
        done = p.yw("verify", os.path.join(p.folder, name))
        assert "FAULT" not in done.stdout and "1 files with the bytes" in done.stdout, done.stdout
        fits_together(os.path.join(p.folder, name))


def fits_together(folder):
    """Every event of the case service is either to be delivered or has had its effect, exactly one of both,
    and no effect is of a case that the copy does not have."""
    case, identity = (sqlite3.connect("file:%s/%s.db?mode=ro" % (folder, name), uri=True)
                      for name in ("case", "identity"))
    cases = {i for i, in case.execute("SELECT id FROM cases WHERE state <> 1")}
    told = [i for i, in identity.execute("SELECT case_id FROM messages WHERE case_id <> ''")]
    pending = {s for s, in case.execute("SELECT o.seq FROM delivery d JOIN outbox o ON o.seq = d.seq"
                                        " WHERE o.topic = 'case.ApplicantNotified'")}
    taken = {s for s, in identity.execute("SELECT seq FROM inbox WHERE source = 'case'")}
    assert set(told) <= cases, set(told) - cases
    assert len(told) == len(set(told))
    missing = len(cases) - len(told)
    assert missing == len(pending - taken), (missing, pending, taken)
    case.close()
    identity.close()


def test_what_is_no_backup_is_refused(p):
    """REQ: O-05 - a folder in use, a running platform, other keys, a changed byte, an unfinished backup."""
    refused = backup(p, "monday", check=False)
    assert refused.returncode == 1 and "not empty" in refused.stderr, refused
    refused = p.yw("restore", os.path.join(p.folder, "monday"), check=False)
    assert refused.returncode == 1 and "yw stop" in refused.stderr, refused
    settle(p)
    p.stop()
    refused = p.yw("restore", os.path.join(p.folder, "monday"), check=False)
    assert refused.returncode == 1 and "move the old databases away" in refused.stderr, refused
    os.mkdir(os.path.join(p.folder, "lost"))
    for path in glob.glob(os.path.join(p.folder, "data", "*.db*")):
        shutil.move(path, os.path.join(p.folder, "lost"))

    changed = os.path.join(p.folder, "changed")
    shutil.copytree(os.path.join(p.folder, "monday"), changed)
    with open(os.path.join(changed, "case.db"), "r+b") as f:
        f.seek(5000)
        byte = f.read(1)
        f.seek(5000)
        f.write(bytes([byte[0] ^ 1]))
    for command in ("restore", "verify"):
        refused = p.yw(command, changed, check=False)
        assert refused.returncode == 1 and "damaged or changed" in refused.stderr, refused
    os.unlink(os.path.join(changed, "manifest"))
    refused = p.yw("restore", changed, check=False)
    assert refused.returncode == 1 and "no finished backup" in refused.stderr, refused

    key = os.path.join(p.folder, "data", "keys", "master.key")
    good = open(key, "rb").read()
    with open(key, "wb") as f:
        f.write((b"1" if good[:1] == b"0" else b"0") + good[1:])
    refused = p.yw("restore", os.path.join(p.folder, "monday"), check=False)
    assert refused.returncode == 1 and "not the key of this backup" in refused.stderr, refused
    with open(key, "wb") as f:
        f.write(good)
    assert not glob.glob(os.path.join(p.folder, "data", "*.db")), "half restored"


def test_a_restored_platform_goes_on(p):
    """REQ: O-05 C-17 - restore, verify, start: receipts, files and keys are as they were, and new work works."""
    done = p.yw("restore", os.path.join(p.folder, "monday"))
    assert "restored 3 databases" in done.stdout, done.stdout
    done = p.yw("verify")
    assert "all is well" in done.stdout, done.stdout
    p.yw("start")
    known = {n for n, in p.database("case", "SELECT number FROM cases")}
    lost = [r["number"] for r in w.before if r["number"] not in known]
    assert not lost, "%d acknowledged before the backup are gone" % len(lost)
    again = insist(p, "/api/v1/cases:apply", w.body, w.people[0].login().token, w.key)
    assert again.json == w.receipt, again
    other = p.post("/api/v1/cases:apply", dict(w.body, paperMaterials=[]), token=w.people[0].token, key=w.key)
    assert other.status == 409, other
    assert w.people[0].http("GET", w.file).body == w.content
    settle(p)                                        # what was on its way then arrives now
    told = [c for c, in p.database("identity", "SELECT case_id FROM messages")]
    for receipt in w.before:
        assert told.count(receipt["caseId"]) == 1, receipt
    books = Books(p)
    fresh = [insist(p, "/api/v1/cases:apply", w.body, w.people[1].login().token).json for _ in range(3)]
    books.check(fresh)                               # their events are taken for new ones


def test_a_row_that_was_altered_is_found(p):
    """REQ: O-05 - behind the platform's back: an audit row, a file's bytes."""
    p.stop()
    db = sqlite3.connect(os.path.join(p.folder, "data", "case.db"))
    with db:
        db.execute("UPDATE audit SET caller = 'person:somebody' WHERE seq = 5")
        db.execute("UPDATE file_parts SET data = zeroblob(length(data)) WHERE at = 0")
    db.close()
    done = p.yw("verify", check=False)
    assert done.returncode == 1, done
    assert "FAULT audit row 5 was altered" in done.stdout and "FAULT file " in done.stdout, done.stdout
    assert number(p, "case", "SELECT count(*) FROM files WHERE complete = 1") == 1
