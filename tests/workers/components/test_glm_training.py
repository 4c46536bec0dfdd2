import pytest

from fedrota.component import InvalidInputError, Member
from workers.components.glm_training import check_batches, plan_batches


class FakeContext:
    me = Member("host", "7", 0)


@pytest.mark.parametrize(
    ("rows", "size", "wanted"), [(10, 0, [10]), (10, 10, [10]), (10, 4, [4, 3, 3]), (9, 2, [2, 2, 2, 2, 1])]
)
def test_batches_cover_all_rows_evenly(rows, size, wanted):
    batches = plan_batches(rows, size, seed=1)
    assert [len(batch) for batch in batches] == wanted
    assert sorted(row for batch in batches for row in batch) == list(range(rows))
    assert batches == plan_batches(rows, size, seed=1)


def test_another_seed_cuts_other_batches():
    assert plan_batches(10, 4, seed=1) != plan_batches(10, 4, seed=2)


def test_batches_too_small_to_hide_anything_are_refused():
    check_batches(FakeContext(), [[1, 2, 3]], 2)
    with pytest.raises(InvalidInputError, match="party 7 has 3 coefficients, but a batch has only 3 rows"):
        check_batches(FakeContext(), [[1, 2, 3], [4, 5, 6, 7]], 3)
