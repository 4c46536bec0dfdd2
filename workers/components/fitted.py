"""What a step learns from a table, kept as a model file, so that the same can be done to later tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from fedrota.component import Context, InvalidInputError
from workers.components.frames import Frame, check_rows, read_frame, write_frame
from workers.components.model_files import make_damage, read_model_file, write_model_file
from workers.components.tables import get_input, render_names

RUN: Final[Mapping[str, Any]] = {
    "type": "boolean",
    "default": True,
    "description": "False leaves the party out: its table passes on as it is.",
}
LEFT_OUT: Final = "left_out"
Learned = TypeVar("Learned")


class Transform(Protocol):
    """What was learned from one party's table."""

    def apply(self, context: Context, frame: Frame) -> Frame:
        """The table changed by it; InvalidInputError where the table does not fit."""

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of transform: the `format` of its model file, how it is learned, and how it is read back."""

    format: str
    fit: Callable[[Context, Frame], Transform]
    parse: Callable[[Mapping[str, Any]], Transform]
    optional: bool = False
    """Whether a party without a table, such as a host without predictions, goes on without."""


def run_transform(context: Context, kind: Kind) -> None:
    """Learn from the input `data`, or take the input `model`; write the changed table and the model.

    A party that is left out, now or where its model was made, passes its table on.
    """
    if not context.has_input("data") and (kind.optional or not context.params["run"]):
        context.log("no table at this party: nothing to do")
        write_fit(context, kind.format, {LEFT_OUT: True})
        return
    frame = read_frame(context, "data")
    transform = _find_model(context, kind) if context.has_input("model") else _fit(context, kind, frame)
    if not context.params["run"] or transform is None:
        context.log("left out: the table passes on as it is")
        write_frame(context, "data", frame)
        write_fit(context, kind.format, {LEFT_OUT: True})
        return
    changed = transform.apply(context, frame)
    write_frame(context, "data", changed)
    write_fit(context, kind.format, transform.to_json())
    context.summary(rows=len(frame), features=len(changed.features))


def _fit(context: Context, kind: Kind, frame: Frame) -> Transform | None:
    if not context.params["run"]:
        return None
    check_rows(context, frame)
    return kind.fit(context, frame)


def _find_model(context: Context, kind: Kind) -> Transform | None:
    """The model, or None where its party was left out."""
    model = read_fit(context, kind.format)
    return None if model.get(LEFT_OUT) else parse_fit(context, kind.parse, model)


def parse_fit(context: Context, parse: Callable[[Mapping[str, Any]], Learned], model: Mapping[str, Any]) -> Learned:
    """What was learned, from a model file; InvalidInputError where it is damaged."""
    try:
        return parse(model)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise make_damage(context, error) from error


def read_fit(context: Context, form: str) -> dict[str, Any]:
    """The JSON object in the input `model`; InvalidInputError where it is not of the format `form`."""
    model = read_model_file(context, get_input(context, "model"))
    if model["format"] != form:
        raise InvalidInputError(
            f"the model of party {context.me.party} has the format {model['format']!r}, but step {context.step!r} needs "
            f"{form!r}: connect the output `model` of a step of the same component"
        )
    return model


def write_fit(context: Context, form: str, learned: Mapping[str, Any]) -> None:
    """Write the output `model`: JSON with the format, the party, and what was learned."""
    write_model_file(context, {"format": form, "party": context.me.party, "role": context.me.role, **learned})


def check_known(context: Context, frame: Frame, names: list[str]) -> None:
    """InvalidInputError where the table lacks a feature that the model is about."""
    missing = [name for name in names if name not in frame.features]
    if missing:
        raise InvalidInputError(
            f"the table of party {context.me.party} has no feature {render_names([*map(repr, missing)])} which the model "
            f"knows; it has {render_names(frame.features)}: prepare it as the table that the model was made from"
        )
