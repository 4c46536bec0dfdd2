import json
import os
import select
import signal
import socket
import subprocess
import sys

import pytest

from tests.workers.fakes import is_alive, make_peer, until
from workers.processes.link import BlockingLink, pack_head
from workers.processes.zygote import Order

HOST = (make_peer("h", "host", "10000"),)
GUEST = (make_peer("g", "guest", "9999"),)


@pytest.mark.parametrize("stay", [False, True])
def test_a_daemon_dies_with_the_task_that_made_it(workshop, tmp_path, stay):
    file = tmp_path / "pid"
    run = workshop.run("littering", params={"file": str(file), "stay": stay})
    until(lambda: file.exists() and file.read_text())
    if stay:
        assert is_alive(int(file.read_text()))
        run.handle.kill()
    run.sink.wait()
    until(lambda: not is_alive(int(file.read_text())), patience_s=60)


@pytest.mark.parametrize("what", ["thread", "process"])
def test_a_reusable_component_that_leaves_something_running_gets_no_second_task(workshop, what):
    first, second = (workshop.run("untidy", params={"what": what}) for _ in range(2))
    assert {first.sink.wait().outcome, second.sink.wait().outcome} == {"success"}
    third = workshop.run("untidy", params={"what": what})
    third.sink.wait()
    assert len({first.log, second.log, third.log}) == 3
    until(lambda: not is_alive(int(first.log)))


PROGRAM = """
import os, resource, sys, time
sys.path.append(sys.argv[1])
from workers.processes.brood import go_on
from workers.processes.zygote import Zygote, freeze, redirect, set_limits, take_order
print(sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names), flush=True)
order = take_order(sys.argv[2])
def begin(link, log):
    redirect(log)
    set_limits(order)
    print("limits", *map(resource.getrlimit, (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)))
    print("input", repr(sys.stdin.read()), "link", link.recv(9))
    if link.recv(9) == b"end":
        os._exit(7)
    time.sleep(60)
freeze()
zygote = Zygote(order, begin, load=lambda: zygote.say({"t": "loaded"}))
go_on(zygote.run)
"""


class Worker:
    """The other end of a zygote that has nothing but the standard library."""

    def __init__(self, tree):
        ours, theirs = socket.socketpair()
        order = Order(control=theirs.fileno(), parent=os.getpid(), modules=(), memory_bytes=0, disk_bytes=4096)
        self.zygote = subprocess.Popen(
            [sys.executable, "-S", "-I", "-c", PROGRAM, str(tree), order.render()],
            stdout=subprocess.PIPE, pass_fds=[theirs.fileno()], text=True,
        )  # fmt: skip
        theirs.close()
        self.control = BlockingLink(ours)

    def fork(self, number):
        """Link and output of a new process."""
        link, their_link = socket.socketpair()
        output, their_output = os.pipe()
        request = pack_head({"n": number, "preload": False})
        socket.send_fds(self.control.sock, [request], [their_link.fileno(), their_output])
        their_link.close()
        os.close(their_output)
        return link, open(output)


@pytest.fixture
def worker(repository):
    made = Worker(repository)
    yield made
    made.zygote.kill()
    made.zygote.communicate()
    made.control.sock.close()


def test_a_zygote_needs_the_standard_library_alone(worker):
    """FLARE's interpreter has no package of ours."""
    assert worker.zygote.stdout.readline() == "['__main__', 'workers']\n"


def test_what_is_forked_is_told_with_its_end(worker):
    link, output = worker.fork(3)
    forked, _ = worker.control.recv()
    assert (forked["t"], forked["n"]) == ("forked", 3)
    link.send(b"hello")
    assert output.readline() == "limits (0, 0) (4096, 4096)\n"
    assert output.readline() == "input '' link b'hello'\n"
    link.send(b"end")
    assert worker.control.recv()[0] == {"t": "exit", "pid": forked["pid"], "code": 7}
    ended = select.poll()
    ended.register(output, select.POLLHUP)
    assert ended.poll(60_000)  # the zygote holds no end of it
    assert output.read() == ""
    assert os.getpgid(worker.zygote.pid) == worker.zygote.pid


def test_a_request_may_be_to_load_and_no_more(worker):
    worker.control.send({"preload": True})
    assert worker.control.recv()[0] == {"t": "loaded"}


@pytest.mark.parametrize("how", ["close", "deaf", "kill"])
def test_all_end_with_the_zygote_and_the_zygote_with_its_worker(worker, how):
    link, _ = worker.fork(1)
    pid = worker.control.recv()[0]["pid"]
    if how != "kill":
        if how == "deaf":  # it is told of another process, and ends before it has read that
            worker.fork(2)
            told = select.poll()
            told.register(worker.control.sock, select.POLLIN)
            assert told.poll(60_000)
        worker.control.sock.close()
        assert worker.zygote.wait(60) == 0
    else:
        worker.zygote.send_signal(signal.SIGTERM)  # that is the worker's to say
        assert worker.zygote.poll() is None
        worker.zygote.kill()
    until(lambda: not is_alive(pid))
    link.close()


def test_an_order_is_read_as_it_was_written():
    order = Order(control=3, parent=4, modules=["a"], memory_bytes=0, disk_bytes=1)
    assert Order(**json.loads(order.render().ljust(2048))) == order
