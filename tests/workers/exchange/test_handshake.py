import pytest

from scheduler.domain.frames import unpack
from scheduler.domain.messages import Peer
from workers.exchange.crypto import ForgedError
from workers.exchange.handshake import MAX_NOTE_BYTES, RestartedError, SecureLink
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


def shake_hands(a, b):
    b.accept_offer(offer(a), is_fresh=lambda: True)
    a.accept_offer(offer(b), is_fresh=lambda: True)


def test_an_offer_says_whether_it_answers(links):
    a, b = links
    assert b.accept_offer(offer(a), is_fresh=lambda: True) is True
    assert a.accept_offer(offer(b), is_fresh=lambda: True) is False
    assert a.has_keys
    assert b.has_keys


def test_an_offer_that_the_peer_did_not_make_gives_no_keys(links, tmp_path):
    forged = make_link(tmp_path, "c", "a")
    with pytest.raises(ForgedError, match="signature"):
        links[0].accept_offer(offer(forged), is_fresh=lambda: True)
    assert not links[0].has_keys


def test_pieces_are_opened_under_their_number_alone(links):
    a, b = links
    shake_hands(a, b)
    header, sealed = unpack(a.seal_piece(3, b"plain"))
    assert header == {"t": "xfer", "src": "a", "dst": "b", "k": "d", "n": 3}
    assert b.open_piece(3, sealed) == b"plain"
    with pytest.raises(ForgedError):
        b.open_piece(4, sealed)


def test_nothing_is_opened_before_the_handshake(links):
    with pytest.raises(ForgedError):
        links[0].open_piece(1, memoryview(b"x" * 32))


def test_notes_are_taken_once_and_only_forward(links):
    a, b = links
    shake_hands(a, b)
    notes = [unpack(a.seal_note({"a": number})) for number in (1, 2)]
    assert b.open_note(2, notes[1][1]) == {"a": 2}
    assert b.open_note(2, notes[1][1]) == {}
    assert b.open_note(1, notes[0][1]) == {}


@pytest.mark.parametrize("plain", [b"{", b"[1]", b"[" * 5000, b"\xff"])
def test_a_note_that_is_no_object_is_refused(links, plain):
    a, b = links
    shake_hands(a, b)
    header = {"src": "a", "dst": "b", "k": "c", "n": 1}
    note = a._require_keys().notes_out.close(1, plain, header)
    with pytest.raises(ForgedError, match="note"):
        b.open_note(1, note)


def test_a_note_that_is_too_long_is_passed_over(links):
    a, b = links
    shake_hands(a, b)
    assert b.open_note(1, unpack(a.seal_note({"w": "x" * MAX_NOTE_BYTES}))[1]) == {}


def test_a_restarted_peer_is_taken_while_fresh_refused_later_and_an_older_one_ignored(links, tmp_path):
    a, b = links
    a.accept_offer(offer(b), is_fresh=lambda: True)
    again = make_link(tmp_path, "b", "a", seq=2)
    assert a.accept_offer(offer(again), is_fresh=lambda: True)
    assert a.accept_offer(offer(b), is_fresh=lambda: False) is False  # the former life, replayed
    with pytest.raises(RestartedError):
        a.accept_offer(offer(make_link(tmp_path, "b", "a", seq=3)), is_fresh=lambda: False)


def test_a_peer_that_restarted_within_its_dispatch_is_not_taken_for_an_older_one(links, tmp_path):
    a, b = links
    a.accept_offer(offer(b), is_fresh=lambda: True)
    with pytest.raises(RestartedError):
        a.accept_offer(offer(make_link(tmp_path, "b", "a")), is_fresh=lambda: False)
