import json
import math
from dataclasses import replace

import pytest

from workers.exchange.crypto import ForgedError, KeyExchange, check_offer, parse_offer
from workers.exchange.identity import load_identity

HEADER = {"src": "a", "dst": "b", "k": "d", "n": 1}


@pytest.fixture
def sides(tmp_path):
    one, two = load_identity(tmp_path / "1"), load_identity(tmp_path / "2")
    return one, two


@pytest.fixture
def exchanges(sides):
    one, two = sides
    return (
        KeyExchange(one, src="a", dst="b", seq=1, reader=two.public),
        KeyExchange(two, src="b", dst="a", seq=4, reader=one.public),
    )


def test_both_sides_find_the_same_keys(exchanges):
    left, right = exchanges
    mine, theirs = left.derive(right.offer), right.derive(left.offer)
    assert theirs.incoming.open(1, mine.outgoing.close(1, b"plain", HEADER), HEADER) == b"plain"
    assert mine.incoming.open(1, theirs.outgoing.close(1, b"back", HEADER), HEADER) == b"back"
    assert theirs.notes_in.open(1, mine.notes_out.close(1, b"note", HEADER), HEADER) == b"note"


def test_the_four_keys_differ(exchanges):
    keys = exchanges[0].derive(exchanges[1].offer)
    sealed = {seal.close(1, b"plain", HEADER) for seal in (keys.outgoing, keys.incoming, keys.notes_out, keys.notes_in)}
    assert len(sealed) == 4


@pytest.mark.parametrize("change", [{"src": "x"}, {"dst": "x"}, {"k": "c"}, {"n": 2}])
def test_a_frame_is_bound_to_its_header(exchanges, change):
    left, right = exchanges
    sealed = left.derive(right.offer).outgoing.close(1, b"plain", HEADER)
    with pytest.raises(ForgedError):
        right.derive(left.offer).incoming.open(1, sealed, HEADER | change)


def test_a_frame_is_bound_to_its_number(exchanges):
    left, right = exchanges
    sealed = left.derive(right.offer).outgoing.close(1, b"plain", HEADER)
    with pytest.raises(ForgedError):
        right.derive(left.offer).incoming.open(2, sealed, HEADER)


@pytest.mark.parametrize("answered", [False, True])
def test_an_offer_travels_and_is_checked(sides, exchanges, answered):
    sent = replace(exchanges[0].offer, answered=answered)
    offer = parse_offer("a", "b", sent.to_payload())
    assert offer == sent
    check_offer(offer, signer=sides[0].public, reader=sides[1].public)


@pytest.mark.parametrize(
    "change", [{"src": "x"}, {"dst": "x"}, {"seq": 2}, {"ephemeral": bytes(32)}, {"signature": bytes(64)}]
)
def test_a_changed_offer_is_refused(sides, exchanges, change):
    with pytest.raises(ForgedError, match="signature"):
        check_offer(replace(exchanges[0].offer, **change), signer=sides[0].public, reader=sides[1].public)


def test_an_offer_for_another_reader_or_by_another_party_is_refused(sides, exchanges):
    one, two = sides
    for signer, reader in ((one.public, one.public), (two.public, two.public)):
        with pytest.raises(ForgedError):
            check_offer(exchanges[0].offer, signer=signer, reader=reader)


def test_a_degenerate_key_is_refused(exchanges):
    with pytest.raises(ForgedError, match="degenerate"):
        exchanges[0].derive(replace(exchanges[1].offer, ephemeral=bytes(32)))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"[" * 2048,
        b"\xff",
        b"{}",
        b"x" * 3000,
        json.dumps({"seq": 1, "key": "AA==", "sig": "", "answered": 1}).encode(),
    ],
)
def test_what_is_no_offer_is_refused(payload):
    with pytest.raises(ForgedError):
        parse_offer("a", "b", payload)


@pytest.mark.parametrize("change", [{"seq": math.inf}, {"more": "x" * 2048}])
def test_a_signed_offer_with_a_number_or_a_length_out_of_bounds_is_refused(exchanges, change):
    payload = json.dumps(json.loads(exchanges[0].offer.to_payload()) | change).encode()
    with pytest.raises(ForgedError):
        parse_offer("a", "b", payload)
