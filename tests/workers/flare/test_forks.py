import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from workers.flare.forks import Fork, Forks, take_request


@pytest.fixture
def pipe():
    news, tell = os.pipe()
    os.write(tell, b"42\n")
    return Fork(news), tell


def test_a_process_lives_until_its_end_is_told(pipe):
    fork, tell = pipe
    assert (fork.pid, fork.poll()) == (42, None)
    threading.Timer(0.1, os.write, (tell, b"3\n")).start()
    assert fork.wait() == 3
    assert fork.poll() == 3


def test_a_head_that_died_took_the_process_along(pipe):
    fork, tell = pipe
    os.close(tell)
    assert fork.wait() == -signal.SIGKILL


def test_a_process_that_does_not_lead_its_group_yet_is_killed_alone():
    """As one that has been forked, and has not run since."""
    process = subprocess.Popen(["sleep", "600"])
    news, tell = os.pipe()
    os.write(tell, b"%d\n" % process.pid)
    Fork(news).terminate()
    assert process.wait() == -signal.SIGKILL


def test_it_can_be_waited_for_and_looked_at_in_several_threads(pipe):
    fork, tell = pipe
    found = []
    threads = [threading.Thread(target=lambda: found.append(fork.wait())) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    assert fork.poll() is None  # those who wait do not keep others from looking
    os.write(tell, b"0\n")
    os.close(tell)  # as the head does: one of them reads the line, the others hear of the end
    for thread in threads:
        thread.join()
    assert found == [0, 0, 0]


def test_who_waits_hears_of_an_end_that_another_thread_heard_of_just_before():
    """Though the number of a descriptor that was closed then would be another's by now."""
    news, tell = os.pipe()
    os.write(tell, b"42\n")
    taken = []

    class Late(Fork):
        def poll(self):
            if (code := super().poll()) is None:
                os.write(tell, b"3\n")
                os.close(tell)
                assert super().poll() == 3
                taken.extend(os.pipe())
            return code

    assert Late(news).wait() == 3
    assert taken


def test_a_request_arrives_as_it_was_made():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    answers = []

    def answer():
        request, news = take_request(ours)
        answers.append(request)
        os.write(news, b"7\n")

    thread = threading.Thread(target=answer)
    thread.start()
    fork = Forks(theirs).start("a.b", ["-m", "x y"], folder="/", environment={"A": "ö" * 9000})
    thread.join()
    assert fork.pid == 7
    assert answers == [{"module": "a.b", "words": ["-m", "x y"], "folder": "/", "environment": {"A": "ö" * 9000}}]


def test_a_head_that_is_gone_is_an_error():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.close()
    with pytest.raises(OSError, match="pipe"):
        Forks(theirs).start("a.b", [], folder="/", environment={})


def test_nobody_is_left_who_could_ask():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    Forks(theirs).close()
    assert take_request(ours) is None
