#!/usr/bin/python3
"""Runs the numbered flow tests against real processes; the first red one is the likely cause.

    run.py [--out build/plain] [--folder tests/flow] [WORD...]     only files whose name contains
                                                                   one of the words
A file f0100_name.py holds functions test_*(platform), run in the order they stand there, each
with a sentence that may name clauses of docs/requirements.md: "REQ: C-17 ...".  A file may set
SETTINGS (configuration text) or OWN = True to get a platform of its own, and STORY = True when each
test goes on where the one before ended.  What settings cannot say, make(out) can: it gives a
platform that is not started yet.
"""
import argparse
import glob
import importlib
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Platform  # noqa: E402


def tests_of(module):
    found = [(f.__code__.co_firstlineno, name, f) for name, f in vars(module).items()
             if name.startswith("test_") and callable(f) and f.__module__ == module.__name__]
    return [(name, f) for _, name, f in sorted(found)]


def run_file(module, platform, keep):
    passed = failed = 0
    story = getattr(module, "STORY", False)
    for name, function in tests_of(module):
        if story and failed:
            failed += 1
            print("  --   %s: not run, the story broke before" % name[5:])
            continue
        begin = time.time()
        try:
            function(platform)
            passed += 1
            print("  ok   %-60s %5.0f ms" % (name[5:], 1000 * (time.time() - begin)), flush=True)
        except Exception:
            failed += 1
            print("  FAIL %s: %s" % (name[5:], (function.__doc__ or "").strip()))
            traceback.print_exc(file=sys.stdout)
            lines = [l for l in platform.log().splitlines() if '"level":"info"' not in l and '"status":2' not in l
                     and "/healthz" not in l]
            print("\n".join("       " + l for l in lines[-15:]), flush=True)
            if keep:
                print("       the platform's folder stays: " + platform.folder)
                os._exit(1)
    return passed, failed


def new_reports(platform):
    """Whatever a process answered: when it wrote a sanitizer's report it is broken.  Their number."""
    reports = platform.reports()
    fresh = reports[getattr(platform, "told", 0):]
    platform.told = len(reports)
    for report in fresh:
        print("  FAIL a process reports:")
        print("\n".join("       " + line for line in report.splitlines()), flush=True)
    return len(fresh)


def end(platform):
    """Stops and removes; gives the number of failures, because leaks are told at the end only."""
    try:
        platform.stop()
        return new_reports(platform)
    finally:
        platform.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="build/plain")
    parser.add_argument("--folder", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--keep", action="store_true", help="stop at the first failure, leave all running")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()

    passed = failed = 0
    shared = None
    sys.path.insert(0, options.folder)
    for path in sorted(glob.glob(os.path.join(options.folder, "[a-z][0-9]*.py"))):
        name = os.path.basename(path)[:-3]
        if options.words and not any(w in name for w in options.words):
            continue
        print(name, flush=True)
        module = importlib.import_module(name)
        own = getattr(module, "OWN", False) or hasattr(module, "SETTINGS") or hasattr(module, "make")
        platform = None
        try:
            if hasattr(module, "make"):
                platform = module.make(options.out)
                platform.start()
            elif own:
                platform = Platform(options.out, getattr(module, "SETTINGS", ""))
                platform.start()
            else:
                shared = shared or Platform(options.out).start()
                platform = shared
            p, f = run_file(module, platform, options.keep)
            failed += new_reports(platform)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            p, f = 0, 1
        finally:
            if own and platform:
                failed += end(platform)
        passed, failed = passed + p, failed + f
    if shared:
        failed += end(shared)
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
