from types import SimpleNamespace

import pytest

from fedrota.component import InvalidInputError, Member
from workers.components.tree_turns import check_turns, list_turns

GUEST, FIRST, SECOND = OWNERS = [Member("guest", "9", 0), Member("host", "10", 0), Member("host", "11", 1)]
PARAMS = {
    "strategy": "std", "complete_secure": False, "max_depth": 2, "trees_per_party": 2, "host_depth": 1, "guest_depth": 2,
}  # fmt: skip


def turns(round, **params):
    return list_turns(SimpleNamespace(params={**PARAMS, **params}), OWNERS, round=round)


def test_everybody_splits_every_level():
    assert turns(1) == [OWNERS, OWNERS]


def test_the_first_round_may_be_the_guests():
    assert turns(1, complete_secure=True) == [[GUEST], [GUEST]]
    assert turns(2, complete_secure=True) == [OWNERS, OWNERS]


def test_parties_take_turns_in_mixed_rounds():
    assert [turns(round, strategy="mix")[0] for round in range(1, 8)] == [
        [GUEST], [GUEST], [FIRST], [FIRST], [SECOND], [SECOND], [GUEST],
    ]  # fmt: skip


def test_layers_belong_to_hosts_above_and_the_guest_below():
    assert turns(1, strategy="layered") == [[FIRST, SECOND], [GUEST], [GUEST]]


@pytest.mark.parametrize("params", [{"strategy": "mix"}, {"strategy": "layered"}, {"complete_secure": True}])
def test_a_guest_without_features_has_no_turn(params):
    context = SimpleNamespace(params={**PARAMS, **params}, me=GUEST)
    check_turns(context, 1)
    with pytest.raises(InvalidInputError, match="table of party 9 .guest. has no features"):
        check_turns(context, 0)
