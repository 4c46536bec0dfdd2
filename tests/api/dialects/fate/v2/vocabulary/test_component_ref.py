import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.v2.vocabulary.catalogue import get_ref


def test_what_a_task_leaves_depends_on_its_stage():
    ref = get_ref("coordinated_lr", "x")
    keys = {stage: [each.key for each in ref.list_outputs("data", stage)] for stage in ("train", "predict")}
    assert keys == {"train": ["train_output_data"], "predict": ["test_output_data"]}
    assert [each.key for each in ref.list_outputs("model", "predict")] == []
    split = get_ref("data_split", "x")
    assert [each.place for each in split.list_outputs("data", "default")] == [0, 1, 2]


def test_the_module_may_depend_on_whether_rows_are_chosen_alike():
    split = get_ref("data_split", "x")
    assert split.pick_module({}) == "HeteroDataSplit"
    assert split.pick_module({"hetero_sync": False}) == "HomoDataSplit"
    assert get_ref("sample", "x").pick_module({"hetero_sync": False}) == "FederatedSample"


def test_null_stands_for_what_was_not_given():
    for name, given in (
        ("statistics", "metrics"),
        ("hetero_feature_binning", "n_bins"),
        ("coordinated_lr", "optimizer"),
    ):
        ref = get_ref(name, "x")
        assert ref.fill({given: None}) == ref.fill({})
    assert get_ref("homo_lr", "x").fill({"batch_size": None})["batch_size"] is None
    with pytest.raises(FateParamError, match="n_bin: there is no such parameter. Did you mean 'n_bins'"):
        get_ref("hetero_feature_binning", "x").fill({"n_bin": None})
