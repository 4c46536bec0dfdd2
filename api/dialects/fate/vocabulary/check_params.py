"""What FATE's models say about measuring while they train, stopping by that, and cross-validation."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.param_values import get_flag, get_number, get_value, list_values, refuse_unless
from scheduler.domain.model import JsonObject

CLASS_METRICS: Final[Mapping[str, str]] = {
    "auc": "auc",
    "ks": "ks",
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1_score": "f1",
}
REAL_METRICS: Final[Mapping[str, str]] = {
    "root_mean_squared_error": "rmse",
    "mean_absolute_error": "mae",
    "r2_score": "r2",
}
USUAL: Final = ["auc", "ks"]
"""FATE's default, also of models that have no classes."""
EARLY: Final = "EarlyStopping"
SCORES: Final = "each row comes out with its score and the fold that held it, not with its features"
CALLBACKS: Final = (EARLY, "PerformanceEvaluate")
CV: Final[Mapping[str, Any]] = {
    "n_splits": 5, "mode": "hetero", "role": "guest", "shuffle": True, "random_seed": 1, "need_cv": False,
    "output_fold_history": True, "history_value_type": "score", "history_with_value": False, "evaluate_param": {},
}  # fmt: skip
"""FATE's `cv_param` with its defaults."""
CALLBACK: Final[Mapping[str, Any]] = {
    "callbacks": [], "validation_freqs": None, "early_stopping_rounds": None, "metrics": [],
    "use_first_metric_only": False, "save_freq": 1,
}  # fmt: skip
"""FATE's `callback_param` with its defaults."""


def translate_checks(params: JsonObject, *, classes: bool) -> dict[str, Any]:
    """The component's `validate_every`, `early_stopping_rounds`, `metrics`, `use_first_metric_only` and `cv_*`.

    `callback_param` counts where it names a callback, else the older parameters beside it.
    """
    callbacks = list_values(params, "callback_param.callbacks", (str,), "a list of callbacks")
    unknown = [each for each in callbacks if each not in CALLBACKS]
    if unknown:
        raise FateParamError("callback_param.callbacks", f"{unknown[0]} is not supported here: leave it out")
    where = "callback_param." if callbacks else ""
    if not callbacks and get_value(params, "callback_param.early_stopping_rounds") is not None:
        raise FateParamError(
            "callback_param.early_stopping_rounds", f"takes effect with {EARLY} among the callbacks: add it"
        )
    rounds = _get_count(params, f"{where}early_stopping_rounds") if not callbacks or EARLY in callbacks else 0
    return {
        "validate_every": _get_count(params, f"{where}validation_freqs"),
        "early_stopping_rounds": rounds,
        "metrics": _translate_metrics(params, f"{where}metrics", classes=classes),
        "use_first_metric_only": get_flag(params, f"{where}use_first_metric_only"),
        **_translate_folds(params),
    }


def _get_count(params: JsonObject, path: str) -> int:
    if get_value(params, path) is None:
        return 0
    count: int = get_number(params, path, whole=True)
    if count < 1:
        raise FateParamError(path, f"should be null or a number from 1, not {count}")
    return count


def _translate_metrics(params: JsonObject, path: str, *, classes: bool) -> list[str]:
    given, known = list_values(params, path, (str,), "a list of metrics"), CLASS_METRICS if classes else REAL_METRICS
    if given == USUAL and not classes:
        return []
    for each in given:
        if each.casefold() not in known:
            raise FateParamError(path, f"{each!r} is not supported here: use {', '.join(known)}")
    return list(dict.fromkeys(known[each.casefold()] for each in given))


def _translate_folds(params: JsonObject) -> dict[str, Any]:
    if not get_flag(params, "cv_param.need_cv"):
        return {"cv_folds": 0}
    get_flag(params, "cv_param.output_fold_history")
    refuse_unless(params, "cv_param.history_value_type", ("score",), SCORES)
    refuse_unless(params, "cv_param.history_with_value", (False,), SCORES)
    folds = get_number(params, "cv_param.n_splits", whole=True)
    if folds < 2:
        raise FateParamError("cv_param.n_splits", f"should be 2 or more, not {folds}")
    seed = get_value(params, "cv_param.random_seed")
    return {
        "cv_folds": folds,
        "cv_shuffle": get_flag(params, "cv_param.shuffle"),
        **({} if seed is None else {"cv_seed": get_number(params, "cv_param.random_seed", whole=True)}),
    }
