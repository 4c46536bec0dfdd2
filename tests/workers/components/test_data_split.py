import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from tests.workers.components.tabular import ONE
from workers.components.data_split import PARAMS, find_counts


def count(total, **params):
    found = []

    @component("counts", params=PARAMS)
    def counts(context):
        """Count."""
        found.append(find_counts(context, total))

    simulate(counts, ONE, params=params)
    return found[0]


@pytest.mark.parametrize(
    ("total", "sizes", "wanted"),
    [
        (10, (0.8, -1, 0), (8, 2, 0)),
        (10, (0.8, 0.2, 0), (8, 2, 0)),
        (10, (0.5, 0.25, 0.25), (5, 2, 3)),
        (569, (0.7, 0.1, 0.2), (398, 57, 114)),
        (3, (1.0, 0, 0), (3, 0, 0)),
        (3, (0, 0, -1), (0, 0, 3)),
        (10, (6, 3, -1), (6, 3, 1)),
        (10, (-1, 0, 4), (6, 0, 4)),
        (10, (5, 4, 1), (5, 4, 1)),
        (1, (0.8, -1, 0), (1, 0, 0)),
    ],
)
def test_sizes_are_shares_or_rows(total, sizes, wanted):
    train, validate, test = sizes
    assert count(total, train_size=train, validate_size=validate, test_size=test) == wanted


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ((-1, -1, 0), "only one of them may be -1"),
        ((0.8, 0.3, -1), "together they must make 1"),
        ((0.5, 0.2, 0), "together they must make 1"),
        ((5, 0.5, -1), "shares up to 1 for all, or whole numbers of rows for all"),
        ((9, 3, -1), "together they must make 10 rows"),
        ((5, 3, 1), "together they must make 10 rows"),
        ((-0.5, 1, 0.5), "a size is -1, a share from 0 to 1, or a number of rows"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_with_the_party_and_all_sizes(sizes, text):
    train, validate, test = sizes
    with pytest.raises(InvalidInputError) as caught:
        count(10, train_size=train, validate_size=validate, test_size=test)
    assert f"do not fit at party 9999 (`train_size` {train:g}, `validate_size` {validate:g}" in str(caught.value)
    assert text in str(caught.value)
