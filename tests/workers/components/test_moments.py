import numpy as np
import pytest

from fedrota.component import component
from fedrota.simulate import simulate
from workers.components.fixed_point import Bounds
from workers.components.moments import Columns, Ring, share_moments
from workers.components.pair_link import link_parties
from workers.components.step_roles import find_roles

WIDTHS = (2, 3, 1)
ROWS = 30


def make_columns(place: int) -> Columns:
    chance = np.random.default_rng(place)
    return Columns.make(chance.normal(size=(ROWS, WIDTHS[place])), np.arange(ROWS) / ROWS if not place else None)


@pytest.mark.parametrize("hosts", [1, 2])
def test_shares_add_up_to_the_moments_of_the_pooled_columns(hosts):
    blocks = {}

    @component("shares", exchange=True)
    def shares(context):
        """Share moments."""
        owners = find_roles(context).owners
        place = owners.index(context.me)
        links = link_parties(context, [each for each in owners if each != context.me], key_bits=1024)
        terms = {owner: width + (not at) for at, (owner, width) in enumerate(zip(owners, WIDTHS, strict=False))}
        bounds = Bounds(rows=ROWS, terms=7, scaled=True, small_labels=True)
        ring = Ring(
            context=context, earlier=links[:place], later=links[place:], terms=terms, bounds=bounds, key_bits=1024
        )
        blocks[context.me] = share_moments(ring, make_columns(place))

    simulate(shares, {"guest": ["1"], "host": ["2", "3"][:hosts]})
    owners = sorted(blocks, key=lambda member: (member.role, member.position))
    columns = {owner: np.array(make_columns(place).values, dtype=object) for place, owner in enumerate(owners)}
    target = np.array(make_columns(0).target, dtype=object)
    for owner in owners:
        assert (blocks[owner].own == columns[owner].T.dot(columns[owner])).all()
        shared = blocks[owner].target[owner] + (0 if owner == owners[0] else blocks[owners[0]].target[owner])
        assert (shared == columns[owner].T.dot(target)).all()
        for other in owners:
            if other != owner:
                together = blocks[owner].cross[other] + blocks[other].cross[owner].T
                assert (together == columns[owner].T.dot(columns[other])).all()
                # Each share is a mask, or hidden by one: far larger than any moment.
                assert min(abs(each) for each in blocks[owner].cross[other].ravel()) > 2**80


def test_rows_can_be_taken_with_their_target():
    part = make_columns(0).take([3, 1])
    assert part.values == [make_columns(0).values[row] for row in (3, 1)]
    assert part.with_target()[0][-1] == make_columns(0).target[3]
    assert part.width == 3


def test_own_moments_are_exact_for_the_largest_values():
    columns = Columns(values=[[2**40, -(2**40)], [2**40 - 1, 3]] * 700, target=None)
    whole = np.array(columns.values, dtype=object)

    @component("alone", exchange=True)
    def alone(context):
        """Compute own moments."""
        bounds = Bounds(rows=1400, terms=2, scaled=False, small_labels=True)
        ring = Ring(context=context, earlier=[], later=[], terms={context.me: 2}, bounds=bounds, key_bits=1024)
        assert (share_moments(ring, columns).own == whole.T.dot(whole)).all()

    simulate(alone, {"host": ["1"]})
