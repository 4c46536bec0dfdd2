import pytest

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.modules.boosting import MODULES
from api.dialects.fate.vocabulary.params import translate_params
from workers.components.catalog import list_builtin

COMPONENTS = {info.name: info for info in list_builtin()}
ALL = tuple(module.name for module in MODULES)
HETERO = ("HeteroSecureBoost", "HeteroFastSecureBoost")


def translate(name, role="guest", **params):
    """The component's parameters as its body gets them."""
    module = get_module(name, "test")
    return COMPONENTS[module.component].read_params(translate_params(module, params, role))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
@pytest.mark.parametrize("role", ["guest", "host"])
def test_defaults_translate(module, role):
    found = translate(module.name, role)
    expected = {
        "objective": "cross_entropy", "trees": 5, "max_depth": 3, "learning_rate": 0.3, "bins": 32, "l2": 0.1, "l1": 0,
        "min_gain": 1e-3, "early_stop": True, "tol": 1e-4, "seed": 100, "use_missing": False, "feature_rate": 1.0,
    }  # fmt: skip
    assert expected.items() <= found.items()
    assert COMPONENTS[module.component].inputs.keys() >= set(module.inputs.values())


def test_a_tree_grows_as_asked():
    found = translate(
        "HeteroSecureBoost", num_trees=3, bin_num=16, random_seed=7, subsample_feature_rate=0.5, complete_secure=True,
        tree_param={"max_depth": 4, "min_sample_split": 5, "min_impurity_split": 0.1, "min_leaf_node": 2,
                    "criterion_params": {"l1": 0.3, "l2": 0.2}, "feature_importance_type": "gain", "max_split_nodes": 8},
        run_goss=True, top_rate=0.3, other_rate=0.2, encrypt_param={"method": "iterativeAffine", "key_length": 1024},
    )  # fmt: skip
    expected = {
        "trees": 3, "bins": 16, "seed": 7, "feature_rate": 0.5, "complete_secure": True, "max_depth": 4,
        "min_sample_split": 5, "min_gain": 0.1, "min_leaf_node": 2, "l1": 0.3, "l2": 0.2, "importance": "gain", "goss": True,
        "top_rate": 0.3, "other_rate": 0.2, "key_bits": 1024, "max_split_nodes": 8,
    }  # fmt: skip
    assert expected.items() <= found.items()


def test_what_other_versions_of_fate_write_is_taken():
    assert [translate("HeteroSecureBoost", complete_secure=asked)["complete_secure"] for asked in (0, 1)] == [
        False,
        True,
    ]
    with pytest.raises(FateParamError, match="complete_secure: 2 is not supported here: the guest alone grows no tree"):
        translate("HeteroSecureBoost", complete_secure=2)
    found = translate("HeteroSecureBoost", tree_param={"criterion_params": [0.2]})
    assert (found["l2"], found["l1"]) == (0.2, 0)


def test_regression_takes_its_objective_and_its_parameter():
    found = translate(
        "HeteroSecureBoost", task_type="regression", objective_param={"objective": "huber", "params": [2.0]}
    )
    assert (found["objective"], found["objective_parameter"]) == ("huber", 2.0)
    host = translate("HeteroSecureBoost", "host", task_type="regression", objective_param={"objective": None})
    assert host["objective"] == "lse"


@pytest.mark.parametrize("name", ALL)
def test_cross_validation_has_its_folds(name):
    assert translate(name)["cv_folds"] == 0
    assert translate(name, cv_param={"need_cv": True, "n_splits": 3, "shuffle": False})["cv_folds"] == 3


@pytest.mark.parametrize("given", [{"use_missing": True}, {"tree_param": {"use_missing": True}}])
def test_missing_values_are_allowed_in_either_place(given):
    assert translate("HomoSecureBoost", **given)["use_missing"] is True


def test_strategies_and_the_fast_modules_work_mode_say_whose_turn_it_is():
    assert translate("HeteroSecureBoost", boosting_strategy="mix")["strategy"] == "mix"
    assert translate("HeteroSecureBoost", work_mode="layered", guest_depth=1)["strategy"] == "layered"
    fast = translate("HeteroFastSecureBoost", tree_num_per_party=2)
    assert (fast["strategy"], fast["trees_per_party"], fast["host_depth"]) == ("mix", 2, 1)


def test_validation_and_early_stopping_come_from_either_place():
    old = translate("HeteroSecureBoost", validation_freqs=2, early_stopping_rounds=3, metrics=["auc"])
    new = translate(
        "HeteroSecureBoost",
        callback_param={
            "callbacks": ["EarlyStopping", "PerformanceEvaluate"],
            "validation_freqs": 2,
            "early_stopping_rounds": 3,
            "metrics": ["auc"],
        },
    )
    assert old == new
    assert {"validate_every": 2, "early_stopping_rounds": 3, "metrics": ["auc"]}.items() <= new.items()


@pytest.mark.parametrize(
    ("name", "given", "where"),
    [
        *[
            (name, given, where)
            for name in ALL
            for given, where in (
                ({"cv_param": {"need_cv": True, "n_splits": 1}}, r"cv_param\.n_splits"),
                ({"multi_mode": "multi_output"}, "multi_mode"),
                ({"task_type": "ranking"}, "task_type"),
                ({"objective_param": {"objective": "lse"}}, r"objective_param\.objective"),
                ({"task_type": "regression", "objective_param": {"objective": "fair"}}, r"objective_param\.params"),
                ({"tree_param": {"criterion_params": [1, 2, 3]}}, r"tree_param\.criterion_params"),
                ({"tree_param": {"criterion_params": [1, "2"]}}, r"tree_param\.criterion_params"),
                ({"tree_param": {"criterion_method": "gini"}}, r"tree_param\.criterion_method"),
                ({"tree_param": {"depth": 1}}, r"tree_param\.depth"),
                ({"num_trees": "many"}, "num_trees"),
                ({"num_tree": 3}, "num_tree: .*num_trees"),
            )
        ],
        *[
            (name, given, where)
            for name in HETERO
            for given, where in (
                ({"EINI_inference": True}, "EINI_inference"),
                ({"EINI_random_mask": True}, "EINI_random_mask"),
                ({"encrypt_param": {"method": "rot13"}}, r"encrypt_param\.method"),
                ({"work_mode": "round"}, "work_mode"),
            )
        ],
        ("HomoSecureBoost", {"backend": "gpu"}, "backend"),
        (
            "HomoSecureBoost",
            {"callback_param": {"callbacks": ["EarlyStopping"], "validation_freqs": 1, "early_stopping_rounds": 2}},
            r"callback_param\.early_stopping_rounds",
        ),
    ],
)
def test_what_is_not_done_is_refused_by_name(name, given, where):
    with pytest.raises(FateParamError, match=f"parameter {where}"):
        translate(name, **given)
