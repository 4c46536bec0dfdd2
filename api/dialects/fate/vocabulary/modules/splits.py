"""FATE's modules that choose rows: data splits and the sampler."""

from collections.abc import Mapping
from typing import Any, Final

from api.dialects.fate.errors import FateParamError
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.param_values import choose, get_flag, get_number, list_values
from scheduler.domain.model import JsonObject

REST: Final = -1
SIZES: Final = ("train_size", "validate_size", "test_size")
SPLIT: Final[Mapping[str, Any]] = {
    "random_state": None,
    "test_size": None,
    "train_size": None,
    "validate_size": None,
    "stratified": False,
    "shuffle": True,
    "split_points": None,
}
SAMPLE: Final[Mapping[str, Any]] = {
    "mode": "random",
    "method": "downsample",
    "fractions": None,
    "random_state": None,
    "task_type": "hetero",
}
FRACTION: Final = 0.1


def translate_split(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `homo_data_split` and `hetero_data_split`."""
    points = list_values(params, "split_points", (int, float), "a list of numbers")
    return {
        **_translate_sizes(params),
        "stratified": get_flag(params, "stratified"),
        "shuffle": get_flag(params, "shuffle"),
        "split_points": points,
        "seed": _read_seed(params),
    }


def translate_sample(params: JsonObject, _role: str) -> dict[str, Any]:
    """For `federated_sample`."""
    mode = choose(params, "mode", {name: name for name in ("random", "stratified", "exact_by_weight")})
    method = choose(params, "method", {name: name for name in ("downsample", "upsample")})
    translated: dict[str, Any] = {
        "mode": mode,
        "method": method,
        "seed": _read_seed(params),
        "aligned": choose(params, "task_type", {"hetero": True, "homo": False}),
    }
    if mode == "stratified":
        return translated | {"fractions": _read_rates(params, method)}
    if mode == "random" and params["fractions"] is not None:
        return translated | {"fraction": _check_rate(params["fractions"], method)}
    return translated | {"fraction": FRACTION}


def _translate_sizes(params: JsonObject) -> dict[str, Any]:
    """Shares (FATE's real numbers) or numbers of rows (its whole ones); what is left open is 0 or all that is left."""
    given = {name: _read_size(params, name) for name in SIZES if params[name] is not None}
    if not given:
        return {"train_size": 0.8, "validate_size": 0.2, "test_size": 0}
    counts = [name for name, size in given.items() if isinstance(size, int) and size]
    shares = [name for name, size in given.items() if isinstance(size, float) and size]
    if counts and shares:
        raise FateParamError(
            counts[0], f"is a number of rows, but {shares[0]} is a share: give shares or numbers for all"
        )
    if counts and max(given.values()) == 1:
        raise FateParamError(counts[0], "is 1 row: give shares such as 0.5, or larger numbers of rows")
    return {name: given.get(name, REST if name == _find_rest(given) else 0) for name in SIZES}


def _find_rest(given: Mapping[str, Any]) -> str:
    """Which size FATE fills up: train where it is open, else test, else validate."""
    return next((name for name in ("train_size", "test_size", "validate_size") if name not in given), "")


def _read_size(params: JsonObject, name: str) -> int | float:
    size: int | float = get_number(params, name)
    if size < 0 or (isinstance(size, float) and size > 1):
        raise FateParamError(name, f"should be a share from 0.0 to 1.0 or a whole number of rows, not {size!r}")
    return size


def _read_seed(params: JsonObject) -> int:
    """Null is seed 0: any rows will do, so these are as good as others, and a repeated job finds them again."""
    if params["random_state"] is None:
        return 0
    seed: int = get_number(params, "random_state", whole=True)
    if seed < 0:
        raise FateParamError("random_state", f"should be a whole number from 0 up, not {seed}")
    return seed


def _read_rates(params: JsonObject, method: str) -> dict[str, Any]:
    pairs = params["fractions"]
    if not isinstance(pairs, list) or any(not isinstance(each, list | tuple) or len(each) != 2 for each in pairs):
        raise FateParamError(
            "fractions", f"should be a list of pairs such as [[0, 0.5], [1, 0.8]] in mode stratified, not {pairs!r}"
        )
    return {_render_label(label): _check_rate(rate, method) for label, rate in pairs}


def _render_label(label: Any) -> str:
    whole = isinstance(label, float) and label.is_integer()
    return str(int(label) if whole else label)


def _check_rate(rate: Any, method: str) -> int | float:
    most = 1 if method == "downsample" else 1000
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= most:
        raise FateParamError("fractions", f"a rate for {method} is a number above 0 and up to {most}, not {rate!r}")
    return rate


DATA: Final = {"data": "data", "train_data": "data"}
PARTS: Final = ("train_data", "validate_data", "test_data")
MODULES: Final = (
    Module(
        name="HomoDataSplit",
        component="homo_data_split",
        translate=translate_split,
        params=SPLIT,
        inputs=DATA,
        data=PARTS,
    ),
    Module(
        name="HeteroDataSplit",
        component="hetero_data_split",
        translate=translate_split,
        params=SPLIT,
        inputs=DATA,
        data=PARTS,
    ),
    Module(
        name="FederatedSample",
        component="federated_sample",
        translate=translate_sample,
        params=SAMPLE,
        inputs=DATA,
        data=("data",),
    ),
)
