import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.modules.splits import MODULES
from api.dialects.fate.vocabulary.params import translate_params
from workers.components.catalog import list_builtin

COMPONENTS = {info.name: info for info in list_builtin()}
SIZES = ("train_size", "validate_size", "test_size")


def translate(name, **params):
    """The component's parameters as its body gets them."""
    module = get_module(name, "test")
    return COMPONENTS[module.component].read_params(translate_params(module, params, "guest"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_defaults_translate_and_ports_exist(module):
    info = COMPONENTS[module.component]
    assert translate(module.name)
    assert {*module.inputs.values()} <= set(info.inputs)
    assert list(module.data) == list(info.outputs)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, (0.8, 0.2, 0)),
        ({"test_size": 0.3}, (-1, 0, 0.3)),
        ({"validate_size": 0.1}, (-1, 0.1, 0)),
        ({"train_size": 0.6}, (0.6, 0, -1)),
        ({"train_size": 0.6, "validate_size": 0.2}, (0.6, 0.2, -1)),
        ({"train_size": 0.6, "test_size": 0.2}, (0.6, -1, 0.2)),
        ({"train_size": 0.7, "validate_size": 0.1, "test_size": 0.2}, (0.7, 0.1, 0.2)),
        ({"test_size": 100, "validate_size": 50}, (-1, 50, 100)),
        ({"test_size": 0, "validate_size": 0.5}, (-1, 0.5, 0)),
    ],
)
@pytest.mark.parametrize("name", ["HomoDataSplit", "HeteroDataSplit"])
def test_sizes_left_open_are_filled_up_as_fate_fills_them(name, given, wanted):
    found = translate(name, **given)
    assert tuple(found[size] for size in SIZES) == wanted


def test_strata_and_chance():
    found = translate("HomoDataSplit", stratified=True, split_points=[0.2, 3], shuffle=False, random_state=7)
    assert (found["stratified"], found["split_points"], found["shuffle"], found["seed"]) == (True, [0.2, 3], False, 7)


def test_samples():
    assert translate("FederatedSample")["fraction"] == 0.1
    assert translate("FederatedSample", fractions=0.5, task_type="homo")["aligned"] is False
    found = translate("FederatedSample", mode="stratified", method="upsample", fractions=[[0, 1], [1.0, 2.5], ["a", 1]])
    assert found["fractions"] == {"0": 1, "1": 2.5, "a": 1}
    assert translate("FederatedSample", mode="exact_by_weight")["mode"] == "exact_by_weight"


@pytest.mark.parametrize(
    ("name", "params", "text"),
    [
        ("HomoDataSplit", {"train_size": 1.5}, "parameter train_size: should be a share from 0.0 to 1.0"),
        (
            "HomoDataSplit",
            {"train_size": 0.5, "test_size": 10},
            "parameter test_size: is a number of rows, but train_size",
        ),
        ("HomoDataSplit", {"train_size": 1}, "parameter train_size: is 1 row"),
        ("HomoDataSplit", {"test_size": "all"}, "parameter test_size: should be a number"),
        ("HomoDataSplit", {"split_points": 3}, "parameter split_points: should be a list of numbers"),
        ("HomoDataSplit", {"random_state": -1}, "parameter random_state: should be a whole number from 0 up"),
        ("HeteroDataSplit", {"stratify": True}, "parameter stratify: there is no such parameter"),
        ("FederatedSample", {"mode": "mixed"}, "parameter mode: 'mixed' is not supported"),
        ("FederatedSample", {"mode": "stratified"}, "parameter fractions: should be a list of pairs"),
        (
            "FederatedSample",
            {"fractions": 1.5},
            "parameter fractions: a rate for downsample is a number above 0 and up to 1",
        ),
        ("FederatedSample", {"task_type": "both"}, "parameter task_type: 'both' is not supported"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(name, params, text):
    with pytest.raises(FateParamError) as caught:
        translate(name, **params)
    assert text in caught.value.message
