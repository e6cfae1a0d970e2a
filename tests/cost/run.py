"""Instructions of the most used methods, compared with table.txt.

    run.py OUT            fails when a method takes 5 % more (or 10 % less) than the table says
    run.py OUT --update   writes the table; commit it with the change that explains it

callgrind counts; the numbers do not depend on what else the machine does, only on compiler and libraries: those
of Debian 12 on amd64, gcc.  Elsewhere nothing is compared.
"""
import os
import platform
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TABLE = os.path.join(HERE, "table.txt")
MORE, LESS = 1.05, 0.90         # less: the table shall be made anew, so that later growth is seen


def measure(program):
    """{method: instructions of one call}"""
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["valgrind", "--tool=callgrind", "--collect-atstart=no", "-q",
                               "--callgrind-out-file=%s/out" % folder, program],
                              cwd=ROOT, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise SystemExit("%s: %s%s" % (program, done.stdout, done.stderr))
        for name in os.listdir(folder):
            text = open(os.path.join(folder, name)).read()
            who = re.search(r"^desc: Trigger: Client Request: (\S+)/(\d+)$", text, re.M)
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.M)
            if who and total:
                costs[who[1]] = int(total[1]) // int(who[2])
    return costs


def read_table():
    with open(TABLE) as f:
        return {w[0]: int(w[1]) for w in (line.split() for line in f) if w and w[0] != "#"}


def comparable(out):
    release = open("/etc/os-release").read() if os.path.exists("/etc/os-release") else ""
    return platform.machine() == "x86_64" and 'VERSION_ID="12"' in release and "ID=debian" in release \
        and os.path.basename(os.path.normpath(out)) == "plain"


def main():
    out = sys.argv[1]
    costs = {}
    for name in sorted(os.listdir(os.path.join(out, "cost"))):
        if re.fullmatch(r"cost_[a-z]+", name):
            costs.update(measure(os.path.join(os.path.abspath(out), "cost", name)))
    if "--update" in sys.argv:
        with open(TABLE, "w") as f:
            f.write("# instructions of one call (tests/cost/README.md)\n")
            for name in sorted(costs):
                f.write("%-28s %9d\n" % (name, costs[name]))
        print("wrote %s" % os.path.relpath(TABLE, ROOT))
        return 0
    if not comparable(out):
        print("another system or variant: instructions are not compared")
        print("0 passed, 0 failed")
        return 0
    table = read_table()
    failed = 0
    for name in sorted(set(table) | set(costs)):
        was, now = table.get(name), costs.get(name)
        good = was and now and was * LESS <= now <= was * MORE
        failed += not good
        print("%-4s %-28s %9s -> %9s  %s" % ("ok" if good else "BAD", name, was or "-", now or "-",
                                            "%+.1f %%" % (100 * (now / was - 1)) if was and now else ""))
    if failed:
        print("if that is meant: make cost COST=--update, and commit the table with its reason")
    print("%d passed, %d failed" % (len(set(table) | set(costs)) - failed, failed))
    return 1 if failed else 0


sys.exit(main())
