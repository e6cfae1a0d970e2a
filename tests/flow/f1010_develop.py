"""Pages while they are written: read again when they change, refused when they are wrong."""
import os
import shutil
import subprocess
import tempfile

from harness import ROOT, Browser, Platform, until

PAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pages")
STATIC = os.path.join(ROOT, "services", "gateway", "static")


def make(out):
    folder = tempfile.mkdtemp(prefix="yiwang-pages-")
    shutil.copytree(PAGES, folder, dirs_exist_ok=True)
    platform = Platform(out, "[gateway]\ndevelop = true\nthreads = 2\n", pages=folder)
    platform.pages = folder
    return platform


def write(p, name, text):
    with open(os.path.join(p.pages, name), "w") as f:
        f.write(text)


HEAD = "path: /new\ntitle: 新页\nwho: public\nlayout: plain\n---\n"


def test_changed_pages_are_read_again(p):
    """A new page, a changed one, a wrong one, and the mended one; nobody's request fails meanwhile."""
    b = Browser(p)
    assert b.get("/new").status == 404
    write(p, "new.page", HEAD + "<p id='new'>一</p>")
    until(lambda: b.get("/new").status == 200, 5)
    write(p, "new.page", HEAD + "<p id='new'>二</p>")
    until(lambda: b.get("/new").texts["new"] == "二", 5)
    write(p, "new.page", HEAD + "\n<p id='new'>{{nothing.here}}</p>")
    until(lambda: "new.page:7: " in p.log(), 5)
    for _ in range(50):
        assert b.get("/new").texts["new"] == "二"
    write(p, "new.page", HEAD + "<p id='new'>三</p>")
    until(lambda: b.get("/new").texts["new"] == "三", 5)
    os.remove(os.path.join(p.pages, "new.page"))
    until(lambda: b.get("/new").status == 404, 5)


def test_pages_of_development_are_served(p):
    assert Browser(p).get("/error").status == 200


def test_all_faults_are_told_before_anything_starts(p):
    """The check, and the gateway itself: each fault with file and line, status 1 and 2."""
    folder = tempfile.mkdtemp(prefix="yiwang-pages-")
    try:
        shutil.copytree(PAGES, folder, dirs_exist_ok=True)
        with open(os.path.join(folder, "bad.page"), "w") as f:
            f.write("path: /bad\ntitle: x\nwho: public\nlayout: plain\ndata a: case.Nothing\n---\n{{nix}}\n")
        with open(os.path.join(folder, "worse.page"), "w") as f:
            f.write("path: /\ntitle: x\nwho: public\nlayout: none\n---\n{{{raw}}}\n")
        gateway = os.path.join(p.out, "bin", "gateway")
        done = subprocess.run([gateway, "--check-pages", folder, STATIC], capture_output=True, text=True)
        assert done.returncode == 1, done
        assert "bad.page:5: " in done.stderr and "case.Nothing" in done.stderr, done.stderr
        assert "worse.page:1: / is the path of home.page" in done.stderr, done.stderr
        good = subprocess.run([gateway, "--check-pages", PAGES, STATIC], capture_output=True, text=True)
        assert good.returncode == 0 and not good.stderr, good
        config = os.path.join(folder, "bad.conf")
        with open(p.config) as f, open(config, "w") as g:
            g.write(f.read().replace(p.pages, folder))
        done = subprocess.run([gateway, config], capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and "bad.page:5: " in done.stderr, done
    finally:
        shutil.rmtree(folder)
