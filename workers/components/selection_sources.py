"""What earlier steps know about columns: figures from their models, by column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.bin_columns import FORMAT as BINNING
from workers.components.column_statistics import measure
from workers.components.data_statistics import FORMAT as STATISTICS
from workers.components.frames import Frame, read_numbers
from workers.components.glm_model import read_model_file
from workers.components.tables import render_names

FORMATS: Final[Mapping[str, str]] = {
    "binning": BINNING,
    "statistics": STATISTICS,
    "pearson": "fedrota.hetero_pearson/1",
}
"""The ports that models come in by, and the formats of their files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The models that are connected at this party, and its table."""

    context: Context
    frame: Frame
    models: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, context: Context, frame: Frame) -> "Sources":
        """All connected models; InvalidInputError where one is of another kind than its port."""
        return cls(
            context=context,
            frame=frame,
            models={port: _read(context, port) for port in FORMATS if context.has_input(port)},
        )

    def get(self, port: str, purpose: str) -> Mapping[str, Any]:
        """A model that a filter cannot do without; InvalidInputError where it is not connected."""
        if port not in self.models:
            raise InvalidInputError(
                f"filter {purpose!r} of step {self.context.step!r} needs the input {port!r} at party "
                f"{self.context.me.party}: connect the output `model` of a step that makes it"
            )
        return self.models[port]

    def list_iv(self, columns: Sequence[Mapping[str, Any]]) -> list[float]:
        """Information values of a binning model's columns, the mean over labels; InvalidInputError without any."""
        if any(not each["results"] for each in columns):
            raise InvalidInputError(
                f"the binning model of party {self.context.me.party} has no information values: set `statistics: true` in "
                "the binning step"
            )
        return [float(np.mean([each["total_iv"] for each in column["results"]])) for column in columns]

    def find_figures(self, metric: str, names: Sequence[str]) -> dict[str, float]:
        """A statistic of each column: the model's where one is connected and has it, otherwise computed here."""
        known = self.models.get("statistics", {}).get("statistics", {})
        return {
            name: _to_figure(known[name][metric] if metric in known.get(name, {}) else self._compute(metric, name))
            for name in names
        }

    def read_figures(self, metric: str, names: Sequence[str]) -> dict[str, float]:
        """A statistic of each column that the statistics model knows; InvalidInputError where it has not this one."""
        columns = self.get("statistics", "statistic")["statistics"]
        known = {name: columns[name] for name in names if name in columns}
        without = [name for name, figures in known.items() if metric not in figures]
        if without:
            raise InvalidInputError(
                f"the statistics of party {self.context.me.party} have no {metric!r} of column {without[0]!r}, only "
                f"{render_names(sorted(known[without[0]]))}: add it to `statistics` of the step before"
            )
        return {name: _to_figure(figures[metric]) for name, figures in known.items()}

    def find_vif(self, names: Sequence[str]) -> dict[str, float]:
        """Variance inflation factors from a correlation model; a column that it lacks is not judged."""
        model = self.get("pearson", "vif")
        known = dict(zip(model["columns"], model["vif"] or [], strict=True)) if model["vif"] else {}
        return {name: known[name] for name in names if known.get(name) is not None}

    def _compute(self, metric: str, name: str) -> float | None:
        values = read_numbers(self.context, self.frame, name)
        return measure(values, [metric], bias=True)[metric]


def _read(context: Context, port: str) -> Mapping[str, Any]:
    model = read_model_file(context, context.input(port))
    if model["format"] != FORMATS[port]:
        raise InvalidInputError(
            f"the input {port!r} of party {context.me.party} is a model of the format {model['format']!r} instead of "
            f"{FORMATS[port]!r}: connect the output `model` of the right step"
        )
    return model


def _to_figure(value: float | None) -> float:
    """What is undefined, as for a column without values, counts as 0."""
    return 0.0 if value is None else float(value)
