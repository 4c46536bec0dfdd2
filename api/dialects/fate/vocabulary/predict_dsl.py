"""From the DSL that trains to the one that predicts."""

from collections.abc import Collection
from typing import Any, Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.conf_v1 import ARGS
from api.dialects.fate.requests.dsl import DATA_KEYS, PIPELINE
from api.dialects.fate.vocabulary.catalogue import find_module
from scheduler.domain.model import JsonObject

CODE_PATH: Final = "CodePath"
TRAINING: Final = ("train_data", "validate_data", "test_data", "eval_data")
"""Inputs that are one in a job that predicts; the first of them counts."""


def derive_predict_dsl(dsl: JsonObject, chosen: Collection[str], *, version: int = 2) -> dict[str, Any]:
    """The inference DSL of the `chosen` components; FateError where one of them is not in the DSL.

    Rules as in FATE-Flow: a model that a component leaves becomes its input `pipeline.<component>.<model>`, training
    data become test data, and inputs from components left out are taken from their own inputs.
    """
    components = dsl.get("components") or {}
    unknown = [name for name in chosen if name not in components]
    if unknown:
        raise FateError(
            RetCode.ARGUMENT, f"the DSL has no component {', '.join(unknown)}; it has {', '.join(components)}"
        )
    kept = {name: each for name, each in components.items() if name in chosen}
    derived = {name: _derive(name, kept, components, "test_data" if version == 2 else "eval_data") for name in kept}
    rest = {key: value for key, value in dsl.items() if key != "components"}
    return {**rest, "components": derived}


def choose_deployed(dsl: JsonObject) -> list[str]:
    """The components that are deployed where nobody says which: by `need_deploy`, else by the module's habit."""
    return [name for name, each in (dsl.get("components") or {}).items() if _needs_deploy(each)]


def add_code_paths(dsl: JsonObject) -> dict[str, Any]:
    """The DSL as the registry keeps it: every component names what carries it out, as `CodePath`."""
    components = {name: {**each, CODE_PATH: _name_code(each)} for name, each in dsl.get("components", {}).items()}
    return {**dsl, "components": components}


def _name_code(component: JsonObject) -> str:
    module = find_module(str(component.get("module", "")))
    return "" if module is None else f"component/{module.component}"


def _needs_deploy(component: JsonObject) -> bool:
    if isinstance(component.get("need_deploy"), bool):
        return bool(component["need_deploy"])
    module = find_module(str(component.get("module", "")))
    return module is None or module.needs_deploy


def _derive(name: str, kept: JsonObject, components: JsonObject, test_key: str) -> dict[str, Any]:
    component = kept[name]
    outputs = component.get("output") or {}
    inputs: dict[str, Any] = {}
    tables = _derive_data((component.get("input") or {}).get("data") or {}, kept, components, test_key)
    if tables:
        inputs["data"] = tables
    models = [f"{PIPELINE}.{name}.{model}" for model in outputs.get("model") or ()]
    models = models or _list_models(component)
    if models:
        inputs["model"] = models
    rest = {key: value for key, value in component.items() if key not in {"input", "output"}}
    left = {key: value for key, value in outputs.items() if key != "model"}
    return {**rest, **({"input": inputs} if inputs else {}), **({"output": left} if left else {})}


def _list_models(component: JsonObject) -> list[str]:
    """The models that a component reads and leaves none of its own of."""
    named = (component.get("input") or {}).get("model") or ()
    return [text if text.startswith(f"{PIPELINE}.") else f"{PIPELINE}.{text}" for text in map(str, named)]


def _derive_data(tables: JsonObject, kept: JsonObject, components: JsonObject, test_key: str) -> dict[str, list[str]]:
    derived: dict[str, list[str]] = {}
    for key in sorted(tables, key=lambda each: TRAINING.index(each) if each in TRAINING else -1):
        found = [_follow(str(text), kept, components, test_key) for text in tables[key] or ()]
        target = test_key if key in TRAINING else key
        if any(found) and target not in derived:
            derived[target] = [text for text in found if text]
    return derived


def _follow(text: str, kept: JsonObject, components: JsonObject, test_key: str) -> str:
    """The output that stands for `text`, or nothing where no component before it is kept."""
    seen: set[str] = set()
    while text:
        name, _, output = text.partition(".")
        if name == ARGS:
            return f"{ARGS}.{test_key}" if output in TRAINING else text
        if name in kept or name in seen:
            return text if name in kept else ""
        seen.add(name)
        tables = ((components.get(name) or {}).get("input") or {}).get("data") or {}
        text = next((str(tables[key][0]) for key in DATA_KEYS if tables.get(key)), "")
    return ""
