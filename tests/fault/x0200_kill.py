"""Processes killed and restarted while several people apply without a pause.

Books are checked after each: what was answered is there once, every event arrived, the chains are
whole.  Requests carry keys, so a client that repeats never needs to know what happened.
"""
import os
import signal
import time
from collections import Counter

from harness import Person, Platform, until
from stream import Books, SignIns, Stream, application, whole


STORY = True


class World:
    """What the tests of this file hand on to each other."""


w = World()


def make(out):
    return Platform(out, "[yw]\npause_max_ms = 100\n")


def under_load(p, breaking, settled=10):
    """Applies in several threads while `breaking` does its work; the stream, its books in order."""
    books = Books(p)
    stream = Stream(p, w.people, w.body)
    try:
        stream.wait_for(settled)
        breaking(stream)
        stream.wait_for(settled)
    finally:
        receipts = stream.stop()
    books.check(receipts)
    return stream


def test_services_killed_in_turn(p):
    """REQ: O-04 C-17 - kill -9 of each service: no answered case is lost, none is there twice."""
    w.people = [Person(p, i).register().login() for i in (0, 1, 2)]
    w.item, w.body = application(p, w.people[0])

    def breaking(stream):
        for name in ("case", "identity", "catalog", "case"):
            p.kill(name)
            stream.wait_for(20)
    under_load(p, breaking)


def test_broker_killed(p):
    """REQ: O-04 - the broker keeps nothing, so nothing is lost with it."""
    def breaking(stream):
        for _ in range(2):
            p.kill("broker")
            stream.wait_for(20)
    under_load(p, breaking)


def test_gateway_killed(p):
    """REQ: O-04 - connections break; who asks again under the same key has one case."""
    def breaking(stream):
        for _ in range(2):
            p.kill("gateway")             # which looks that another one took its place
            stream.wait_for(20)
    under_load(p, breaking)


def test_services_restarted_without_a_failed_request(p):
    """REQ: O-04 - SIGTERM and start again: not one request fails, because each is finished or passed on;
    also those without a key, which nobody may repeat."""
    keyless = SignIns(p, Person(p, 3).register())       # whose new sessions end older ones

    def breaking(stream):
        for name in ("case", "identity", "catalog", "case", "identity"):
            p.kill(name, signal.SIGTERM)
            stream.wait_for(20)
            keyless.wait_for(10)
    try:
        stream = under_load(p, breaking)
    finally:
        statuses = keyless.stop()
    assert not stream.failed(), stream.failed()
    assert set(statuses) == {200}, Counter(statuses)


def test_broker_restarted_without_a_failed_request(p):
    """REQ: O-04 - the broker answers what it holds, says goodbye, and is joined again."""
    def breaking(stream):
        p.kill("broker", signal.SIGTERM)
        stream.wait_for(20)
    stream = under_load(p, breaking)
    assert not stream.failed(), stream.failed()


def test_gateway_restarted(p):
    """REQ: O-04 - requests that it has taken are answered; new ones wait at the port for its successor."""
    def breaking(stream):
        p.kill("gateway", signal.SIGTERM)
        stream.wait_for(20)
    stream = under_load(p, breaking)
    bad = [t for t in stream.failed() if isinstance(t, int)]
    assert not bad, bad


def test_all_at_once(p):
    """REQ: O-04 - power fails for everything but yw: it is back by itself, and the books are in order."""
    def breaking(stream):
        begin = time.time()
        names = ["broker", "identity", "catalog", "case", "gateway"]
        old = {name: p.pid(name) for name in names}
        for name in names:
            os.kill(old[name], signal.SIGKILL)
        until(lambda: all(p.pid(name) not in (0, old[name]) for name in names))
        stream.wait_for(20)
        w.back_s = time.time() - begin
    under_load(p, breaking)
    assert w.back_s < 8, w.back_s
    whole(p)
