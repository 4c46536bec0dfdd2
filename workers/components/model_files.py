"""Model files: a JSON object that names its `format`, written and read in one way by all components."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fedrota.component import Context, InvalidInputError


def write_model_file(context: Context, model: Mapping[str, Any], **facts: Any) -> None:
    """Write the output `model`; its format and `facts` are known of it everywhere, its content at the party only."""
    with context.output("model", "model") as output:
        text = json.dumps(model, indent=1, allow_nan=False, ensure_ascii=False)
        output.path.write_text(text + "\n", encoding="utf-8")
        output.facts.update(format=model["format"], **facts)


def read_model_file(context: Context, path: Path) -> dict[str, Any]:
    """The JSON object in a model file; InvalidInputError where there is none."""
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInputError(f"the model of party {context.me.party} is no JSON file: {error}") from error
    if not isinstance(model, dict) or not isinstance(model.get("format"), str):
        raise InvalidInputError(
            f"the model of party {context.me.party} names no `format`: connect a training step's model"
        )
    return model


def describe_origin(context: Context) -> dict[str, Any]:
    """Which run makes a model: its job, step and attempt."""
    return {"job": context.job, "step": context.step, "attempt": context.attempt}


def read_origin(context: Context, model: Mapping[str, Any]) -> str:
    """Which run made the model, as one text; InvalidInputError where the file does not tell."""
    try:
        return "/".join(str(model["training"][name]) for name in ("job", "step", "attempt"))
    except (KeyError, TypeError) as error:
        raise make_damage(context, error) from error


def make_damage(context: Context, error: Exception) -> InvalidInputError:
    """What to say of a model file that lacks or garbles what the error names."""
    return InvalidInputError(
        f"the model of party {context.me.party} lacks or garbles {error}: connect the output `model` of the step that "
        "made it"
    )
