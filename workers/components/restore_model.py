"""The component that makes the parts of a model from elsewhere into outputs of its step."""

import hashlib
import shutil
from typing import Any, Final

from fedrota.component import Context, InvalidInputError, component

DISCLOSURE: Final = (("nobody", "nothing: each party keeps its own part of the model", "none"),)


@component(
    "restore_model",
    params={
        "parts": {
            "type": "array",
            "default": [],
            "maxItems": 1000,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"type": "string", "enum": ["model", "table", "file"]},
                    "sha256": {"type": "string"},
                    "facts": {"type": "object"},
                },
                "required": ["name", "kind", "sha256"],
            },
            "description": "What this party's part consists of; the gateway has put the files at the party before.",
        },
    },
    inputs={"model": "model"},
    outputs={"model": "model"},
)
def restore_model(context: Context) -> None:
    """Make the parts of an imported or restored model outputs of this step, under the names they had.

    The gateway writes this step when a model is imported; jobs refer to its outputs as to those of the training
    step that it stands for.
    """
    for part in context.params["parts"]:
        _restore(context, part)
    context.summary(parts=len(context.params["parts"]))


def _restore(context: Context, part: dict[str, Any]) -> None:
    name = part["name"]
    if not context.has_input(name):
        raise InvalidInputError(
            f"the file of {context.step}.{name} is not at party {context.me.party} any more: import the model again"
        )
    with context.output(name, part["kind"]) as output:
        shutil.copyfile(context.input(name), output.path)
        with output.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != part["sha256"]:
            raise InvalidInputError(f"{context.step}.{name} is damaged: its SHA-256 is {found}, not {part['sha256']}")
        output.facts.update(part.get("facts", {}))
    context.log(f"restored {context.step}.{name}")
