import socket
import threading

import orjson
import pytest

from workers.executors.iflearner_command import pick_address
from workers.executors.iflearner_status import PartyProgress, fetch_status, parse_progress, parse_status

ROW = {"ready": True, "complete": False, "current_epoch": 2, "total_epoch": 4}


def test_ready_parties_are_read_and_nonsense_is_left_out():
    found = parse_status(
        {"a": ROW, "b": {**ROW, "ready": False}, "c": 7, "d": {"ready": True}, "e": {**ROW, "total_epoch": "4"}}
    )
    assert found == {"a": PartyProgress(**ROW)}
    assert found["a"].render() == ROW


@pytest.mark.parametrize(
    ("change", "fraction"),
    [
        ({}, 0.25),
        ({"complete": True}, 1.0),
        ({"current_epoch": 0}, 0.0),
        ({"current_epoch": 9}, 1.0),
        ({"total_epoch": 0}, 1.0),
    ],
)
def test_the_fraction_counts_finished_epochs(change, fraction):
    assert PartyProgress(**{**ROW, **change}).fraction == fraction


def test_an_aggregator_that_is_not_there_gives_nothing():
    assert fetch_status(pick_address("127.0.0.1")) is None


def test_a_proxy_of_the_environment_is_not_asked_for_this_host(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert ask(b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":1}') == {"a": 1}


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz", b""]
)
def test_whatever_else_listens_at_its_port_is_no_aggregator(said):
    assert ask(said) is None


def ask(said):
    """What is understood of something that says this to whoever asks."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        threading.Thread(target=serve, daemon=True).start()
        return fetch_status(f"127.0.0.1:{server.getsockname()[1]}")


@pytest.mark.parametrize("message", [b"", b"{}", b"5", b'{"ready": true, "more": 1}', b"\xff"])
def test_what_another_party_sends_may_be_no_progress(message):
    assert parse_progress(message) is None


def test_progress_comes_back_as_it_was_sent():
    assert parse_progress(orjson.dumps(PartyProgress(**ROW).render())) == PartyProgress(**ROW)


def test_progress_of_fewer_than_no_epochs_is_none_yet():
    done = PartyProgress(ready=True, complete=True, current_epoch=1, total_epoch=-5)
    assert done.fraction == 0.0
