"""FATE's boosted trees."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.check_params import CALLBACK, CV, translate_checks
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.param_values import choose, get_flag, get_number, get_value, refuse_unless
from api.dialects.fate.vocabulary.params import ENCRYPTION
from scheduler.domain.model import JsonObject

OBJECTIVES: Final = ("lse", "lae", "huber", "fair", "log_cosh", "tweedie")
PARAMETRIC: Final = ("huber", "fair", "tweedie")
INPUTS: Final[Mapping[str, str]] = {
    "train_data": "train",
    "validate_data": "validate",
    "data": "train",
    "eval_data": "validate",
}
SHARED_DEFAULTS: Final[Mapping[str, Any]] = {
    "task_type": "classification",
    "tree_param": {
        "criterion_method": "xgboost", "criterion_params": [0.1, 0], "max_depth": 3, "min_sample_split": 2,
        "min_impurity_split": 1e-3, "min_leaf_node": 1, "max_split_nodes": 65536, "feature_importance_type": "split",
        "n_iter_no_change": True, "tol": 0.001, "min_child_weight": 0, "use_missing": False, "zero_as_missing": False,
        "deterministic": False,
    },
    "objective_param": {"objective": "cross_entropy", "params": None},
    "learning_rate": 0.3,
    "num_trees": 5,
    "subsample_feature_rate": 1.0,
    "n_iter_no_change": True,
    "tol": 1e-4,
    "bin_num": 32,
    "predict_param": {"threshold": 0.5},
    "cv_param": CV,
    "validation_freqs": None,
    "metrics": None,
    "use_missing": False,
    "zero_as_missing": False,
    "random_seed": 100,
    "binning_error": 1e-4,
    "multi_mode": "single_output",
    "callback_param": CALLBACK,
}  # fmt: skip
HETERO_DEFAULTS: Final[Mapping[str, Any]] = {
    **SHARED_DEFAULTS,
    "encrypt_param": ENCRYPTION,
    "encrypted_mode_calculator_param": {},
    "early_stopping_rounds": None,
    "use_first_metric_only": False,
    "complete_secure": False,
    "sparse_optimization": False,
    "run_goss": False,
    "top_rate": 0.2,
    "other_rate": 0.1,
    "cipher_compress_error": None,
    "cipher_compress": True,
    "new_ver": True,
    "boosting_strategy": "std",
    "work_mode": None,
    "tree_num_per_party": 1,
    "guest_depth": 2,
    "host_depth": 3,
    "EINI_inference": False,
    "EINI_random_mask": False,
    "EINI_complexity_check": False,
}
STRATEGIES: Final = {"std": "std", "std_tree": "std", "mix": "mix", "layered": "layered"}


def translate_hetero(params: JsonObject, _role: str) -> dict[str, Any]:
    """For the vertical trees; how ciphertexts are packed and calculated is not to be chosen."""
    choose(params, "encrypt_param.method", {"paillier": "", "iterativeaffine": "", "randomiterativeaffine": ""})
    for path in ("EINI_inference", "EINI_random_mask", "EINI_complexity_check"):
        refuse_unless(params, path, (False,), "hosts answer all their rules at once, so no path shows; set it to false")
    path = "boosting_strategy" if get_value(params, "work_mode") is None else "work_mode"
    return {
        **_translate_trees(params),
        "strategy": choose(params, path, STRATEGIES),
        "trees_per_party": get_number(params, "tree_num_per_party", whole=True),
        "guest_depth": get_number(params, "guest_depth", whole=True),
        "host_depth": get_number(params, "host_depth", whole=True),
        "complete_secure": _read_complete(params),
        "goss": get_flag(params, "run_goss"),
        "top_rate": get_number(params, "top_rate"),
        "other_rate": get_number(params, "other_rate"),
        "max_split_nodes": max(2, get_number(params, "tree_param.max_split_nodes", whole=True)),
        "key_bits": get_number(params, "encrypt_param.key_length", whole=True),
    }


def _read_complete(params: JsonObject) -> bool:
    """Whether the first tree is the guest's alone; FATE counts such trees since 1.10."""
    why = "the guest alone grows no tree or the first: use 0 or 1"
    refuse_unless(params, "complete_secure", (False, True, 0, 1), why)
    return bool(params["complete_secure"])


def translate_homo(params: JsonObject, _role: str) -> dict[str, Any]:
    """For the horizontal trees; sums travel masked, whatever `backend` says."""
    choose(params, "backend", {"distributed": "", "memory": ""})
    found = _translate_trees({**params, "early_stopping_rounds": None, "use_first_metric_only": False})
    if found.pop("early_stopping_rounds"):
        raise FateParamError(
            "callback_param.early_stopping_rounds",
            "each party validates by itself, so no one can stop all; leave it out",
        )
    del found["use_first_metric_only"]
    return found


def _translate_trees(params: JsonObject) -> dict[str, Any]:
    refuse_unless(params, "multi_mode", ("single_output",), "each class has a tree of its own; use single_output")
    choose(params, "tree_param.criterion_method", {"xgboost": ""})
    penalties = _read_penalties(params)
    objective = _read_objective(params)
    seed = get_value(params, "random_seed")
    return {
        **objective,
        "trees": get_number(params, "num_trees", whole=True),
        "max_depth": get_number(params, "tree_param.max_depth", whole=True),
        "learning_rate": get_number(params, "learning_rate"),
        "bins": get_number(params, "bin_num", whole=True),
        "l2": penalties[0],
        "l1": penalties[1],
        "min_sample_split": max(2, get_number(params, "tree_param.min_sample_split", whole=True)),
        "min_gain": get_number(params, "tree_param.min_impurity_split"),
        "min_leaf_node": get_number(params, "tree_param.min_leaf_node", whole=True),
        "min_child_weight": get_number(params, "tree_param.min_child_weight"),
        "feature_rate": get_number(params, "subsample_feature_rate"),
        "early_stop": get_flag(params, "n_iter_no_change"),
        "tol": get_number(params, "tol"),
        **_read_missing(params),
        "importance": choose(params, "tree_param.feature_importance_type", {"split": "split", "gain": "gain"}),
        "threshold": get_number(params, "predict_param.threshold"),
        **_read_checks(params, classes=objective["objective"] == "cross_entropy"),
        **({} if seed is None else {"seed": get_number(params, "random_seed", whole=True)}),
    }


def _read_objective(params: JsonObject) -> dict[str, Any]:
    """The objective; a host's is null in FATE, which stands for the task's usual one."""
    task = choose(params, "task_type", {"classification": "classification", "regression": "regression"})
    known = ("cross_entropy",) if task == "classification" else OBJECTIVES
    given = get_value(params, "objective_param.objective")
    name = choose(params, "objective_param.objective", {**{each: each for each in known}, "none": known[0]})
    numbers = get_value(params, "objective_param.params")
    if name not in PARAMETRIC or (given is None and not numbers):
        return {"objective": name}
    if not isinstance(numbers, list) or not numbers or isinstance(numbers[0], bool | str):
        raise FateParamError("objective_param.params", f"{name} needs a list with its parameter, not {numbers!r}")
    return {"objective": name, "objective_parameter": numbers[0]}


def _read_penalties(params: JsonObject) -> tuple[float, float]:
    """L2 and L1, in this order; FATE 1.5 had L2 alone."""
    path = "tree_param.criterion_params"
    given = get_value(params, path)
    both = [given.get("l2"), given.get("l1")] if isinstance(given, Mapping) else given
    numbers = [each for each in both if isinstance(each, int | float)] if isinstance(both, list | tuple) else []
    if len(numbers) not in (1, 2) or len(numbers) != len(both):
        raise FateParamError(path, f"should be [l2, l1] or an object with l1 and l2, not {given!r}")
    return float(numbers[0]), float(numbers[1]) if len(numbers) > 1 else 0.0


def _read_missing(params: JsonObject) -> dict[str, bool]:
    """FATE takes these beside `tree_param` and in it."""
    names = ("use_missing", "zero_as_missing")
    return {name: get_flag(params, name) or get_flag(params, f"tree_param.{name}") for name in names}


def _read_checks(params: JsonObject, *, classes: bool) -> dict[str, Any]:
    return translate_checks({**params, "metrics": get_value(params, "metrics") or []}, classes=classes)


MODULES: Final[tuple[Module, ...]] = (
    Module(
        name="HeteroSecureBoost",
        component="hetero_secureboost",
        translate=translate_hetero,
        aliases=("HeteroSecureBoosting",),
        params=HETERO_DEFAULTS,
        inputs=INPUTS,
        data=("data",),
        models=("model",),
        predictor="predict",
    ),
    Module(
        name="HeteroFastSecureBoost",
        component="hetero_secureboost",
        translate=translate_hetero,
        params={**HETERO_DEFAULTS, "work_mode": "mix", "guest_depth": 1, "host_depth": 1},
        inputs=INPUTS,
        data=("data",),
        models=("model",),
        predictor="predict",
    ),
    Module(
        name="HomoSecureBoost",
        component="homo_secureboost",
        translate=translate_homo,
        aliases=("HomoSecureBoosting",),
        roles=("guest", "host", "arbiter"),
        params={**SHARED_DEFAULTS, "backend": "distributed"},
        inputs=INPUTS,
        data=("data",),
        models=("model",),
        predictor="predict",
    ),
)
