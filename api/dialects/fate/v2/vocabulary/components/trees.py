"""FATE 2.x's boosted trees."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.v2.vocabulary.component_ref import TRAINED, ComponentRef
from api.dialects.fate.v2.vocabulary.learning import CV, ENCRYPTION, INPUTS, translate_encryption, translate_folds
from api.dialects.fate.vocabulary.param_values import choose, get_flag, get_number, refuse_unless
from scheduler.domain.model import JsonObject

OBJECTIVES: Final = {
    "binary:bce": ("classification", "cross_entropy"),
    "multi:ce": ("classification", "cross_entropy"),
    "regression:l2": ("regression", "lse"),
}
SHARED: Final[Mapping[str, Any]] = {
    "num_trees": 3,
    "learning_rate": 0.3,
    "max_depth": 3,
    "max_bin": 32,
    "objective": "binary:bce",
    "num_class": 2,
    "l1": 0,
    "l2": 0.1,
    "min_impurity_split": 0.01,
    "min_sample_split": 2,
    "min_leaf_node": 1,
    "min_child_weight": 1,
    "cv_param": CV,
    "output_cv_data": True,
}
# How ciphertexts are packed and histograms are made is not to be chosen; nor from which tree on samples are dropped.
HETERO: Final[Mapping[str, Any]] = {
    **SHARED,
    "complete_secure": 0,
    "goss": False,
    "goss_start_iter": 5,
    "top_rate": 0.2,
    "other_rate": 0.1,
    "gh_pack": True,
    "split_info_pack": True,
    "hist_sub": True,
    "he_param": ENCRYPTION,
}


def translate_hetero(params: JsonObject, stage: str) -> dict[str, Any]:
    """For HeteroSecureBoost; `complete_secure` counts trees, of which here the first may be the guest's alone."""
    refuse_unless(
        params, "complete_secure", (0, 1, False, True), "the guest alone grows no tree or the first: use 0 or 1"
    )
    return {
        **translate_homo(params, stage),
        "complete_secure": bool(params["complete_secure"]),
        "run_goss": get_flag(params, "goss"),
        "top_rate": get_number(params, "top_rate"),
        "other_rate": get_number(params, "other_rate"),
        "encrypt_param": translate_encryption(params),
    }


def translate_homo(params: JsonObject, stage: str) -> dict[str, Any]:
    """For HomoSecureBoost; all the trees asked for are grown."""
    task, objective = choose(params, "objective", OBJECTIVES)
    return {
        "task_type": task,
        "objective_param": {"objective": objective},
        "num_trees": get_number(params, "num_trees", whole=True),
        "learning_rate": get_number(params, "learning_rate"),
        "bin_num": get_number(params, "max_bin", whole=True),
        "n_iter_no_change": False,
        "cv_param": translate_folds(params, stage),
        "tree_param": {
            "max_depth": get_number(params, "max_depth", whole=True),
            "criterion_params": [get_number(params, "l2"), get_number(params, "l1")],
            "min_impurity_split": get_number(params, "min_impurity_split"),
            "min_sample_split": get_number(params, "min_sample_split", whole=True),
            "min_leaf_node": get_number(params, "min_leaf_node", whole=True),
            "min_child_weight": get_number(params, "min_child_weight"),
        },
    }


COMPONENTS: Final = (
    ComponentRef(
        name="hetero_secureboost",
        module="HeteroSecureBoost",
        translate=translate_hetero,
        params=HETERO,
        inputs=INPUTS,
        outputs=TRAINED,
    ),
    ComponentRef(
        name="homo_secureboost",
        module="HomoSecureBoost",
        translate=translate_homo,
        params=SHARED,
        inputs=INPUTS,
        outputs=TRAINED,
    ),
)
