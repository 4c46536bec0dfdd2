import contextlib
import socket
import threading

import pytest

from scheduler.domain.messages import HELLO_PATH, PROTOCOL, SYNC_PATH, Claim, Hello, SyncRequest
from tests.workers.fakes import TOKEN, FakeGateway, make_assignment, make_peer
from workers.gateway import Gateway, GatewayAwayError, HelloNeededError, RefusedError, TokenRefusedError, UnwelcomeError

HELLO = Hello(protocol=PROTOCOL, agent="a", version="1", slots=2, executors=(), components=(), identity="k")


@pytest.fixture
def fake():
    gateway = FakeGateway()
    gateway.up()
    yield gateway
    gateway.down()


@pytest.fixture
def gateway(fake):
    made = Gateway(fake.url, TOKEN)
    yield made
    made.close()


def test_hello_and_a_claim_over_one_connection(fake, gateway):
    assert gateway.hello(HELLO).slots == 4
    assignment = make_assignment(peers=(make_peer("h", "host", "10000"),), timeout_s=3.0, params={"x": [1]})
    fake.dispatch(assignment)
    first = gateway._connection
    reply = gateway.sync(SyncRequest(agent="a", claims=(Claim("t1", 1), Claim("t2", 1))))
    assert [claim.assignment for claim in reply.claims] == [assignment, None]
    assert reply.claims[1].reason == "no such dispatch"
    assert gateway._connection is first
    assert first.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_connection_that_has_gone_stale_is_replaced_in_silence(fake, gateway):
    gateway.hello(HELLO)
    fake.down()
    fake.up()
    gateway._connection.socket.shutdown(socket.SHUT_RDWR)
    assert gateway.sync(SyncRequest(agent="a")).claims == ()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, TokenRefusedError), (403, UnwelcomeError), (409, HelloNeededError), (426, HelloNeededError),
        (500, GatewayAwayError), (503, GatewayAwayError), (429, GatewayAwayError), (400, RefusedError), (413, RefusedError),
        (422, RefusedError), (404, GatewayAwayError), (405, GatewayAwayError), (302, GatewayAwayError),
    ],
)  # fmt: skip
def test_each_status_means_one_thing(fake, gateway, status, error):
    fake.status = {SYNC_PATH: status, HELLO_PATH: status}
    with pytest.raises(error, match=f"{status}: told to answer {status}"):
        gateway.sync(SyncRequest(agent="a"))
    with pytest.raises(error):
        gateway.hello(HELLO)


def test_nobody_there_is_away():
    with pytest.raises(GatewayAwayError, match="Refused"):
        Gateway("http://127.0.0.1:9", TOKEN).hello(HELLO)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"nonsense\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{"claims": [5], "reports": []}',
    ],
)
def test_nonsense_is_away(answer):
    ask(answer)


@pytest.mark.parametrize(
    ("said", "after_s"),
    [("7", 7.0), ("86400", 60.0), ("9" * 400, 60.0), ("\xb2", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0)],
)
def test_nobody_stays_away_longer_than_leases_last(said, after_s):
    answer = f"HTTP/1.1 503 Maintenance\r\nRetry-After: {said}\r\nContent-Length: 0\r\n\r\n"
    assert ask(answer.encode("latin-1")).after_s == after_s


def ask(answer: bytes) -> GatewayAwayError:
    """What a call says of a gateway that answers so."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):  # the test is over
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(GatewayAwayError) as away:
            Gateway(f"http://127.0.0.1:{server.getsockname()[1]}", TOKEN).sync(SyncRequest(agent="a"))
    return away.value


@pytest.mark.parametrize("url", ["", "ftp://x", "gateway:9380", "http://"])
def test_a_url_that_is_none_is_told(url):
    with pytest.raises(ValueError, match="must begin with http"):
        Gateway(url, TOKEN)
