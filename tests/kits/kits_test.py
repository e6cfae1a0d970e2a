#!/usr/bin/python3
"""The kits for department systems against the real broker, with stand-ins for identity and case.

    kits_test.py [--out build/plain]         after `make all kits`; ends with "N passed, N failed"

The stand-ins are workers in this file, over the local door: so this also shows that the protocol of
docs/bus.md is enough to write a worker in another language.
"""
import argparse
import hashlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import zmq

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KIT = os.path.join(ROOT, "build", "kits", "python")
sys.path.insert(0, KIT)
import yiwang  # noqa: E402
from yiwang import case_pb2 as case, identity_pb2 as identity, status_pb2  # noqa: E402

READY, CALL, ANSWER, DRAIN, BYE, HEARTBEAT, CANCEL = range(1, 8)
FILE = b"%PDF-1.7 " + b"drawing " * 200000          # two parts of a file
CASE_ID = "01KAAAAAAAAAAAAAAAAAAAAAAA"


def header(command, status=0, window=0, call=0, name=b""):
    return b"YW01" + struct.pack(">BBHIQB", command, status, window, 0, call, len(name)) + name + b"\0"


class Worker(threading.Thread):
    """A service of the platform in twenty lines; `handle(method, sender, body)` gives (status, message)."""

    def __init__(self, endpoint, name, handle):
        super().__init__(daemon=True)
        self.endpoint, self.service, self.handle, self.stop = endpoint, name.encode(), handle, False

    def run(self):
        context = zmq.Context()
        link = context.socket(zmq.DEALER)
        link.connect(self.endpoint)
        link.send(header(READY, window=8, name=self.service))
        beat = time.monotonic()
        while not self.stop:
            if time.monotonic() - beat > 1:
                link.send(header(HEARTBEAT))
                beat = time.monotonic()
            if not link.poll(100):
                continue
            head, *parts = link.recv_multipart()
            if head[4] == BYE:
                link.send(header(READY, window=8, name=self.service))
            if head[4] != CALL:
                continue
            size = head[20]
            name, sender = head[21:21 + size].decode(), head[22 + size:].decode()
            status, message = self.handle(name, sender, parts[1])
            link.send_multipart([header(ANSWER, status=status, call=struct.unpack(">Q", head[12:20])[0]),
                                 message.SerializeToString()])
        link.send(header(BYE))
        link.close(linger=1000)
        context.term()


class Case:
    """As much of the case service as a department sees."""

    def __init__(self):
        self.restart()

    def restart(self):
        self.calls, self.senders = [], set()
        self.version, self.state, self.stages_done = 3, case.STATE_SUBMITTED, 0

    def status(self):
        return 0, case.CaseStatus(id=CASE_ID, number="A-1", state=self.state, version=self.version)

    def change(self, request, state):
        if request.version != self.version:
            return 9, status_pb2.Status(status=9, code="case.version_changed", message="版本已变化")
        self.version, self.state = self.version + 1, state
        return self.status()

    def handle(self, method, sender, body):
        self.calls.append(method)
        self.senders.add(sender)
        return getattr(self, method.split(".")[1])(body)

    def Watch(self, body):
        request = case.WatchRequest.FromString(body)
        if request.cursor == 0:
            return 0, case.WatchAnswer(cursor=1, changes=[case.Change(seq=1, case_id=CASE_ID, state=self.state)])
        return 0, case.WatchAnswer(cursor=1)

    def GetCaseForSystem(self, body):
        assert case.GetCaseForSystemRequest.FromString(body).id == CASE_ID
        file = case.File(id="f1", file_name="图纸.pdf", size=len(FILE), complete=True,
                         hash=hashlib.blake2b(FILE, digest_size=32).hexdigest())
        return 0, case.CaseDetail(
            summary=case.CaseSummary(id=CASE_ID, number="A-1", state=self.state, version=self.version, item_name="施工许可"),
            form=[case.FormValue(name="address", value="中山路 1 号")],
            materials=[case.Material(material_id="m1", name="图纸", files=[file])],
            stages=[case.Stage(stage_id="s%d" % n, number=n, name="审查%d" % n, state=case.STAGE_STATE_PENDING)
                    for n in (1, 2)])

    def GetFile(self, body):
        request = case.GetFileRequest.FromString(body)
        return 0, case.FilePart(size=len(FILE), data=FILE[request.offset:request.offset + (1 << 20)])

    def Accept(self, body):
        return self.change(case.AcceptRequest.FromString(body), case.STATE_ACCEPTED)

    def FinishStage(self, body):
        self.stages_done += 1
        return self.change(case.FinishStageRequest.FromString(body),
                           case.STATE_DECIDING if self.stages_done == 2 else case.STATE_REVIEWING)

    def Decide(self, body):
        return self.change(case.DecideRequest.FromString(body), case.STATE_GRANTED)

    def Refuse(self, body):
        return 3, status_pb2.Status(status=3, code="invalid", message="请求有误", violations=[
            status_pb2.Violation(field="text", code="required", message="请填写理由")])


class Bench:
    def __init__(self, out):
        self.out = out
        self.folder = tempfile.mkdtemp(prefix="yiwang-kits-")
        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        self.address = "tcp://127.0.0.1:%d" % probe.getsockname()[1]
        probe.close()
        self.local = "ipc://%s/run/broker" % self.folder
        self.config = os.path.join(self.folder, "config")
        with open(self.config, "w") as file:
            file.write("[platform]\nrun_dir = {0}/run\ndata_dir = {0}/data\nkey_dir = {0}/keys\nlog = warn\n"
                       "[broker]\ndepartment_address = {1}\n".format(self.folder, self.address))
        self.server_file = os.path.join(self.folder, "keys", "broker.curve.pub")
        self.key = self.make_key("housing")
        self.stranger = self.make_key("stranger")
        self.case = Case()
        self.start_broker()
        Worker(self.local, "identity", self.identity).start()
        self.worker = Worker(self.local, "case", self.case.handle)
        self.worker.start()
        for _ in range(100):
            if os.path.exists(self.server_file):
                break
            time.sleep(0.05)

    def start_broker(self):
        self.broker = subprocess.Popen([os.path.join(self.out, "bin", "broker"), self.config])

    def make_key(self, name):
        path = os.path.join(self.folder, name + ".key")
        public, secret = zmq.curve_keypair()
        with open(path, "w") as file:
            file.write('metadata\ncurve\n    public-key = "%s"\n    secret-key = "%s"\n' % (public.decode(), secret.decode()))
        return path

    def identity(self, method, _sender, _body):
        assert method == "identity.ListSystemKeys"
        methods = ["case." + m for m in ("Watch", "GetCaseForSystem", "GetFile", "Accept", "FinishStage", "Decide", "Refuse")]
        return 0, identity.SystemKeyList(keys=[identity.SystemKey(
            public_key=yiwang.keys(self.key)["public"].decode(), system_id="housing-1", department_id="housing", methods=methods)])

    def client(self, key=None):
        return yiwang.Client(self.address, key or self.key, self.server_file)

    def close(self):
        self.broker.terminate()
        self.broker.wait(20)
        shutil.rmtree(self.folder)


HANDLED = ["case.Accept", "case.FinishStage", "case.FinishStage", "case.Decide"]


def run_example(bench, command):
    bench.case.restart()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    changes = [call for call in bench.case.calls if call in HANDLED]
    assert changes == HANDLED, bench.case.calls
    assert bench.case.state == case.STATE_GRANTED
    assert bench.case.senders == {"system:housing-1:housing"}, bench.case.senders


def python_example_handles_a_case(bench):
    run_example(bench, ["/usr/bin/python3", os.path.join(KIT, "example.py"), bench.address, bench.key,
                        bench.server_file, "--case", CASE_ID])
    assert bench.case.calls.count("case.GetFile") == 2


def c_example_handles_a_case(bench):
    run_example(bench, [os.path.join(bench.out, "kits", "example"), bench.address, bench.key, bench.server_file])


def refused(call, status, code):
    try:
        call()
    except yiwang.Error as error:
        assert (error.status, error.code) == (status, code), str(error)
        assert error.message
        return error
    raise AssertionError("not refused")


def what_was_not_granted_is_refused(bench):
    client = bench.client()
    error = refused(lambda: client.call("case.Withdraw", case.WithdrawRequest(), case.CaseStatus),
                    "PERMISSION_DENIED", "not_granted")
    assert "case.Withdraw" in error.message
    client.close()


def faults_come_with_their_fields(bench):
    client = bench.client()
    error = refused(lambda: client.call("case.Refuse", case.RefuseRequest(), case.CaseStatus), "INVALID_ARGUMENT", "invalid")
    assert [(v.field, v.code) for v in error.violations] == [("text", "required")]
    client.close()


def an_unknown_key_hears_nothing(bench):
    client = bench.client(bench.stranger)
    refused(lambda: client.call("case.Watch", case.WatchRequest(), case.WatchAnswer, timeout=10),
            "UNAUTHENTICATED", "key_refused")
    done = subprocess.run([os.path.join(bench.out, "kits", "example"), bench.address, bench.stranger, bench.server_file],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "不接受本系统的密钥" in done.stderr, done.stderr
    client.close()


def examples_are_short(_bench):
    for path in ("kits/python/example.py", "kits/c/example.c"):
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            assert len(file.readlines()) <= 60, path


def a_service_that_restarts_is_waited_for(bench):
    bench.worker.stop = True
    bench.worker.join()
    client = bench.client()
    threading.Timer(1.0, lambda: Worker(bench.local, "case", bench.case.handle).start()).start()
    assert client.call("case.Watch", case.WatchRequest(), case.WatchAnswer, timeout=10).cursor == 1
    client.close()


def a_broker_that_restarts_is_found_again(bench):
    client = bench.client()
    client.call("case.Watch", case.WatchRequest(), case.WatchAnswer)
    bench.broker.kill()
    bench.broker.wait()
    threading.Timer(0.5, bench.start_broker).start()
    assert client.call("case.Watch", case.WatchRequest(), case.WatchAnswer, timeout=15).cursor == 1
    client.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "plain"))
    bench = Bench(os.path.abspath(parser.parse_args().out))
    passed = failed = 0
    for test in (python_example_handles_a_case, c_example_handles_a_case, what_was_not_granted_is_refused,
                 faults_come_with_their_fields, an_unknown_key_hears_nothing, examples_are_short,
                 a_service_that_restarts_is_waited_for, a_broker_that_restarts_is_found_again):
        try:
            test(bench)
            passed += 1
        except Exception as error:                      # noqa: BLE001  (every test is counted)
            failed += 1
            print("FAILED %s: %r" % (test.__name__, error))
    bench.close()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


sys.exit(main())
