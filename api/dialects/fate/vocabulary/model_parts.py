"""A party's part of a model as FATE shows it: coefficients by column; what is no linear model as it is."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

WEIGHTED: Final = frozenset({"features", "coefficients", "intercept"})


def render_part(content: Mapping[str, Any], losses: Sequence[float] = ()) -> tuple[dict[str, Any], dict[str, Any]]:
    """(FATE's `...Param`, `meta_data`) of a model file that holds JSON."""
    if not WEIGHTED.issubset(content) or not isinstance(content["features"], list):
        return dict(content), {}
    training = content.get("training")
    trained: Mapping[str, Any] = training if isinstance(training, Mapping) else {}
    stopped_by = trained.get("stopped_by")
    param = {
        "header": content["features"],
        "weight": dict(zip(content["features"], content["coefficients"], strict=False)),
        "intercept": content["intercept"],
        "iters": trained.get("epochs", trained.get("rounds")),
        "isConverged": stopped_by is not None and stopped_by not in {"epochs", "rounds"},
        "lossHistory": list(losses),
        "bestIteration": -1,
        "needOneVsRest": False,
        "encryptedWeight": {},
    }
    rest = {key: value for key, value in content.items() if key not in {"features", "coefficients", "training"}}
    given = trained.get("params")
    return {**rest, **param}, {**(given if isinstance(given, Mapping) else {}), "stopped_by": stopped_by}
