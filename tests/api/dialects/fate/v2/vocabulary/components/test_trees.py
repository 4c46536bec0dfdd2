import pytest

from api.dialects.fate.errors import FateParamError
from tests.api.dialects.fate.v2.vocabulary.components.test_linear import run


def test_trees_are_grown_as_asked():
    found = run("hetero_secureboost", num_trees=4, max_depth=2, max_bin=16, l1=0.5, l2=0.2, objective="regression:l2")
    assert found.items() >= {
        "trees": 4, "max_depth": 2, "bins": 16, "l1": 0.5, "l2": 0.2, "objective": "lse", "early_stop": False,
        "complete_secure": False, "goss": False,
    }.items()  # fmt: skip
    assert run("hetero_secureboost", complete_secure=1, goss=True)["complete_secure"] is True
    assert run("homo_secureboost", num_trees=2)["trees"] == 2


@pytest.mark.parametrize(
    "given", [{"objective": "regression:l1"}, {"complete_secure": 2}, {"goss": 1}, {"num_trees": "x"}]
)
def test_what_is_not_done_here_is_named(given):
    with pytest.raises(FateParamError, match=next(iter(given))):
        run("hetero_secureboost", **given)
