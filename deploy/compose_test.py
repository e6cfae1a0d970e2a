#!/usr/bin/python3
"""The containers from nothing to gone: what `make compose-test` does once there is an engine.

    compose_test.py WORK_FOLDER

Ends with "N passed, N failed", and with 1 when something failed.
"""
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tests", "flow"), os.path.join(ROOT, "tests", "fault")]
from harness import Person, Platform, free_port, until  # noqa: E402
from stream import Books, Stream, application  # noqa: E402

WORK = sys.argv[1]
COMPOSE = shlex.split(os.environ["COMPOSE"])
PROJECT = os.environ["COMPOSE_PROJECT_NAME"]
SERVICES = ("identity", "catalog", "case")
LASTING = ("broker", "broker-2") + SERVICES + ("gateway", "keeper", "metrics", "prometheus")
MIB = 1 << 20
SIZE_MAX = 60 * MIB                  # of the image above its base

ports = {name: free_port() for name in ("https", "departments", "departments2", "prometheus")}
ENVIRONMENT = dict(
    os.environ, YW_IMAGE=PROJECT, YW_TAG="one", YW_REVISION="one", YW_RATE="0",
    YW_HTTPS="127.0.0.1:%d" % ports["https"], YW_PROMETHEUS="127.0.0.1:%d" % ports["prometheus"],
    YW_DEPARTMENTS_1="127.0.0.1:%d" % ports["departments"],
    YW_DEPARTMENTS_2="127.0.0.1:%d" % ports["departments2"],
    YW_WATCH_NET="172.30.201", YW_BACKUP_HOUR="off")


# --- docker ---------------------------------------------------------------------------------

def run(*command, check=True, limit=900, environment=None):
    done = subprocess.run(command, cwd=os.path.join(ROOT, "deploy"), env=environment or ENVIRONMENT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit)
    if check and done.returncode != 0:
        raise AssertionError("%s: %d\n%s%s" % (" ".join(command), done.returncode, done.stdout[-3000:],
                                              done.stderr[-3000:]))
    return done


def compose(*arguments, **rest):
    return run(*COMPOSE, *arguments, **rest)


def container(service):
    found = compose("ps", "-a", "-q", service, check=False).stdout.split()
    if not found:                                   # 1.29 has no -a for a service that ended
        found = compose("ps", "-q", service).stdout.split()
    return found[0]


def inspect(service):
    return json.loads(run("docker", "inspect", container(service)).stdout)[0]


def health(service):
    state = inspect(service)["State"]
    return state["Health"]["Status"] if "Health" in state else state["Status"]


def is_well(service):
    return health(service) in ("healthy", "running")


def volume(name):
    return json.loads(run("docker", "volume", "inspect", "%s_%s" % (PROJECT, name)).stdout)[0]["Mountpoint"]


def inside(service, *command, check=True):
    return compose("exec", "-T", service, *command, check=check)


def crash(service):
    """As a bug would: `docker kill` would be an order, after which nothing is started again."""
    old = inspect(service)["State"]
    os.kill(old["Pid"], signal.SIGKILL)
    begin = time.time()

    def is_back():
        state = inspect(service)["State"]
        return state["Running"] and state["StartedAt"] != old["StartedAt"]
    until(is_back, 60)
    until(lambda: is_well(service), 60)
    return time.time() - begin


# --- the platform as the other tests know it ------------------------------------------------

YW = """#!/bin/sh
# yw of the demo and the books, in a container.
[ "$1" != --config ] || shift 2
cd %(deploy)s
file=
count=$#
while [ "$count" -gt 0 ]; do
    word=$1; shift; count=$((count - 1))
    if [ "$word" = --file ]; then
        file=$1; shift; count=$((count - 1))
        set -- "$@" --file /tmp/handed.key
    else
        set -- "$@" "$word"
    fi
done
case "$1" in
doctor) exec %(compose)s run --rm -T --no-deps yw "$@" ;;
esac
%(compose)s exec -T keeper yw "$@" </dev/null || exit
[ -z "$file" ] || { umask 077; %(compose)s exec -T keeper cat /tmp/handed.key </dev/null > "$file"
                    %(compose)s exec -T keeper rm /tmp/handed.key </dev/null; }
"""


class Containers(Platform):
    """What the helpers of the other tests need of a platform, found in the volumes."""

    def __init__(self):
        self.folder = os.path.join(WORK, "platform")
        self.out = os.path.join(self.folder, "out")
        self.config = os.path.join(self.folder, "yiwang.conf")
        self.port, self.department_port = ports["https"], ports["departments"]
        self.environment = ENVIRONMENT
        self.connection = None
        self.people = []
        os.makedirs(os.path.join(self.out, "bin"))
        os.makedirs(os.path.join(self.folder, "data", "keys"))
        with open(self.config, "w") as f:
            f.write("[platform]\ndata_dir = %s/data\n[broker]\ndepartment_address = tcp://127.0.0.1:%d\n"
                    "[gateway]\nport = %d\n" % (self.folder, self.department_port, self.port))
        wrapper = os.path.join(self.out, "bin", "yw")
        with open(wrapper, "w") as f:
            f.write(YW % {"deploy": os.path.join(ROOT, "deploy"), "compose": " ".join(map(shlex.quote, COMPOSE))})
        os.chmod(wrapper, 0o755)

    def find_volumes(self):
        data = os.path.join(self.folder, "data")
        for name in SERVICES:
            os.symlink(os.path.join(volume("data-" + name), name + ".db"), os.path.join(data, name + ".db"))
        os.symlink(os.path.join(volume("data-identity"), "messages.jsonl"), os.path.join(data, "messages.jsonl"))
        os.symlink(os.path.join(volume("keys-broker"), "broker.curve.pub"),
                   os.path.join(data, "keys", "broker.curve.pub"))


# --- the steps -------------------------------------------------------------------------------

def size_of(image):
    return int(run("docker", "image", "inspect", "-f", "{{.Size}}", image).stdout)


def test_build(p):
    """one Dockerfile, two images, labels"""
    compose("build", limit=3000)
    image = json.loads(run("docker", "image", "inspect", PROJECT + ":one").stdout)[0]
    labels = image["Config"]["Labels"]
    assert labels["org.opencontainers.image.revision"] == "one", labels
    assert labels["org.opencontainers.image.version"] == "one", labels
    assert image["Config"]["User"] == "10001:10001", image["Config"]["User"]
    above = image["Size"] - size_of(os.environ["YW_BASE"])
    assert above <= SIZE_MAX, above
    return "%.1f MiB above the base of %.1f MiB" % (above / MIB, size_of(os.environ["YW_BASE"]) / MIB)


def test_up(p):
    """docker-compose up: every process healthy, starter data there"""
    begin = time.time()
    compose("up", "-d", limit=600)
    until(lambda: all(is_well(s) for s in LASTING), 180)
    took = time.time() - begin
    until(lambda: inspect("starter")["State"]["Status"] == "exited", 120)
    assert inspect("starter")["State"]["ExitCode"] == 0
    assert inspect("init")["State"]["ExitCode"] == 0
    p.find_volumes()
    assert len(p.search("施工许可")) > 0
    return "healthy after %.0f s, starter data after %.0f s" % (took, time.time() - begin)


def test_walls(p):
    """nobody is root, nothing can be written, nothing more can be had; services have no network"""
    for service in LASTING:
        seen = inspect(service)
        host, config = seen["HostConfig"], seen["Config"]
        assert config["User"] == "10001:10001", (service, config["User"])
        assert host["ReadonlyRootfs"] and not host["Privileged"], service
        assert host["CapDrop"] == ["ALL"] and not host["CapAdd"], service
        assert any("no-new-privileges" in o for o in host["SecurityOpt"]), service
        assert host["Memory"] > 0 and host["PidsLimit"] > 0, service
        assert host["LogConfig"]["Config"].get("max-size"), service
        networks = {n.replace(PROJECT + "_", "") for n in seen["NetworkSettings"]["Networks"]}
        want = {"gateway": {"edge", "watch"}, "broker": {"departments"}, "broker-2": {"departments"},
                "metrics": {"watch"}, "prometheus": {"watch"}}.get(service, {"none"})
        assert networks == want, (service, networks)
        status = inside(service, "cat", "/proc/1/status").stdout
        assert re.search(r"^CapEff:\s+0+$", status, re.M) and re.search(r"^CapBnd:\s+0+$", status, re.M), status
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M), status
        assert inside(service, "touch", "/etc/x", check=False).returncode != 0
        assert inside(service, "touch", "/var/lib/yiwang/x", check=False).returncode != 0


def test_secrets(p):
    """secrets are files; each process has its own and no other's; none in environment or image"""
    held = {s: set(inside(s, "ls", "/etc/yiwang/keys").stdout.split()) for s in SERVICES + ("gateway", "broker")}
    assert held == {
        "identity": {"master.key", "token.secret", "token.public"},
        "catalog": {"master.key", "token.public"}, "case": {"master.key", "token.public"},
        "gateway": {"token.public", "pages.key", "gateway.key", "gateway.crt"},
        "broker": {"broker.curve", "broker.curve.pub"}}, held
    assert ".db" not in inside("gateway", "ls", *("/data/" + s for s in SERVICES)).stdout
    assert inside("case", "ls", "/data/identity", "/data/catalog", "-1").stdout.count(".db") == 0
    keys = volume("keys")
    secrets = [open(os.path.join(keys, name)).read().strip() for name in ("master.key", "token.secret", "pages.key")]
    places = run("docker", "image", "inspect", PROJECT + ":one").stdout
    places += run("docker", "history", "--no-trunc", PROJECT + ":one").stdout
    places += "".join(json.dumps(inspect(s)) for s in LASTING)
    for service in LASTING:
        places += run("docker", "logs", container(service)).stdout
    assert not [s for s in secrets if s in places]
    for name in os.listdir(keys):
        mode = os.stat(os.path.join(keys, name)).st_mode & 0o777
        assert mode == (0o644 if name.endswith((".pub", ".crt")) else 0o600), (name, oct(mode))


def test_demo(p):
    """the main job, from search to decision, with a department's system outside"""
    done = run("/usr/bin/python3", os.path.join(ROOT, "tests", "demo", "demo.py"), "--config", p.config,
               "--out", p.out, check=False, limit=300)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout.strip().splitlines()[-1]


def test_doctor(p):
    """yw doctor from the operator's container finds all well"""
    done = compose("run", "--rm", "-T", "--no-deps", "yw", "doctor", check=False)
    assert done.returncode == 0 and "all is well" in done.stdout, done.stdout + done.stderr
    assert compose("exec", "-T", "keeper", "yw", "status").stdout.count("ready") == 3


def prometheus(question):
    with urllib.request.urlopen("http://127.0.0.1:%d/api/v1/%s" % (ports["prometheus"], question), timeout=10) as a:
        return json.load(a)["data"]


def test_watch(p):
    """Prometheus has every process and the operator's view; no alert"""
    def all_up():
        targets = prometheus("targets")["activeTargets"]
        return len(targets) == 5 and all(t["health"] == "up" for t in targets)
    until(all_up, 60)
    for name in ("yiwang_service_ok", "yiwang_broker_ok", "yiwang_events_parked", "yiwang_disk_free_bytes",
                 "yiwang_http_requests_total", "yiwang_calls_total", "node_textfile_mtime_seconds"):
        until(lambda: prometheus("query?query=" + name)["result"], 60)
    fires = [a["labels"]["alertname"] for a in prometheus("alerts")["alerts"] if a["state"] == "firing"]
    assert not fires, fires
    return "%d rules" % sum(len(g["rules"]) for g in prometheus("rules")["groups"])


def test_crashes(p):
    """every process is killed and comes back"""
    took = {s: crash(s) for s in LASTING}
    assert len(p.search("施工许可")) > 0
    return ", ".join("%s %.0f s" % pair for pair in took.items())


def test_health_sees_a_hang(p):
    """a process that stands still is called unhealthy, though its port and pid are there"""
    pid = inspect("case")["State"]["Pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        begin = time.time()
        until(lambda: health("case") == "unhealthy", 60)
        took = time.time() - begin
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: is_well("case"), 60)
    return "after %.0f s" % took


def under_load(p, change, more=60):
    if not p.people:                                # a mobile gets one code a minute
        p.people = [Person(p, i).register() for i in (6, 7)]
    people = [person.login() for person in p.people]
    item, body = application(p, people[0])
    books = Books(p)
    stream = Stream(p, people, body, threads=4)
    try:
        stream.wait_for(more)
        begin = time.time()
        change()
        took = time.time() - begin
        stream.wait_for(more)
    finally:
        receipts = stream.stop()
    assert not stream.failed(), stream.failed()
    books.check(receipts)
    return "%.1f s, %d applications, every request answered at the first try" % (took, len(receipts))


def test_upgrade(p):
    """a service is exchanged for another image under load; no request fails"""
    new = dict(ENVIRONMENT, YW_TAG="two", YW_REVISION="two")
    compose("build", "init", environment=new, limit=3000)
    old = inspect("case")["Image"]

    def change():
        compose("up", "-d", "--no-deps", "case", environment=new)
    said = under_load(p, change)
    until(lambda: is_well("case"), 60)
    assert inspect("case")["Image"] != old
    return said


def test_broker_upgrade(p):
    """a broker is exchanged under load; no request fails, the other one carries on"""
    new = dict(ENVIRONMENT, YW_TAG="two", YW_REVISION="two")

    def change():
        compose("up", "-d", "--no-deps", "broker", environment=new)
        until(lambda: is_well("broker"), 60)
    return under_load(p, change)


def test_backup(p):
    """the backup job: a backup of the running platform that verifies, and its age is known"""
    done = inside("keeper", "/usr/lib/yiwang/jobs/backup.sh", "/var/backups/yiwang")
    assert "3 databases" in done.stdout and "all is well" in done.stdout, done.stdout
    until(lambda: "yiwang_backup_timestamp_seconds" in
          inside("keeper", "cat", "/var/lib/yiwang-metrics/yiwang.prom").stdout, 60)
    return re.search(r"[\d.]+ MiB, \d+ ms; writes waited \d+ ms", done.stdout).group()


def test_restore(p):
    """what was lost comes back: stop, restore, start; the databases before are kept aside"""
    person = Person(p, 8).register().login()
    item, body = application(p, person)
    number = person.post("/api/v1/cases:apply", body).json["number"]
    inside("keeper", "/usr/lib/yiwang/jobs/backup.sh", "/var/backups/yiwang")
    names = inside("keeper", "ls", "/var/backups/yiwang").stdout.split()
    name = sorted(n for n in names if n[0].isdigit())[-1]
    late = person.post("/api/v1/cases:apply", body).json["number"]
    refused = compose("run", "--rm", "-T", "--no-deps", "--entrypoint", "/usr/lib/yiwang/jobs/restore.sh", "keeper",
                      name, check=False)
    assert refused.returncode != 0 and "stop it first" in refused.stderr, refused
    p.close()
    compose("stop", limit=120)
    done = compose("run", "--rm", "-T", "--no-deps", "--entrypoint", "/usr/lib/yiwang/jobs/restore.sh", "keeper", name)
    assert "all is well" in done.stdout and "restored " + name in done.stdout, done.stdout
    compose("up", "-d", limit=300)
    until(lambda: all(is_well(s) for s in LASTING), 180)
    numbers = [n for n, in p.database("case", "SELECT number FROM cases")]
    assert number in numbers and late not in numbers
    assert person.login().token and person.post("/api/v1/cases:apply", body).status == 201


class NotHere(Exception):
    """This machine cannot do it; neither passed nor failed."""


def test_systemd(p):
    """the other way, make install and systemd: the unit with its sandbox starts, is mended, backs up, stops"""
    name = PROJECT + "-systemd"
    recipe = ("FROM %s:one\nUSER root\nRUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "
              "--no-install-recommends systemd >/dev/null && rm -rf /data /var/lib/yiwang /etc/yiwang/keys\n" % PROJECT)
    subprocess.run(["docker", "build", "-q", "-t", name, "-"], input=recipe, text=True, check=True,
                   capture_output=True, timeout=600)
    run("docker", "rm", "-f", name, check=False)
    # systemd wants to mount; the platform inside gets less than it would on a host, never more.
    started = run("docker", "run", "-d", "--name", name, "--network", "none", "--cap-add", "SYS_ADMIN",
                  "--cap-add", "SYS_PTRACE", "--security-opt", "seccomp=unconfined", "--security-opt",
                  "apparmor=unconfined", "--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp",
                  "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw", name, "/lib/systemd/systemd", check=False)

    def on(*command, check=True):
        return run("docker", "exec", name, *command, check=check).stdout

    def yw(*command, check=True):
        return on("runuser", "-u", "yiwang", "--", "yw", *command, check=check)
    try:
        try:
            until(lambda: on("systemctl", "is-system-running", check=False).strip() in ("running", "degraded"), 30)
        except AssertionError:
            raise NotHere("systemd does not start in a container here: " + started.stderr.strip())
        on("systemctl", "start", "yiwang")
        until(lambda: "all is well" in yw("doctor", check=False), 30)
        yw("starter")
        assert yw("restart", "--rolling").count("->") == 5
        on("sh", "-c", "kill -9 $(awk '/^case/{print $2}' /run/yiwang/processes)")
        until(lambda: "all is well" in yw("doctor", check=False), 30)
        on("systemctl", "start", "yiwang-backup")
        assert on("ls", "/var/lib/yiwang-backup").split()[-1] == "last"
        on("systemctl", "stop", "yiwang")
        assert on("systemctl", "show", "yiwang", "-p", "Result", "--value").strip() == "success"
        left = on("sh", "-c", "cat /proc/[0-9]*/comm")
        assert "gateway" not in left and "broker" not in left, left
    finally:
        run("docker", "rm", "-f", name, check=False)
        run("docker", "rmi", name, check=False)


def test_down(p):
    """everything ends in order, and nothing is left but what is named"""
    p.close()
    compose("stop", limit=120)
    for service in ("broker",) + SERVICES + ("gateway",):
        assert inspect(service)["State"]["ExitCode"] == 0, (service, inspect(service)["State"])
    compose("down", "-v", "--remove-orphans", limit=120)
    left = run("docker", "ps", "-a", "-q", "--filter", "label=com.docker.compose.project=" + PROJECT).stdout
    assert not left, left


STEPS = [test_build, test_up, test_walls, test_secrets, test_demo, test_doctor, test_watch, test_crashes,
         test_health_sees_a_hang, test_upgrade, test_broker_upgrade, test_backup, test_restore, test_systemd, test_down]


def main():
    p = Containers()
    compose("down", "-v", "--remove-orphans", check=False, limit=120)
    passed = failed = 0
    words = os.environ.get("STEPS", "").split()
    for step in STEPS:
        if words and step.__name__[5:] not in words + ["build", "up", "down"]:
            continue
        if failed and step is not test_down and passed < 2:
            continue                                # nothing runs that could be looked at
        if step is test_down and os.environ.get("KEEP"):
            continue
        begin = time.time()
        try:
            said = step(p)
            passed += 1
            print("ok   %s (%.0f s)%s" % (step.__doc__, time.time() - begin, ": " + said if said else ""), flush=True)
        except NotHere as reason:
            print("--   %s: not run: %s" % (step.__doc__, reason), flush=True)
        except Exception as error:                  # the next step may still tell something
            failed += 1
            print("FAIL %s (%.0f s)\n%s: %s" % (step.__doc__, time.time() - begin, type(error).__name__, error),
                  flush=True)
            print(compose("ps", check=False).stdout)
            print(compose("logs", "--tail=5", check=False).stdout[-6000:])
    if failed and not os.environ.get("KEEP"):
        compose("down", "-v", "--remove-orphans", check=False, limit=120)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
