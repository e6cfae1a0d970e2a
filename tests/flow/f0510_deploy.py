"""How it is installed and watched: keys, health of one process, metrics, installation, containers' settings.

`make compose-test` runs the containers themselves.
"""
import os
import re
import shutil
import signal
import ssl
import stat
import subprocess
import tempfile

from harness import ROOT, until

OWN = True                       # it stops processes
DEPLOY = os.path.join(ROOT, "deploy")


def read(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


def test_health_of_one_process(p):
    """REQ: O-01 O-02 - what a container's health check asks: one process, does it work."""
    for name in ("broker", "identity", "catalog", "case", "gateway"):
        done = p.yw("doctor", "--service", name)
        assert done.stdout.startswith("ok") and len(done.stdout.splitlines()) == 1, done.stdout
    os.kill(p.pid("case"), signal.SIGSTOP)      # its pid is there, its socket is open
    try:
        done = p.yw("doctor", "--service", "case", check=False)
        assert done.returncode == 1 and done.stdout.startswith("BAD"), done
        assert p.yw("doctor", "--service", "catalog", check=False).returncode == 0
    finally:
        os.kill(p.pid("case"), signal.SIGCONT)
    until(lambda: p.yw("doctor", "--service", "case", check=False).returncode == 0)
    assert p.yw("doctor", "--service", "nobody", check=False).returncode != 0


def test_metrics_for_prometheus(p):
    """REQ: O-03 - what only the operator sees, in Prometheus' format; a service that hangs is 0."""
    text = p.yw("metrics").stdout
    for line in ('yiwang_service_ok{service="case"} 1', 'yiwang_broker_ok{broker="1"} 1',
                 'yiwang_events_parked{service="case"} 0', 'yiwang_broker_workers{broker="1",service="case"} 1'):
        assert line in text.splitlines(), (line, text)
    assert re.search(r'^yiwang_disk_free_bytes\{service="case"\} \d{6,}$', text, re.M), text
    assert re.search(r'^yiwang_bus_refused_total\{broker="1",reason="busy"\} 0$', text, re.M), text
    families = re.findall(r"^# TYPE (\w+)", text, re.M)
    assert len(families) == len(set(families)), families
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert done.returncode == 0, done
    os.kill(p.pid("catalog"), signal.SIGSTOP)
    try:
        assert 'yiwang_service_ok{service="catalog"} 0' in p.yw("metrics").stdout
    finally:
        os.kill(p.pid("catalog"), signal.SIGCONT)
    until(lambda: p.yw("doctor", "--service", "catalog", check=False).returncode == 0)


def test_init_hands_each_process_its_own_keys(p):
    """REQ: O-01 - secrets are files, made once, closed; nobody gets another's."""
    folder = tempfile.mkdtemp(prefix="yiwang-init-")
    yw = os.path.join(p.out, "bin", "yw")

    def init(*words):
        return subprocess.run([yw, "--config", "/dev/null", "init", *words], cwd=folder,
                              capture_output=True, text=True, timeout=20)
    try:
        words = ("--host", "zwfw.example,10.0.0.5", "gateway=g", "identity=i", "broker=b", "service=s")
        done = init(*words)
        assert done.returncode == 0, done
        assert {n: sorted(os.listdir(os.path.join(folder, n))) for n in "gibs"} == {
            "g": ["gateway.crt", "gateway.key", "pages.key", "token.public"],
            "i": ["master.key", "token.public", "token.secret"],
            "b": ["broker.curve", "broker.curve.pub"], "s": ["master.key", "token.public"]}
        keys = os.path.join(folder, "data", "keys")
        for name in os.listdir(keys):
            mode = stat.S_IMODE(os.stat(os.path.join(keys, name)).st_mode)
            assert mode & 0o077 == (0o044 if name.endswith((".crt", ".curve.pub")) else 0), (name, oct(mode))
        seen = ssl._ssl._test_decode_cert(keys + "/gateway.crt")
        assert seen["subjectAltName"] == (("DNS", "zwfw.example"), ("IP Address", "10.0.0.5")), seen
        before = {n: read(keys, n) for n in os.listdir(keys)}
        assert init(*words).returncode == 0
        assert before == {n: read(keys, n) for n in os.listdir(keys)}, "a key was written over"
        # A certificate of one's own is handed on by the next init.
        with open(keys + "/gateway.crt", "a") as f:
            f.write("\n")
        assert init("gateway=g").stdout.count("handed") == 1
        assert read(folder, "g", "gateway.crt") == read(keys, "gateway.crt")
        # Half a pair is half a restore: nothing is made to go with it.
        os.remove(keys + "/token.public")
        done = init()
        assert done.returncode == 1 and "token.secret" in done.stderr, done
        assert init("--host", "a b").returncode != 0 and init("nonsense").returncode == 2
    finally:
        shutil.rmtree(folder)


def test_installation(p):
    """REQ: O-07 - `make install`: an installation stands alone; what was installed runs."""
    folder = tempfile.mkdtemp(prefix="yiwang-install-")
    try:
        def install():
            return subprocess.run([DEPLOY + "/install.sh", p.out, folder, "/usr"], check=True,
                                  capture_output=True, text=True).stdout
        install()
        config = read(folder, "etc", "yiwang", "yiwang.conf")
        for line in ("run_dir = /run/yiwang", "data_dir = /var/lib/yiwang", "pages = /usr/share/yiwang/pages",
                     "static = /usr/share/yiwang/static", "starter = /usr/share/yiwang/starter"):
            assert line in [x.split("  ")[0].rstrip() for x in config.splitlines()], (line, config)
        for name in ("broker", "gateway", "identity", "catalog", "case", "yw"):
            assert os.access(os.path.join(folder, "usr/lib/yiwang", name), os.X_OK), name
        assert os.path.exists(os.path.join(folder, "usr/share/yiwang/pages/home.html")) or \
            len(os.listdir(os.path.join(folder, "usr/share/yiwang/pages"))) > 5
        done = subprocess.run([folder + "/usr/lib/yiwang/gateway", "--check-pages", folder + "/usr/share/yiwang/pages",
                               folder + "/usr/share/yiwang/static"], capture_output=True, text=True)
        assert done.returncode == 0, done
        assert subprocess.run([folder + "/usr/bin/yw"], capture_output=True).returncode == 2
        for unit in ("yiwang.service", "yiwang-backup.service", "yiwang-backup.timer"):
            assert "@PREFIX@" not in read(folder, "usr/lib/systemd/system", unit)
        # The operator's settings are his: a second installation leaves them alone and says so.
        with open(os.path.join(folder, "etc/yiwang/yiwang.conf"), "a") as f:
            f.write("# mine\n")
        assert "stays" in install() and "# mine" in read(folder, "etc/yiwang/yiwang.conf")
    finally:
        shutil.rmtree(folder)


def test_containers_settings_are_explained(p):
    """REQ: O-01 - .env.example has every setting of docker-compose.yml, with its default and no secret."""
    used = dict(re.findall(r"\$\{(YW_\w+):-([^}]*)\}", read(DEPLOY, "docker-compose.yml")))
    told = dict(re.findall(r"^(YW_\w+)=(.*)$", read(DEPLOY, ".env.example"), re.M))
    assert used == told, set(used.items()) ^ set(told.items())
    assert not re.search(r"^\w*(KEY|SECRET|PASSWORD|TOKEN)\w*=", read(DEPLOY, ".env.example"), re.M)


def test_alerts_are_of_metrics_that_exist(p):
    """REQ: O-03 - each name in the alert rules is one that some process gives, or Prometheus itself."""
    rules = read(DEPLOY, "prometheus", "rules.yml")
    given = p.yw("metrics").stdout + "yiwang_backup_timestamp_seconds "
    for service in ("", "?service=identity", "?service=catalog", "?service=case"):
        answer = p.get("/metrics" + service)
        assert answer.status == 200, answer
        given += answer.body.decode()
    for name in set(re.findall(r"yiwang_[a-z_]+", rules)):
        assert re.search(r"\b%s\b" % name, given), name
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "rules", DEPLOY + "/prometheus/rules.yml"],
                              capture_output=True, text=True)
        assert done.returncode == 0, done
