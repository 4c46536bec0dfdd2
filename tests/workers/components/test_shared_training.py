import secrets

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fedrota.component import Member
from workers.components.group_masks import RING, from_words, to_words
from workers.components.moments import Block
from workers.components.shared_training import SharedTraining

GUEST, HOST = Member("guest", "1", 0), Member("host", "2", 0)


class FakeRing:
    """What a training needs of a ring to lay out and cut its shares."""

    def __init__(self, me):
        self.me = me
        self.terms = {GUEST: 2, HOST: 1}
        self.earlier = [] if me == GUEST else [type("Link", (), {"peer": GUEST})]
        self.links = [type("Link", (), {"peer": HOST if me == GUEST else GUEST})]


def make_training(me) -> SharedTraining:
    return SharedTraining(ring=FakeRing(me), family=None, batches=[], rest=0.0)


@given(st.integers(-(2**120), 2**120), st.integers(1, 60))
def test_cutting_low_bits_of_both_shares_cuts_those_of_the_number(number, bits):
    share = secrets.randbelow(RING)
    mine = make_training(GUEST)._cut(np.array([share], dtype=object), bits)
    theirs = make_training(HOST)._cut(np.array([(number - share) % RING], dtype=object), bits)
    (found,) = from_words(to_words([int(mine[0] + theirs[0])]))
    assert abs(found - (number >> bits)) <= 1


def test_both_shares_are_laid_out_over_the_terms_of_both_parties(monkeypatch):
    monkeypatch.setattr(SharedTraining, "_blend", lambda self, share, turn: share)

    def lay_out(me, own, cross, target):
        cross = {HOST if me == GUEST else GUEST: np.array(cross, dtype=object)}
        targets = {owner: np.array(part, dtype=object) for owner, part in target.items()}
        block = Block(rows=9, own=np.array(own, dtype=object), cross=cross, target=targets)
        return make_training(me)._lay_out(block, 0)

    guest = lay_out(GUEST, [[1, 2], [2, 4]], [[10], [20]], {GUEST: [7, 8], HOST: [100]})
    host = lay_out(HOST, [[5]], [[3, 6]], {HOST: [-91]})
    assert (guest.matrix + host.matrix).tolist() == [[1, 2, 13], [2, 4, 26], [13, 26, 5]]
    assert (guest.target + host.target).tolist() == [7, 8, 9]
