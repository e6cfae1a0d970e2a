#!/usr/bin/python3
"""Browser tests: a platform with people and cases in every state, and Chromium in front of it.

    run.py [--out build/plain] [--keep] [test|screenshots|lighthouse|serve] [WORD...]

test         every page, the main job in four ways, how it fails; only tests whose name has one of the words
screenshots  PNG of every page into build/screenshots
lighthouse   Lighthouse's scores of the six most used pages
serve        only starts the platform with its people and cases, says where it is, and waits
"""
import argparse
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "flow"))
import world  # noqa: E402
from harness import Platform  # noqa: E402

# `develop`, so that the style guide is there.
SETTINGS = """[gateway]
develop = true
[site]
name = 合肥市政务服务网（示例）
region = 合肥市
phone = 12345
"""
ENDS = {signal.SIGINT, signal.SIGTERM}
SCRIPTS = {"test": "run.mjs", "screenshots": "screenshots.mjs", "lighthouse": "lighthouse.mjs"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="build/plain")
    parser.add_argument("--keep", action="store_true", help="leave the platform running when it ends")
    parser.add_argument("what", nargs="?", default="test", choices=[*SCRIPTS, "serve"])
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()

    platform = Platform(options.out, SETTINGS)
    status = 1
    try:
        begin = time.time()
        platform.start()
        path = os.path.join(platform.folder, "world.json")
        world.write(platform, path)
        print("platform with its people and cases: %.1f s, %s" % (time.time() - begin, platform.folder), flush=True)
        if options.what == "serve":
            print("https://127.0.0.1:%d  world: %s" % (platform.port, path), flush=True)
            signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
            signal.sigwait(ENDS)
            return 0
        environment = dict(os.environ, WORLD=path, BUILD=os.path.join(ROOT, "build"))
        status = subprocess.run(["node", os.path.join(HERE, SCRIPTS[options.what]), *options.words],
                                env=environment, cwd=ROOT).returncode
        reports = platform.reports()
        for report in reports:
            print("  FAIL a process reports:\n%s" % report)
        return 1 if reports else status
    finally:
        if options.keep:
            print("the platform's folder stays: " + platform.folder)
        else:
            platform.remove()


if __name__ == "__main__":
    sys.exit(main())
