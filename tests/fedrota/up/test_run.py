"""One run of `up`, with real signals, in a process of its own."""

import os
import signal
import socket
import time

import psutil
import pytest

from fedrota.up.errors import UpError
from fedrota.up.folder import StateFolder, held, make_folder, recall_parties
from fedrota.up.options import Options, PartySpec
from fedrota.up.ports import find_free_port
from fedrota.up.run import run_detached, run_up
from fedrota.up.voice import Terminal
from tests.workers.fakes import is_alive


def line_of(process):
    return process.stdout.readline().strip()


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(processes):
    return [each for each in processes if is_alive(each.pid)]


@pytest.fixture(autouse=True)
def heeded_hang_ups():
    """What is started here heeds a hang-up, also where the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_in_order(small_system, number):
    up = small_system.start()
    assert line_of(up) == "READY", small_system.errors()
    processes = small_system.processes()
    assert sorted(processes) == ["broker", "gateway", "scheduler", "worker.10000", "worker.9999"]
    up.send_signal(number)
    assert line_of(up) == "LEFT"
    assert up.wait(50) == 0
    assert alive(processes.values()) == []
    assert not (small_system.state / "up.json").exists()


@pytest.mark.parametrize("make_ends", [os.pipe, os.openpty], ids=["reader left", "window closed"])
def test_who_can_no_longer_be_told_still_stops_in_order(small_system, make_ends):
    near, far = make_ends()
    up = small_system.start(lines_to=far)
    os.close(far)
    lines = os.fdopen(near, "rb", buffering=0)
    assert line_of(up) == "READY"
    lines.close()
    up.send_signal(signal.SIGINT)
    assert line_of(up) == "LEFT"
    assert up.wait(50) == 0
    assert not (small_system.state / "up.json").exists()


def test_under_nohup_a_hang_up_means_nothing(small_system):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        up = small_system.start()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert line_of(up) == "READY", small_system.errors()
    up.send_signal(signal.SIGHUP)
    up.terminate()
    assert line_of(up) == "LEFT"
    assert "killing everything" not in small_system.errors()


def test_a_bridge_without_flare_is_refused_before_anything_starts(small_tree, tmp_path, monkeypatch):
    monkeypatch.delenv("FEDROTA_ENGINES", raising=False)
    options = Options(state=tmp_path / "state", port=0, flower=False, flare_bridge=find_free_port())
    with pytest.raises(UpError, match="--flare-bridge runs with FLARE's own library"):
        run_up(options, terminal=Terminal(quiet=True), on_ready=lambda *_: None, tree=small_tree)
    assert not (tmp_path / "state").exists()


def test_each_process_has_a_log_file_and_a_prefix(small_system):
    up = small_system.start()
    line_of(up)
    up.terminate()
    up.wait(60)
    assert (small_system.state / "log/gateway.log").read_text() == "gateway serves\n"
    assert (small_system.state / "log/bootstrap.log").read_text() == "tokens are there\n"
    assert "gateway      | gateway serves" in small_system.errors()
    assert "up           | gateway is ready after" in small_system.errors()


def test_nothing_outlives_an_up_that_is_killed(small_system):
    up = small_system.start()
    line_of(up)
    processes = small_system.processes()
    up.kill()
    wait_until(lambda: not alive(processes.values()))


def test_the_next_up_goes_on_with_the_same_broker_and_parties(small_system):
    memories = []
    for _ in range(2):
        up = small_system.start()
        assert line_of(up) == "READY", small_system.errors()
        names = ("broker/port", "broker/password", "parties.json", "token")
        memories.append([(small_system.state / name).read_text() for name in names])
        up.terminate()
        up.wait(60)
    assert memories[0] == memories[1]


def test_a_second_up_on_the_same_folder_is_refused(small_system):
    first = small_system.start()
    line_of(first)
    second = small_system.start()
    assert second.wait(60) == 1
    assert "another `fedrota up` uses" in small_system.errors()
    assert first.poll() is None


def test_several_gateways_serve_one_port(small_system):
    up = small_system.start(gateways=2)
    assert line_of(up) == "READY", small_system.errors()
    processes = small_system.processes()
    ports = {
        link.laddr.port
        for name in ("gateway.1", "gateway.2")
        for link in processes[name].net_connections("tcp")
        if link.status == psutil.CONN_LISTEN
    }
    assert len(ports) == 1


def test_a_killed_gateway_comes_back(small_system):
    up = small_system.start()
    line_of(up)
    first = small_system.processes()["gateway"].pid
    os.kill(first, signal.SIGKILL)

    def is_back():
        errors = small_system.errors()
        return errors.count("gateway serves") == 2

    wait_until(is_back)
    assert small_system.processes()["gateway"].pid != first


def test_a_broken_settings_file_ends_the_start_with_the_reason(small_system):
    (small_system.tree / "api/__main__.py").write_text("raise SystemExit('FEDROTA_LEASE_S: must be more than 0')")
    up = small_system.start()
    assert up.wait(60) == 1
    assert "gateway does not start. Its last lines" in small_system.errors()
    assert "FEDROTA_LEASE_S: must be more than 0" in small_system.errors()


def test_the_end_of_the_body_ends_the_run(small_system):
    up = small_system.start(body="lambda: print('BODY', flush=True)")
    assert [line_of(up) for _ in range(3)] == ["READY", "BODY", "LEFT"]
    assert up.wait(50) == 0


def test_an_error_of_the_body_is_passed_on_after_the_stop(small_system):
    up = small_system.start(body="lambda: (_ for _ in ()).throw(UpError('the job failed'))")
    assert up.wait(60) == 1
    assert small_system.errors().rstrip().endswith("the job failed")
    assert not (small_system.state / "up.json").exists()


def test_a_signal_does_not_wait_for_the_body(small_system):
    up = small_system.start(body="lambda: __import__('time').sleep(60)")
    line_of(up)
    up.terminate()
    assert line_of(up) == "LEFT"
    assert up.wait(50) == 0


SEND_ONE_BEFORE_EACH_CHANGE = """(
    lambda s=__import__("signal"), os=__import__("os"): setattr(
        s, "signal", lambda number, handler, change=s.signal: (os.kill(os.getpid(), number), change(number, handler))[1]
    )
)"""


def test_a_signal_that_comes_while_the_handlers_are_taken_away_does_no_harm(small_system):
    up = small_system.start(body=SEND_ONE_BEFORE_EACH_CHANGE)
    assert [line_of(up) for _ in range(2)] == ["READY", "LEFT"]
    assert up.wait(50) == 0


def test_a_detached_start_that_fails_shows_the_end_of_its_log(tmp_path):
    folder = make_folder(tmp_path / "state")

    def fail():
        os.write(2, b"port 1 is taken\n")
        os._exit(1)

    with pytest.raises(UpError, match="it did not start(?s:.*)port 1 is taken"):
        run_detached(fail, folder)


def test_a_detached_start_that_somebody_stops_is_told_so(tmp_path):
    with pytest.raises(UpError, match="^it was stopped before it was ready$"):
        run_detached(lambda: os._exit(0), make_folder(tmp_path / "state"))


def test_an_interrupt_before_a_detached_start_is_ready_leaves_nothing_running(tmp_path, monkeypatch):
    folder = make_folder(tmp_path / "state")
    note = tmp_path / "pid"

    def work():
        note.write_text(str(os.getpid()))
        time.sleep(60)

    def interrupt(_folder):
        wait_until(lambda: note.exists() and note.read_text())
        raise KeyboardInterrupt

    monkeypatch.setattr("fedrota.up.run.find_running", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_detached(work, folder)
    assert not is_alive(int(note.read_text()))


def test_the_parties_of_a_start_that_is_refused_are_not_remembered(small_tree, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = Options(state=tmp_path / "state", port=port, flower=False, parties=(PartySpec(id="typo"),))
        with pytest.raises(UpError, match=f"port {port} is taken"):
            run_up(options, terminal=Terminal(quiet=True), on_ready=lambda *_: None, tree=small_tree)
    assert recall_parties(StateFolder(tmp_path / "state")) == ()


def test_remembered_parties_are_those_of_the_last_start(small_system):
    up = small_system.start()
    line_of(up)
    assert recall_parties(StateFolder(small_system.state)) == (PartySpec(id="9999"), PartySpec(id="10000"))


def test_a_second_one_in_the_background_leaves_the_log_of_the_first_alone(tmp_path):
    folder = make_folder(tmp_path / "state")
    log = folder.logs / "up.log"
    log.write_text("what the first has written\n")
    with held(folder), pytest.raises(UpError, match=r"^another `fedrota up` uses"):
        run_detached(lambda: None, folder)
    assert log.read_text() == "what the first has written\n"
