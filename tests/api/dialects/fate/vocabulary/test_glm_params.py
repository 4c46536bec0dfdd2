import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.glm_params import DEFAULTS, check_extras, read_batch_size, translate_glm


def test_the_defaults_ask_for_nothing_that_is_not_done():
    check_extras(DEFAULTS)
    assert translate_glm(DEFAULTS, classes=True)["epochs"] == 100


def test_a_seed_is_handed_on_only_where_there_is_one():
    assert "seed" not in translate_glm(DEFAULTS, classes=True)
    seeded = {**DEFAULTS, "init_param": {**DEFAULTS["init_param"], "random_seed": 5}}
    assert translate_glm(seeded, classes=True)["seed"] == 5


def test_all_samples_are_minus_one():
    assert [read_batch_size({"batch_size": size}) for size in (-1, 320)] == [0, 320]
    with pytest.raises(FateParamError, match="should be a positive number, or -1 for all samples, not -2"):
        read_batch_size({"batch_size": -2})
