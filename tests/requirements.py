#!/usr/bin/python3
"""Prints each clause of docs/requirements.md with the tests that name it ("REQ: C-07 C-08").

A test may prove a clause in part; the ledger says which tests, the tests say what.
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = ["tests/flow/f*.py", "tests/fault/*.py", "tests/kits/*.py", "tests/browser/*.js"]


def clauses():
    found = []
    for line in open(os.path.join(ROOT, "docs", "requirements.md"), encoding="utf-8"):
        row = re.match(r"\| ([A-Z]-\d\d) \| (.*?) \| ", line)
        if row:
            found.append((row.group(1), row.group(2)))
    return found


def proofs():
    """Clause id -> names of tests.  A REQ belongs to the function whose docstring it stands in."""
    found = {}
    for pattern in TESTS:
        for path in sorted(glob.glob(os.path.join(ROOT, pattern))):
            name = "?"
            for line in open(path, encoding="utf-8"):
                function = re.match(r"(?:async )?(?:def|function) (\w+)", line)
                if function:
                    name = function.group(1)
                for ids in re.findall(r"REQ:((?: [A-Z]-\d\d)+)", line):
                    for clause in ids.split():
                        found.setdefault(clause, []).append(
                            "%s %s" % (os.path.relpath(path, ROOT), name))
    return found


def main():
    known, proven = clauses(), proofs()
    strange = set(proven) - {c for c, _ in known}
    for clause, text in known:
        mark = "+" if clause in proven else " "
        print("%s %s  %s" % (mark, clause, text if len(text) <= 110 else text[:107] + "..."))
        for test in proven.get(clause, []):
            print("          " + test)
    print("\n%d of %d clauses have tests" % (len([c for c, _ in known if c in proven]), len(known)))
    for clause in sorted(strange):
        print("tests name %s, which docs/requirements.md does not" % clause)
    return bool(strange)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:      # `make requirements | head`
        os._exit(0)
