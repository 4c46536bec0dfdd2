import pytest

from scheduler.domain.frames import unpack
from scheduler.domain.messages import Peer
from workers.exchange.crypto import ForgedError
from workers.exchange.handshake import RestartedError, SecureLink
from workers.exchange.identity import load_identity


def make_link(folder, me, other, *, seq=1):
    mine, theirs = load_identity(folder / me), load_identity(folder / other)
    peer = Peer(task=other, role="r", party=other, position=0, identity=theirs.public)
    return SecureLink(me, seq, peer, mine)


@pytest.fixture
def links(tmp_path):
    return make_link(tmp_path, "a", "b"), make_link(tmp_path, "b", "a")


def offer(link):
    return unpack(link.make_offer_frame())[1]


def test_an_offer_says_whether_it_answers(links):
    a, b = links
    assert b.accept_offer(offer(a), is_fresh=lambda: True) is True
    assert a.accept_offer(offer(b), is_fresh=lambda: True) is False
    assert a.has_keys
    assert b.has_keys


def test_nothing_is_opened_before_the_handshake(links):
    with pytest.raises(ForgedError):
        links[0].open_piece(1, memoryview(b"x" * 32))


def test_notes_are_taken_once_and_only_forward(links):
    a, b = links
    b.accept_offer(offer(a), is_fresh=lambda: True)
    a.accept_offer(offer(b), is_fresh=lambda: True)
    notes = [unpack(a.seal_note({"a": number})) for number in (1, 2)]
    assert b.open_note(2, notes[1][1]) == {"a": 2}
    assert b.open_note(2, notes[1][1]) == {}
    assert b.open_note(1, notes[0][1]) == {}


def test_a_restarted_peer_is_taken_while_fresh_refused_later_and_an_older_one_ignored(links, tmp_path):
    a, b = links
    a.accept_offer(offer(b), is_fresh=lambda: True)
    again = make_link(tmp_path, "b", "a", seq=2)
    assert a.accept_offer(offer(again), is_fresh=lambda: True)
    assert a.accept_offer(offer(b), is_fresh=lambda: False) is False  # the former life, replayed
    with pytest.raises(RestartedError):
        a.accept_offer(offer(make_link(tmp_path, "b", "a", seq=3)), is_fresh=lambda: False)
