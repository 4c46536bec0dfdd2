import pytest

from scheduler.domain.messages import Knock
from workers.knocks import KnockError, parse_knocks


def test_knocks_are_parsed():
    assert parse_knocks([["t1", 3], ["t2", 1, 1]]) == [Knock("t1", 3), Knock("t2", 1, held=True)]


@pytest.mark.parametrize(
    "items",
    [
        None, 5, {}, "x", [5], [["t"]], [["t", 1, 0]], [["t", 1, 1, 1]], [["t", "1"]], [["t", True]], [["t", 0]], [["t", -1]],
        [["", 1]], [["t" * 129, 1]], [[5, 1]], [["t", 1 << 62]], [["t", 1]] * 4097,
    ],
)  # fmt: skip
def test_what_is_no_knock_is_refused(items):
    with pytest.raises(KnockError):
        parse_knocks(items)
