"""Tables of predictions: the same columns, whatever the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.components.columns import Vector
from workers.components.tables import Samples

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What a model says about samples; `labels` are as the table is to show them, None where there are none."""

    split: str
    samples: Samples
    labels: Vector | None
    scores: Vector
    results: Vector
    details: Mapping[str, Any] | None = None
    """Further columns, before `split`."""


def make_predictions(predicted: Predicted, *, whole: bool) -> "pyarrow.Table":
    """Columns id, label, predict_score, predict_result and split; `whole` makes labels and results integers."""
    import pyarrow

    kind, rows = pyarrow.int64() if whole else pyarrow.float64(), len(predicted.samples)
    labels = pyarrow.nulls(rows, kind) if predicted.labels is None else pyarrow.array(predicted.labels).cast(kind)
    return pyarrow.table(
        {
            "id": pyarrow.array(predicted.samples.ids, pyarrow.string()),
            "label": labels,
            "predict_score": predicted.scores,
            "predict_result": pyarrow.array(np.asarray(predicted.results)).cast(kind),
            **(predicted.details or {}),
            "split": pyarrow.array([predicted.split] * rows, pyarrow.string()),
        }
    )
