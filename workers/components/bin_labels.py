"""Labels as numbers from 0, and what counts of them in bins say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.bins import Places
from workers.components.columns import Vector
from workers.components.frames import Frame, read_labels, render_label
from workers.components.woe import weigh

MOST_LABELS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The different labels and the code of each row's; of two labels the larger one comes first, as the event."""

    names: Sequence[str]
    codes: Sequence[int]

    @property
    def is_binary(self) -> bool:
        """Whether there are just two labels."""
        return len(self.names) == 2

    def count(self, places: Places, bins: int) -> Vector:
        """How often each bin holds each label: bins x labels."""
        found = np.zeros((bins, len(self.names)))
        np.add.at(found, (places, np.asarray(self.codes)), 1)
        return found

    def judge(self, counts: Vector, *, adjustment: float, ordered: bool = True) -> list[dict[str, Any]]:
        """What bins tell about each label against all others; of two labels, about the first one only."""
        judged = range(1 if self.is_binary else len(self.names))
        rows = counts.sum(axis=1)
        return [
            {
                "label": self.names[place],
                **weigh(counts[:, place], rows - counts[:, place], adjustment=adjustment).to_json(ordered=ordered),
            }
            for place in judged
        ]


def code_labels(context: Context, frame: Frame) -> Labels:
    """The guest's labels; InvalidInputError where there are none, one kind only, or more kinds than classes have."""
    labels = read_labels(context, frame, "the information value")
    kinds = sorted(set(labels), key=lambda each: (isinstance(each, str), each))
    where = f"label column {frame.label_name!r} of party {context.me.party}"
    if len(kinds) < 2:
        shown = f"only the label {render_label(kinds[0])}" if kinds else "no labels"
        raise InvalidInputError(
            f"{where} holds {shown}: the information value compares labels; check which rows the steps before leave, or "
            "set `statistics: false`"
        )
    if len(kinds) > MOST_LABELS:
        raise InvalidInputError(
            f"{where} holds {len(kinds)} different labels: the information value is for classes; set `statistics: false`"
        )
    ordered = kinds[::-1] if len(kinds) == 2 else kinds
    codes = {kind: code for code, kind in enumerate(ordered)}
    return Labels(names=[render_label(kind) for kind in ordered], codes=[codes[label] for label in labels])
