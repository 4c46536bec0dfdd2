import threading

import pytest

from fedrota.bridge import uploads
from fedrota.bridge.members import Login, Member
from fedrota.bridge.uploads import BrokenOffError, Chunk, Uploads


def make_member(user="ann", token="t"):
    return Member(origin="o", login=Login(user=user, bearer="b", expires=9e9), token=token, session="s")


ANN = make_member()


def chunk(place, content=b"ab", *, last=False, size=6, name="u1"):
    return Chunk(upload=name, place=place, content=content, is_last=last, request="submit", size=size)


def send(under_way, places):
    for place in places:
        under_way.take(ANN, chunk(place, size=600))


class Receiver:
    """Stands for the gateway: takes what comes, or refuses after so many bytes."""

    def __init__(self, refuse_after=None):
        self.refuse_after = refuse_after
        self.got = b""
        self.broke = threading.Event()

    def __call__(self, request, member, body):
        try:
            for piece in body:
                self.got += piece
                if self.refuse_after is not None and len(self.got) >= self.refuse_after:
                    return "refused"
        except BrokenOffError:
            self.broke.set()
            raise
        return f"{request} {member.user} {len(self.got)}"


def test_chunks_arrive_in_order_and_the_last_brings_the_reply():
    receiver = Receiver()
    under_way = Uploads(receiver)
    assert under_way.take(ANN, chunk(0)) is None
    assert under_way.take(ANN, chunk(1)) is None
    assert under_way.take(ANN, chunk(2, last=True)) == "submit ann 6"
    assert receiver.got == b"ababab"
    with pytest.raises(BrokenOffError, match="not known"):
        under_way.take(ANN, chunk(3))


@pytest.mark.parametrize(
    "wrong",
    [chunk(2), chunk(0), chunk(1, b"too much for it"), chunk(1, b"a", last=True), chunk(1, b"")],
    ids=["gap", "again", "too long", "too short", "stall"],
)
def test_what_does_not_fit_ends_the_upload_and_the_gateway_sees_it_break(wrong):
    receiver = Receiver()
    under_way = Uploads(receiver)
    under_way.take(ANN, chunk(0))
    if not wrong.content:
        under_way.take(ANN, wrong)
        wrong = chunk(1)
    with pytest.raises(BrokenOffError):
        under_way.take(ANN, wrong)
    assert receiver.broke.wait(60)


def test_a_client_that_stops_sending_has_gone(monkeypatch):
    monkeypatch.setattr(uploads, "IDLE_S", 0.4)
    receiver = Receiver()
    Uploads(receiver).take(ANN, chunk(0))
    assert receiver.broke.wait(60)


def test_an_abort_ends_only_one_s_own_upload():
    receiver = Receiver()
    under_way = Uploads(receiver)
    under_way.take(ANN, chunk(0))
    under_way.end(make_member("bob", "t2"), "u1")
    with pytest.raises(BrokenOffError, match="somebody else's"):
        under_way.take(make_member("bob", "t2"), chunk(1))
    assert under_way.take(ANN, chunk(1)) is None
    under_way.end(ANN, "u1")
    assert receiver.broke.wait(60)


def test_a_refusal_is_told_at_the_end_of_a_file_of_bounded_length(monkeypatch):
    under_way = Uploads(Receiver(refuse_after=2))
    under_way.take(ANN, chunk(0))
    under_way.take(ANN, chunk(1))
    assert under_way.take(ANN, chunk(2, last=True)) == "refused"
    monkeypatch.setattr(uploads, "MAX_REST_BYTES", 3)
    under_way.take(ANN, chunk(0, size=600))
    with pytest.raises(BrokenOffError, match="does not take"):
        send(under_way, range(1, 300))


def test_a_refusal_reaches_a_client_that_waits_for_room(monkeypatch):
    monkeypatch.setattr(uploads, "REPLY_S", 60.0)
    waits = threading.Event()

    class Narrow(uploads.Queue):
        def put(self, content, *given, **named):
            if self.full():
                waits.set()
            super().put(content, *given, **named)

    def refuse(_request, _member, _body):
        assert waits.wait(60)
        return "refused"

    monkeypatch.setattr(uploads, "Queue", Narrow)
    under_way = Uploads(refuse)
    send(under_way, range(10))
    assert under_way.take(ANN, chunk(10, b"x" * 580, size=600, last=True)) == "refused"


def test_a_gateway_that_does_not_keep_up_stops_the_client(monkeypatch):
    monkeypatch.setattr(uploads, "REPLY_S", 0.1)
    go_on = threading.Event()
    under_way = Uploads(lambda *_: str(go_on.wait(60)))
    with pytest.raises(BrokenOffError, match="keep up"):
        send(under_way, range(10))
    go_on.set()


def test_nobody_uploads_too_much_at_once():
    under_way = Uploads(Receiver())
    for number in range(uploads.MAX_OF_USER):
        under_way.take(ANN, chunk(0, name=f"u{number}"))
    with pytest.raises(BrokenOffError, match="too many"):
        under_way.take(ANN, chunk(0, name="one more"))
    under_way.take(make_member("bob", "t2"), chunk(0, name="another's"))
    under_way.close()
    under_way.take(ANN, chunk(0, name="later"))
    under_way.close()
