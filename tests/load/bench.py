#!/usr/bin/python3
"""Measures the platform beside the floors of its libraries, all in one run (README.md).

    bench.py [--out build/plain] [--minutes 1] [--seconds 5] [WORD...]

WORD: only measures whose name contains it.  Never fails because of a number: a busy machine
is no fault of the code, so the table says "NOT OK" and the exit status is 0.
"""
import argparse
import glob
import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "flow")]
import items  # noqa: E402
from harness import Platform, Person, fill, free_port, until  # noqa: E402

CONNECTIONS = 64
SETTINGS = "[gateway]\naccess_log = off\n"
# People who sign in: as many accounts, so that no account is one queue.
PEOPLE = 4
SEARCHED = 100000


class Bench:
    def __init__(self, options):
        self.out = os.path.abspath(options.out)
        self.minutes, self.seconds, self.rounds = options.minutes, options.seconds, options.rounds
        self.scratch = tempfile.mkdtemp(prefix="yiwang-bench-")
        self.rows, self.notes = [], []
        self.platform = None

    # --- tools -----------------------------------------------------------------------------

    def load(self, name, *arguments, timeout=600):
        done = subprocess.run([os.path.join(self.out, "load", name), *map(str, arguments)],
                              capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise AssertionError("%s: %s%s" % (name, done.stdout, done.stderr))
        return done.stdout

    def wrk(self, port, requests, connections=CONNECTIONS, seconds=None, token=None, keys=False,
            statuses=False, timeout_s=10):
        """Requests [(method, path, body)] over and over; what load.lua tells."""
        plan = self.plan("plan.lua", requests, token, keys, statuses)
        before = self.cpu_seconds()
        done = subprocess.run(
            ["wrk", "-t1", "-c%d" % connections, "-d%ds" % (seconds or self.seconds),
             "--timeout", "%ds" % timeout_s, "-s", os.path.join(HERE, "load.lua"),
             "http://127.0.0.1:%d/" % port, "--", plan], capture_output=True, text=True, timeout=900)
        last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
        if not last.startswith("{"):
            raise AssertionError("wrk: %s%s" % (done.stdout, done.stderr))
        result = json.loads(last)
        result["rate"] = result["requests"] / result["seconds"]
        after = self.cpu_seconds()
        result["cpu_us"] = {name: 1e6 * (after[name] - before.get(name, 0)) / max(1, result["requests"])
                            for name in after}
        return result

    def plan(self, name, requests, token, keys, statuses):
        """What load.lua shall send, as a Lua file; gives its path."""
        path = os.path.join(self.scratch, name)
        headers = {"Host": "localhost"}
        if any(body for _, _, body in requests):
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = "Bearer " + token
        with open(path, "w") as f:
            f.write("return {keys = %s, statuses = %s, seed = %d,\nheaders = {%s},\nrequests = {\n" % (
                str(keys).lower(), str(statuses).lower(), random.randrange(10 ** 9),
                ", ".join("[ %s ] = %s" % (lua(k), lua(v)) for k, v in headers.items())))
            for method, target, body in requests:
                f.write("{%s, %s, %s},\n" % (lua(method), lua(target), lua(body) if body else "nil"))
            f.write("}}\n")
        return path

    def pids(self):
        if not self.platform:
            return {}
        found = {}
        with open(os.path.join(self.platform.folder, "run", "processes")) as f:
            for line in f:
                words = line.split()
                if len(words) > 4 and words[4] == "running":
                    found[words[0]] = int(words[1])
        return found

    def cpu_seconds(self):
        tick = os.sysconf("SC_CLK_TCK")
        found = {}
        for name, pid in self.pids().items():
            with open("/proc/%d/stat" % pid) as f:
                words = f.read().rsplit(")", 1)[1].split()
            found[name] = (int(words[11]) + int(words[12])) / tick
        return found

    def memory_mib(self):
        """Proportional set size of each process: what is shared counts once."""
        found = {}
        pids = dict(self.pids(), supervisor=supervisor_of(self.platform))
        for name, pid in pids.items():
            if not pid:
                continue
            with open("/proc/%d/smaps_rollup" % pid) as f:
                found[name] = int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1)) / 1024
        return found

    def row(self, measure, ours, floor, ratio, p99, wanted, ok):
        self.rows.append((measure, ours, floor, ratio, p99, wanted, ok))
        print("  %-28s %s" % (measure, "ok" if ok else "NOT OK"), flush=True)

    def note_cpu(self, what, result):
        total = sum(result["cpu_us"].values())
        self.notes.append("%s: %.0f us of processor each: %s" % (what, total, ", ".join(
            "%s %.0f" % (n, us) for n, us in sorted(result["cpu_us"].items(), key=lambda x: -x[1]) if us >= 1)))

    def h2o_floor(self, size):
        port = free_port()
        process = subprocess.Popen([os.path.join(self.out, "load", "h2o_floor"), str(port), str(size)])
        try:
            until(lambda: listening(port), 5)
            return self.wrk(port, [("GET", "/", None)])
        finally:
            process.terminate()
            process.wait()

    # --- the platform ----------------------------------------------------------------------

    def start(self):
        self.platform = Platform(self.out, SETTINGS)
        self.platform.start()
        p = self.platform
        path = os.path.join(self.scratch, "guide.json")
        items.write(path, [items.guide_item()])
        p.yw("import", "items", path)
        self.item = until(lambda: p.get("/api/v1/items/LOAD-GUIDE").json)
        self.guide_bytes = len(p.get("/api/v1/items/LOAD-GUIDE").body)
        self.people = [p.person(i) for i in range(PEOPLE)]
        self.apply_body = json.dumps({
            "itemId": self.item["id"], "form": fill(self.item),
            "paperMaterials": [m["id"] for m in self.item["materials"]]}, ensure_ascii=False)
        # The case service has the item when its event came.
        until(lambda: self.people[0].post("/api/v1/cases:apply", json.loads(self.apply_body)).status == 201)

    def stop(self):
        if self.platform:
            self.platform.remove()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def token(self):
        """A fresh one: tokens live five minutes, kept-alive connections less."""
        self.platform.close()
        self.people[0] = Person(self.platform, 0).login()
        return self.people[0].token

    # --- measures: name -> function ------------------------------------------------------------

    def idle(self):
        p = self.platform
        p.stop()
        begin = time.time()
        p.yw("start")                      # ends when all are healthy
        healthy_s = time.time() - begin
        time.sleep(3)
        memory = self.memory_mib()
        total = sum(memory.values())
        self.row("idle memory", "%.0f MiB" % total, "", "", "", "< 96 MiB", total < 96)
        self.row("healthy after start", "%.2f s" % healthy_s, "", "", "", "< 2 s", healthy_s < 2)
        self.notes.append("idle memory (PSS): " + ", ".join("%s %.1f" % x for x in memory.items()) + " MiB")
        self.people = [Person(p, i).login() for i in range(PEOPLE)]

    def compare(self, measure, ours, floor, wanted, p99_ms):
        """`ours()` and `floor()` in turns; the medians.  Gives the median one of ours."""
        mine, floors = [], []
        for _ in range(self.rounds):
            floors.append(floor())
            mine.append(ours())
        best = sorted(mine, key=lambda r: r["rate"])[len(mine) // 2]
        p99 = statistics.median(r["p99_ms"] for r in mine)
        floor_rate = statistics.median(floors)
        ratio = best["rate"] / floor_rate
        for r in mine:
            if r["refused"] or r["broken"]:
                self.notes.append("%s: %d refused, %d broken" % (measure, r["refused"], r["broken"]))
        self.row(measure, "%.0f /s" % best["rate"], "%.0f /s" % floor_rate, "%.0f %%" % (100 * ratio),
                 "%.1f ms" % p99, "%.0f %%, p99 < %d ms" % (100 * wanted, p99_ms),
                 ratio >= wanted and p99 < p99_ms)
        self.note_cpu(measure, best)
        return best

    def guide(self):
        port = self.platform.plain_port
        self.compare("guide by code",
                     lambda: self.wrk(port, [("GET", "/api/v1/items/LOAD-GUIDE", None)]),
                     lambda: self.h2o_floor(self.guide_bytes)["rate"], 0.12, 5)
        self.notes.append("guide: %d bytes of JSON; the floor answers as many" % self.guide_bytes)

    def page(self):
        """The guide as a page, against the same guide as JSON: what rendering costs."""
        port, p = self.platform.plain_port, self.platform
        html = p.http("GET", "/items/LOAD-GUIDE", headers={"Accept": "text/html"})
        assert html.status == 200 and html.headers["Content-Type"].startswith("text/html"), html
        best = self.compare("guide page",
                            lambda: self.wrk(port, [("GET", "/items/LOAD-GUIDE", None)]),
                            lambda: self.wrk(port, [("GET", "/api/v1/items/LOAD-GUIDE", None)])["rate"], 0.60, 10)
        self.notes.append("guide page: %d bytes of HTML, not packed; the floor is our own JSON of %d bytes"
                          % (len(html.body), self.guide_bytes))
        return best

    def submission_rows(self):
        """How many rows one submission writes, by table; found by submitting."""
        def counts():
            tables = [r[0] for r in self.platform.database(
                "case", "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'")]
            found = {t: self.platform.database("case", 'SELECT count(*) FROM "%s"' % t)[0][0] for t in tables}
            # Events leave when they are delivered: the numbers they were given tell how many there were.
            sequence = self.platform.database("case", "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
            found["outbox"] = sequence[0][0] if sequence else 0
            return found
        before = counts()
        answer = self.people[0].post("/api/v1/cases:apply", json.loads(self.apply_body))
        assert answer.status == 201, answer
        after = counts()
        rows = {t: after[t] - before[t] for t in after if after[t] > before[t]}
        rows["delivery"] = rows["outbox"]           # each of its events has one subscriber
        rows["case_numbers"] = 1                    # the day's last number is changed, not added
        return rows

    def submit(self):
        p = self.platform
        self.token()
        rows = self.submission_rows()
        like = os.path.join(self.scratch, "like.db")
        def floor():
            copy_database("%s/data/case.db" % p.folder, like)
            text = self.load("sqlite_floor", like, os.path.join(self.scratch, "floor.db"), CONNECTIONS,
                             self.seconds, *["%s=%d" % r for r in rows.items()])
            os.unlink(os.path.join(self.scratch, "floor.db"))
            return json.loads(text)["submissions_per_second"]
        def ours():
            token = self.token()
            return self.wrk(p.plain_port, [("POST", "/api/v1/cases:apply", self.apply_body)],
                            token=token, keys=True)
        self.compare("submit a case", ours, floor, 0.15, 20)
        self.notes.append("rows of one submission: %d (%s)" % (
            sum(rows.values()), ", ".join("%s %d" % r for r in sorted(rows.items(), key=lambda r: -r[1]))))

    def rpc(self):
        def rate(text, name):
            return float(re.search(r"^%s (\S+) calls/s" % name, text, re.M).group(1))
        ours, direct, proxied, p99 = [], [], [], []
        for _ in range(self.rounds):
            text = self.load("bus_floor", self.seconds)
            direct.append(rate(text, "bus_floor_direct"))
            proxied.append(rate(text, "bus_floor_proxied"))
            text = self.load("bus_bench", self.seconds)
            ours.append(rate(text, "bus_bench"))
            p99.append(float(re.search(r"^bus_bench_p99 (\S+) us", text, re.M).group(1)) / 1000)
        mine, floor = statistics.median(ours), statistics.median(direct)
        self.row("RPC over the bus, window 64", "%.0f /s" % mine, "%.0f /s" % floor,
                 "%.0f %%" % (100 * mine / floor), "%.1f ms" % statistics.median(p99), "40 %",
                 mine >= 0.4 * floor)
        self.notes.append("a bare ROUTER/DEALER zmq_proxy() between the two: %.0f /s" % statistics.median(proxied))

    def logins(self):
        return [("POST", "/api/v1/sessions", json.dumps({"identifier": one.mobile, "password": one.password}))
                for one in self.people]

    def login(self):
        preparers = 2                       # identity.preparers, as it is when not set
        self.compare("password login",
                     lambda: self.wrk(self.platform.plain_port, self.logins(), connections=8,
                                      seconds=2 * self.seconds),
                     lambda: json.loads(self.load("hash_floor", preparers, self.seconds))["hashes_per_second"],
                     0.80, 1000)

    def overload(self):
        """Ten times as many people as can be served: all get an answer, and the queue has an end."""
        result = self.wrk(self.platform.plain_port, self.logins(), connections=1000,
                          seconds=max(10, 2 * self.seconds), statuses=True, timeout_s=60)
        answers = {int(k): n for k, n in result["answers"].items()}
        refused = answers.get(503, 0)
        others = {k: n for k, n in answers.items() if k not in (200, 503)}
        ok = refused > 0 and result["retry_after"] == refused and not others and result["broken"] == 0
        self.row("login overload, 1000 people", "%d in, %d told 503" % (answers.get(200, 0), refused), "", "",
                 "%.0f ms" % result["p99_ms"], "503 + Retry-After", ok)
        self.notes.append("overload: answers %s, %d of the 503 with Retry-After, %d broken, slowest %.0f ms" % (
            answers, result["retry_after"], result["broken"], result["max_ms"]))

    def search(self):
        """In a platform of its own, whose catalog is kept in build/ between runs."""
        first, self.platform = self.platform, None
        first_settings = Platform(self.out, SETTINGS)
        try:
            self.platform = first_settings
            catalog_of(self.platform, self.scratch)
            self.platform.yw("start")
            found = self.platform.get("/api/v1/items", q="施工许可").json
            assert found.get("hits"), found
            requests = [("GET", "/api/v1/items?q=" + urllib.parse.quote(q), None) for q in items.queries()]
            self.wrk(self.platform.plain_port, requests, connections=2, seconds=3)      # warm
            alone = [self.wrk(self.platform.plain_port, requests, connections=1) for _ in range(self.rounds)]
            p99 = statistics.median(r["p99_ms"] for r in alone)
            results = [self.wrk(self.platform.plain_port, requests, connections=2) for _ in range(self.rounds)]
            crowded = statistics.median(r["p99_ms"] for r in results)
            best = sorted(results, key=lambda r: r["rate"])[len(results) // 2]
            count = self.platform.database("catalog", "SELECT count(*) FROM items")[0][0]
            self.row("search, %d items" % count, "%.0f /s" % best["rate"], "", "", "%.1f ms" % p99,
                     "p99 < 15 ms", p99 < 15 and best["refused"] == 0)
            self.note_cpu("search", best)
            self.notes.append("search: the rate is that of 2 connections, which fill both cores; there p99 is %.1f ms"
                              % crowded)
        finally:
            self.platform.remove()
            self.platform = first

    def memory(self):
        """Everything at once, for some minutes: does it grow?"""
        p, seconds = self.platform, int(60 * self.minutes)
        processes = []
        samples = []
        end = time.time() + seconds
        mix = [("GET", "/api/v1/items/LOAD-GUIDE", None),
               ("GET", "/api/v1/items?q=" + urllib.parse.quote("施工许可"), None)]
        reader, writer = None, None
        while time.time() < end:
            if reader is None or reader.poll() is not None:
                reader = self.background(p.plain_port, mix, 32)
            if writer is None or writer.poll() is not None:
                writer = self.background(p.plain_port, [("POST", "/api/v1/cases:apply", self.apply_body)], 16,
                                         token=self.token(), keys=True)
            time.sleep(1)
            samples.append((time.time(), sum(self.memory_mib().values())))
        for process in (reader, writer):
            process.wait()
        # The first fifth fills caches and pools; from there on nothing may grow.
        rest = [m for _, m in samples[len(samples) // 5:]]
        half = len(rest) // 2
        early, late = statistics.mean(rest[:half]), statistics.mean(rest[half:])
        growth = late - early
        ok = growth < max(2.0, 0.03 * early)
        self.row("memory, %g min of load" % self.minutes, "%.0f -> %.0f MiB" % (early, late), "", "", "",
                 "flat", ok)
        self.notes.append("memory under load (PSS of all): " + ", ".join(
            "%.0f" % m for _, m in samples[::max(1, len(samples) // 12)]) + " MiB; at the end: " + ", ".join(
            "%s %.1f" % x for x in self.memory_mib().items()))

    def background(self, port, requests, connections, token=None, keys=False):
        """wrk for half a minute, beside others."""
        plan = self.plan("plan-%d.lua" % connections, requests, token, keys, False)
        return subprocess.Popen(["wrk", "-t1", "-c%d" % connections, "-d30s", "-s", os.path.join(HERE, "load.lua"),
                                 "http://127.0.0.1:%d/" % port, "--", plan],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # --- the table -----------------------------------------------------------------------------------

    def print(self):
        heads = ("measure", "ours", "floor", "ratio", "p99", "wanted", "")
        table = [heads] + [r[:6] + ("ok" if r[6] else "NOT OK",) for r in self.rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
        print()
        for row in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        print()
        for note in self.notes:
            print(note)


MEASURES = ["idle", "rpc", "guide", "page", "submit", "login", "overload", "search", "memory"]


def lua(text):
    """A Lua string of any text: in long brackets, which take everything as it is."""
    level = "=="
    assert "]%s]" % level not in text
    return "[%s[%s]%s]" % (level, text, level)


def listening(port):
    import socket
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def copy_database(path, to):
    """A database in use, as it is at one moment."""
    source = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    target = sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()


def supervisor_of(platform):
    """`yw up`, which watches the others."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"/yw") and platform.config.encode() in words:
            return int(path.split("/")[2])
    return 0


def catalog_of(platform, scratch):
    """Puts the catalog of 100,000 items where `platform` will look; made once, kept in build/load."""
    hash = hashlib.sha256(str(SEARCHED).encode())
    for path in [os.path.join(HERE, "items.py")] + sorted(
            glob.glob(os.path.join(ROOT, "services", "catalog", "schema", "*.sql")) +
            glob.glob(os.path.join(ROOT, "services", "catalog", "*.c"))):
        with open(path, "rb") as f:
            hash.update(f.read())
    kept = os.path.join(ROOT, "build", "load", "catalog-%s.db" % hash.hexdigest()[:12])
    if not os.path.exists(kept):
        begin = time.time()
        make_catalog(platform, scratch, kept)
        print("  (made a catalog of %d items in %.0f s)" % (SEARCHED, time.time() - begin), flush=True)
    data = os.path.join(platform.folder, "data")
    shutil.rmtree(data, ignore_errors=True)
    os.makedirs(data)
    shutil.copy(kept, os.path.join(data, "catalog.db"))


def make_catalog(platform, scratch, kept):
    part = 10000
    platform.yw("start")
    rows = list(items.short_items(SEARCHED))
    for at in range(0, SEARCHED, part):
        path = os.path.join(scratch, "items.json")
        items.write(path, rows[at:at + part])
        platform.yw("import", "items", path)
    # Their events are delivered before the copy, or they would be during the measurement.
    until(lambda: platform.database("catalog", "SELECT count(*) FROM outbox")[0][0] == 0, 600)
    platform.stop()
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    for old in glob.glob(os.path.join(os.path.dirname(kept), "catalog-*.db")):
        os.unlink(old)
    shutil.copy(os.path.join(platform.folder, "data", "catalog.db"), kept + ".new")
    os.rename(kept + ".new", kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "plain"))
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("BENCH_MINUTES", "1")))
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("BENCH_SECONDS", "5")))
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("BENCH_ROUNDS", "3")))
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    bench = Bench(options)
    print("measuring (%d rounds of %d s each, ours and floors in turns)" % (options.rounds, options.seconds), flush=True)
    try:
        bench.start()
        for name in MEASURES:
            if options.words and not any(w in name for w in options.words):
                continue
            try:
                bench.platform.close()          # a kept-alive connection may be too old by now
                getattr(bench, name)()
            except Exception as error:          # the others are still worth measuring
                bench.row(name, "failed", "", "", "", "", False)
                bench.notes.append("%s: %r" % (name, error))
    finally:
        bench.stop()
        bench.print()


if __name__ == "__main__":
    main()
