"""yiwang.py - asks the platform from a department's own system, over ZeroMQ with CURVE.

    client = yiwang.Client("tcp://host:5571", "housing.key", "broker.curve.pub")
    detail = client.call("case.GetCaseForSystem", case_pb2.GetCaseForSystemRequest(id=...), case_pb2.CaseDetail)

Needs python3-zmq and python3-protobuf.  It knows nothing but the public protocol (docs/bus.md) and the
messages made from proto/ (`make kits` puts them into yiwang/ beside this file).  One client, one thread.
"""
import os
import re
import struct
import time
import uuid

import zmq

__path__ = [os.path.join(os.path.dirname(os.path.abspath(__file__)), "yiwang")]  # yiwang.case_pb2 ...

from yiwang.envelope_pb2 import Meta  # noqa: E402  (after __path__)
from yiwang.status_pb2 import Status  # noqa: E402

READY, CALL, ANSWER, DRAIN, BYE, HEARTBEAT, CANCEL = range(1, 8)
BODY_BYTES_MAX = 4 << 20
PAUSE_S = 0.5                    # before a call is tried again, when the answer does not say

NAMES = ("OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED "
         "RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE "
         "DATA_LOSS UNAUTHENTICATED").split()


class Error(Exception):
    """A call that was refused or failed.

    status      "PERMISSION_DENIED" and so on, the names of gRPC
    code        stable, for programs: "not_granted", "case.version_changed"
    message     a Chinese sentence for people
    violations  the fields at fault, each with .field, .code, .message
    """

    def __init__(self, status, code, message, violations=(), retry_after_s=0):
        super().__init__("%s %s: %s%s" % (status, code, message, "".join(
            "\n  %s: %s" % (v.field, v.message) for v in violations)))
        self.status, self.code, self.message = status, code, message
        self.violations, self.retry_after_s = list(violations), retry_after_s


def keys(path):
    """The keys of a file that `yw key make` wrote: {"public": ..., "secret": ...}."""
    with open(path, encoding="utf-8") as file:
        return {kind: key.encode() for kind, key in
                re.findall(r'(public|secret)-key\s*=\s*"([^"]{40})"', file.read())}


class Client:
    def __init__(self, endpoint, key_file, broker_file):
        self.endpoint = endpoint
        self.own, self.broker = keys(key_file), keys(broker_file)
        self.context = zmq.Context()
        self.socket = None
        self.number = 0

    def close(self):
        try:
            if self.socket:
                self._say(BYE)
                self.socket.close(linger=1000)
        except Error:
            pass                                        # nobody to say it to
        self.context.term()

    def call(self, method, request, answer_type, timeout=5.0, key=None):
        """Gives the answer, or raises Error.

        Calls that change something carry an idempotency key: what is tried again under the same key
        happens once, for ever.  Give your own `key` when your program may ask again after a restart.
        What is unavailable is tried again until `timeout` seconds have passed.
        """
        end = time.monotonic() + timeout
        meta = Meta(idempotency_key=key or uuid.uuid4().hex).SerializeToString()
        body = request.SerializeToString()
        if len(body) > BODY_BYTES_MAX:
            raise Error("INVALID_ARGUMENT", "too_large", "请求超过 4 MiB。")
        while True:
            try:
                answer = answer_type()
                answer.ParseFromString(self._ask(method, meta, body, end))
                return answer
            except Error as error:
                pause = error.retry_after_s or PAUSE_S
                if error.status != "UNAVAILABLE" or time.monotonic() + pause >= end:
                    raise
                time.sleep(pause)

    # --- one attempt -----------------------------------------------------------

    def _ask(self, method, meta, body, end):
        if not self.socket:
            self._connect()
        self.number += 1
        self._say(READY)        # the broker forgets who is silent for 4 s: each call says hello again
        self._say(CALL, [meta, body], name=method, timeout_ms=max(1, int((end - time.monotonic()) * 1000)))
        while time.monotonic() < end + 1:               # the platform keeps the deadline; we only wait for it
            if not self.socket.poll(1000):
                self._say(HEARTBEAT)
                continue
            header, *parts = self.socket.recv_multipart()
            command, status, number = header[4], header[5], struct.unpack_from(">Q", header, 12)[0]
            if command == ANSWER and number == self.number:
                if status:
                    raise self._error(parts[0])
                return parts[0]
            if command == BYE:
                self._disconnect()
                raise Error("UNAVAILABLE", "worker_lost", "连接已断开，结果未知。")
        self._disconnect()                              # nothing of this call shall be sent later
        raise Error("DEADLINE_EXCEEDED", "no_answer", "平台没有应答：请检查地址、密钥和网络。")

    def _error(self, body):
        status = Status.FromString(body)
        name = NAMES[status.status] if 0 <= status.status < len(NAMES) else "UNKNOWN"
        return Error(name, status.code, status.message, status.violations, status.retry_after_ms / 1000)

    def _say(self, command, parts=(), name="", timeout_ms=0):
        number = self.number if command == CALL else 0
        header = (b"YW01" + struct.pack(">BBHIQ", command, 0, 0, timeout_ms, number)
                  + bytes([len(name)]) + name.encode() + b"\0")
        try:
            self.socket.send_multipart([header, *parts], zmq.DONTWAIT)
        except zmq.Again:                               # libzmq gives up a connection whose key was refused
            self._disconnect()
            raise Error("UNAUTHENTICATED", "key_refused", "平台不接受本系统的密钥：请检查是否已登记、是否有效。") from None

    def _connect(self):
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_serverkey = self.broker["public"]
        self.socket.curve_publickey, self.socket.curve_secretkey = self.own["public"], self.own["secret"]
        self.socket.connect(self.endpoint)

    def _disconnect(self):
        self.socket.close(linger=0)
        self.socket = None
