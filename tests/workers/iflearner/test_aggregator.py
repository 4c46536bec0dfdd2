import threading
import time
from types import SimpleNamespace

import pytest

from tests.workers.fakes import until
from workers.iflearner.aggregator import Uploads, hold_news


class Server:
    """What of the engine's server matters here; an upload takes until `let_go` is set."""

    def __init__(self):
        self.let_go = threading.Event()
        self.said = []

    def post(self, request, context):
        self.said.append(f"{request.party_name} uploads")
        self.let_go.wait()
        if context == "wrong":
            raise ValueError("no weights")
        self.said.append(f"{request.party_name} is answered")
        return "taken"

    def callback(self, request, context):
        self.said.append(f"{request.party_name} hears {context}")
        return context


@pytest.fixture
def make_server():
    """A server of its own class, whose methods are replaced."""

    def make(pause_s):
        kind = type("HomoServer", (Server,), {})
        hold_news(kind, Uploads(pause_s=pause_s))
        return kind()

    return make


@pytest.fixture
def server(make_server):
    return make_server(0.2)


def by(party):
    return SimpleNamespace(party_name=party)


def test_news_wait_until_the_upload_is_answered(server):
    upload = threading.Thread(target=server.post, args=(by("a"), ""))
    upload.start()
    until(lambda: server.said)
    news = threading.Thread(target=server.callback, args=(by("a"), "average"))
    news.start()
    assert server.callback(by("b"), "average") == "average"  # nobody else waits
    server.let_go.set()
    upload.join()
    news.join()
    assert server.said == ["a uploads", "b hears average", "a is answered", "a hears average"]


def test_a_party_has_a_moment_to_note_that_it_waits(server):
    server.let_go.set()
    since = time.monotonic()
    assert server.post(by("a"), "") == "taken"
    server.callback(by("a"), "average")
    assert time.monotonic() - since >= 0.2


def test_nobody_else_waits_for_that_moment(make_server):
    server = make_server(600)
    server.let_go.set()
    assert server.post(by("a"), "") == "taken"
    assert server.callback(by("b"), "average") == "average"


def test_an_upload_that_failed_holds_nobody(server):
    server.let_go.set()
    with pytest.raises(ValueError, match="no weights"):
        server.post(by("a"), "wrong")
    assert server.callback(by("a"), "average") == "average"
