"""The component that gives labels other values, and predictions their first ones back."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fedrota.component import Context, InvalidInputError, component
from workers.components.fitted import RUN, Kind, run_transform
from workers.components.frames import Frame, render_label
from workers.components.tables import render_names

if TYPE_CHECKING:
    import pyarrow

DISCLOSURE: Final = (
    ("the centre", "numbers of rows; which values the labels have and what they become, as the task's summary", "none"),
    ("other parties", "nothing: labels stay at the party", "none"),
)
FORMAT: Final = "fedrota.label_transform/1"
PREDICTED: Final = "predict_result"
Label = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """Pairs of a label as it was and as it becomes; none where the party has no labels."""

    pairs: Sequence[tuple[Label, Label]]
    learned_here: bool = True

    @classmethod
    def fit(cls, context: Context, frame: Frame) -> "Encoding":
        """The given encoder, or whole numbers from 0 for the labels in order."""
        given: Mapping[str, Label] = context.params["encoder"]
        labels = [each for name in _list_columns(frame) for each in frame.table.column(name).to_pylist()]
        known = {render_label(each): each for each in labels if not _is_gap(each)}
        odd = [text for text, each in known.items() if not _is_label(each)]
        if odd:
            raise InvalidInputError(
                f"a label of party {context.me.party} is {odd[0]}, which is neither a text nor a finite number: correct column "
                f"{_list_columns(frame)[-1]!r}"
            )
        if given:
            return cls(pairs=[(known.get(text, text), value) for text, value in given.items()])
        return cls(pairs=list(zip(sorted(known.values(), key=_order), range(len(known)), strict=True)))

    @classmethod
    def parse(cls, model: Mapping[str, Any]) -> "Encoding":
        """The pairs in a model file."""
        return cls(pairs=[(before, after) for before, after in model["pairs"]], learned_here=False)

    def apply(self, context: Context, frame: Frame) -> Frame:
        """The table with other labels; predictions get theirs back where the pairs come from a model."""
        names = _list_columns(frame)
        if not names:
            context.log("no labels at this party: going on without")
            return frame
        back = PREDICTED in names and not self.learned_here
        if back:
            self._check_way_back(context, frame)
        mapping = {
            render_label(before): after
            for before, after in (((new, old) for old, new in self.pairs) if back else self.pairs)
        }
        columns = frame.columns
        changed = {name: _replace(context, name, columns[name].to_pylist(), mapping) for name in names}
        context.summary(labels=mapping)
        return frame.with_columns(columns | changed)

    def _check_way_back(self, context: Context, frame: Frame) -> None:
        """InvalidInputError where predictions hold a value that stands for several labels: which one, nobody knows."""
        firsts: dict[str, list[str]] = {}
        for old, new in self.pairs:
            firsts.setdefault(render_label(new), []).append(render_label(old))
        held = {render_label(each) for name in _list_columns(frame) for each in frame.columns[name].to_pylist()}
        shared = [f"{new} for {render_names(olds)}" for new, olds in firsts.items() if len(olds) > 1 and new in held]
        if shared:
            raise InvalidInputError(
                f"the encoder of party {context.me.party} has one value for several labels ({'; '.join(shared)}), so "
                f"predictions cannot get their first labels back: leave out step {context.step!r}, or give each label a value of "
                "its own"
            )

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        return {"pairs": [list(pair) for pair in self.pairs]}


KIND: Final = Kind(format=FORMAT, fit=Encoding.fit, parse=Encoding.parse, optional=True)


@component(
    "label_transform",
    params={
        "encoder": {
            "type": "object",
            "additionalProperties": {"type": ["number", "string"]},
            "default": {},
            "description": 'What each label becomes, e.g. {"yes": 1, "no": 0}; empty numbers the labels from 0 in their '
            "order.",
        },
        "run": RUN,
    },
    inputs={"data": "table", "model": "model"},
    outputs={"data": "table", "model": "model"},
)
def label_transform(context: Context) -> None:
    """Replace labels by other values: those given, or whole numbers from 0.

    With the input `model` of an earlier step, a table's labels are replaced as that step's were, while predictions
    (tables with predict_result) get the first labels back. A label that is not known ends the step, and so does a
    prediction whose value stands for several labels. A party without labels passes its table on, one without a table goes
    on without.
    """
    run_transform(context, KIND)


def _list_columns(frame: Frame) -> list[str]:
    """The columns that hold labels: the label, or that of predictions and their result."""
    names = frame.table.column_names
    if PREDICTED in names:
        return [name for name in ("label", PREDICTED) if name in names]
    return [frame.label_name] if frame.label_name else []


def _replace(context: Context, name: str, labels: Sequence[Any], mapping: Mapping[str, Label]) -> "pyarrow.Array":
    texts = [None if _is_gap(each) else render_label(each) for each in labels]
    unknown = sorted({text for text in texts if text is not None} - set(mapping))
    if unknown:
        raise InvalidInputError(
            f"label column {name!r} of party {context.me.party} holds {render_names(unknown)}, but the encoder knows "
            f"{render_names(sorted(mapping))}: add what is missing to `encoder`, or correct the table"
        )
    return _as_column([None if text is None else mapping[text] for text in texts], mapping.values())


def _as_column(labels: Sequence[Label | None], values: Iterable[Label]) -> "pyarrow.Array":
    """A column of one type: texts where one of the possible values is a text, else whole or real numbers."""
    import pyarrow

    kinds = {type(each) for each in values}
    if str in kinds:
        return pyarrow.array([None if each is None else render_label(each) for each in labels], pyarrow.string())
    return pyarrow.array(labels, pyarrow.float64() if float in kinds else pyarrow.int64())


def _is_gap(label: Any) -> bool:
    return label is None or (isinstance(label, float) and math.isnan(label))


def _is_label(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int | float) and math.isfinite(value))


def _order(label: Label) -> tuple[bool, Label]:
    """Numbers before texts, each in order."""
    return isinstance(label, str), label
