"""Two brokers: services join both, callers use the living one."""
import os
import signal
import subprocess
import time

from harness import Person, Platform, until
from stream import Books, Stream, application

STORY = True


class TwoBrokers(Platform):
    """yw runs the first; the second is started here, with a folder of its own."""

    def __init__(self, out):
        super().__init__(out, "[yw]\npause_max_ms = 5000\n")
        text = open(self.config).read()
        run = os.path.join(self.folder, "run")
        self.second_config = os.path.join(self.folder, "second.conf")
        with open(self.second_config, "w") as f:
            f.write("[platform]\nrun_dir = %s-second\ndata_dir = %s/data\n[broker]\ndepartment_address =\n"
                    % (run, self.folder))
        with open(self.config, "w") as f:
            f.write(text.replace("[platform]\n", "[platform]\nbrokers = ipc://%s/broker ipc://%s-second/broker\n"
                                 % (run, run)))
        self.second = None

    def start(self, starter=True):
        self.start_second()
        return super().start(starter)

    def start_second(self):
        log = open(os.path.join(self.folder, "second.log"), "a")
        self.second = subprocess.Popen([os.path.join(self.out, "bin", "broker"), self.second_config],
                                       stdout=log, stderr=log)

    def stop(self):
        super().stop()
        if self.second:
            self.second.terminate()
            self.second.wait(10)
            self.second = None


class World:
    """What the tests of this file hand on to each other."""


w = World()


def make(out):
    return TwoBrokers(out)


def test_either_broker_may_die(p):
    """REQ: O-04 - under load one broker is killed, then the other one: every request is answered."""
    people = [Person(p, i).register().login() for i in (6, 7)]
    item, body = application(p, people[0])
    books = Books(p)
    stream = Stream(p, people, body)
    try:
        stream.wait_for(20)
        p.second.kill()
        p.second.wait()
        stream.wait_for(40)
        p.start_second()
        time.sleep(2)                           # links look again each second
        p.kill("broker")
        stream.wait_for(40)
    finally:
        receipts = stream.stop()
    assert not stream.failed(), stream.failed()
    books.check(receipts)
