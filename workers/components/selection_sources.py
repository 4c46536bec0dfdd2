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
from workers.components.model_files import read_model_file
from workers.components.tables import render_names
from workers.components.tree_predict import HETERO_FORMAT, HOMO_FORMAT

PORTS: Final = ("source", "source_1", "source_2", "source_3")
"""The ports that models come in by, of whatever kinds."""
FORMATS: Final[Mapping[str, str]] = {
    BINNING: "binning",
    STATISTICS: "statistics",
    "fedrota.hetero_pearson/1": "correlation",
    HETERO_FORMAT: "trees",
    HOMO_FORMAT: "trees",
}
"""Kinds of models by the formats of their files."""
MAKERS: Final[Mapping[str, str]] = {
    "binning": "hetero_feature_binning",
    "statistics": "data_statistics",
    "correlation": "hetero_pearson",
    "trees": "hetero_secureboost or homo_secureboost",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The models that are connected at this party, and its table."""

    context: Context
    frame: Frame
    models: Mapping[str, Mapping[str, Any]]
    """By kind."""

    @classmethod
    def read(cls, context: Context, frame: Frame) -> "Sources":
        """All connected models; InvalidInputError where one is of no use here, or two are of one kind."""
        models: dict[str, Mapping[str, Any]] = {}
        for port in PORTS:
            if context.has_input(port):
                kind, model = _read(context, port)
                if kind in models:
                    raise InvalidInputError(
                        f"party {context.me.party} has two {kind} models as inputs of step {context.step!r}: connect one"
                    )
                models[kind] = model
        return cls(context=context, frame=frame, models=models)

    def get(self, kind: str, purpose: str) -> Mapping[str, Any]:
        """A model that a filter cannot do without; InvalidInputError where it is not connected."""
        if kind not in self.models:
            raise InvalidInputError(
                f"filter {purpose!r} of step {self.context.step!r} needs a {kind} model at party {self.context.me.party}: "
                f"connect the output `model` of a {MAKERS[kind]} step to the input `source`"
            )
        return self.models[kind]

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
        model = self.get("correlation", "vif")
        known = dict(zip(model["columns"], model["vif"] or [], strict=True)) if model["vif"] else {}
        return {name: known[name] for name in names if known.get(name) is not None}

    def find_importance(self, names: Sequence[str]) -> dict[str, float]:
        """What boosted trees make of the columns; a column that splits nowhere has 0, one that they lack is not judged."""
        model = self.get("trees", "importance")
        known, counts = set(model["features"]), model.get("importance", {})
        return {name: float(counts.get(name, 0.0)) for name in names if name in known}

    def _compute(self, metric: str, name: str) -> float | None:
        values = read_numbers(self.context, self.frame, name)
        return measure(values, [metric], bias=True)[metric]


def _read(context: Context, port: str) -> tuple[str, Mapping[str, Any]]:
    """The kind of the model at a port, and the model."""
    model = read_model_file(context, context.input(port))
    kind = FORMATS.get(model["format"])
    if kind is None:
        raise InvalidInputError(
            f"the input {port!r} of party {context.me.party} is a model of the format {model['format']!r}: connect that of a "
            f"step of {', '.join(MAKERS.values())}"
        )
    return kind, model


def _to_figure(value: float | None) -> float:
    """What is undefined, as for a column without values, counts as 0."""
    return 0.0 if value is None else float(value)
