"""Inputs and parameters that FATE 2.x's models have in common."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.v2.vocabulary.component_ref import CROSS
from api.dialects.fate.vocabulary.param_values import choose, get_flag, get_number, get_value
from scheduler.domain.model import JsonObject

INPUTS: Final[Mapping[str, str]] = {
    "train_data": "data.train_data",
    "validate_data": "data.validate_data",
    "test_data": "data.test_data",
    "cv_data": "data.train_data",
    "input_model": "model",
}
CV: Final[Mapping[str, Any]] = {"n_splits": 5, "shuffle": False, "random_state": None}
# FATE's key length is 1024, which counts as too short today; who asks for it gets it.
ENCRYPTION: Final[Mapping[str, Any]] = {"kind": "paillier", "key_length": 2048}


def translate_folds(params: JsonObject, stage: str) -> dict[str, Any]:
    """FATE 1.x's `cv_param`: folds are made in the stage of that name only."""
    return {
        "need_cv": stage == CROSS,
        "n_splits": get_number(params, "cv_param.n_splits", whole=True),
        "shuffle": get_flag(params, "cv_param.shuffle"),
        "random_seed": get_value(params, "cv_param.random_state"),
    }


def translate_encryption(params: JsonObject) -> dict[str, Any]:
    """FATE 1.x's `encrypt_param`."""
    return {
        "method": choose(params, "he_param.kind", {"paillier": "Paillier"}),
        "key_length": get_number(params, "he_param.key_length", whole=True),
    }
