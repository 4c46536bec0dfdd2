"""A party's columns and the bins found for them: how they are fitted, kept in a model file, and put to use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.bins import METHODS, Places, count_bins, find_categories, place_values
from workers.components.columns import Vector
from workers.components.frames import Frame, change_features, read_numbers, select_features
from workers.components.tables import render_names

FORMAT: Final = "fedrota.feature_binning/1"
TRANSFORMS: Final = ("none", "bins", "woe")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnBins:
    """A feature, its place among the party's features, and the upper ends of its bins."""

    name: str
    position: int
    points: Sequence[float]
    is_fixed: bool = False
    """Whether the ends are categories or were given, so that no method may join bins."""
    results: Sequence[Mapping[str, Any]] = ()
    """What the bins tell about each label; known at the party with the labels only."""

    def place(self, values: Vector) -> Places:
        """The bin of each value."""
        return place_values(values, self.points)

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        return {
            "name": self.name,
            "position": self.position,
            "points": list(self.points),
            "fixed": self.is_fixed,
            "results": list(self.results),
        }

    @classmethod
    def parse(cls, sent: Mapping[str, Any]) -> Self:
        """What `to_json` made."""
        return cls(
            name=sent["name"],
            position=sent["position"],
            points=sent["points"],
            is_fixed=sent["fixed"],
            results=sent["results"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """All of a party's binned columns, and which are to be replaced by what."""

    columns: Sequence[ColumnBins]
    transform: str
    replaced: Sequence[str]
    more: Mapping[str, Any] = field(default_factory=dict)
    """What else the model file tells, such as the hosts' columns at the guest."""

    def to_json(self) -> dict[str, Any]:
        """As the model file holds it."""
        return {
            "columns": [each.to_json() for each in self.columns],
            "transform": self.transform,
            "replaced": list(self.replaced),
            **self.more,
        }

    @classmethod
    def parse(cls, model: Mapping[str, Any]) -> Self:
        """From a model file; what else it tells is left out."""
        return cls(
            columns=[ColumnBins.parse(each) for each in model["columns"]],
            transform=model["transform"],
            replaced=model["replaced"],
        )

    def apply(self, context: Context, frame: Frame) -> Frame:
        """The table with values replaced; InvalidInputError where it lacks a column."""
        if self.transform == "none":
            return frame
        if self.transform == "woe" and context.me.role != "guest":
            context.log(
                "weights of evidence tell about labels, so only the guest has them: the table passes on as it is"
            )
            return frame
        columns = {each.name: each for each in self.columns if each.name in self.replaced}
        missing = [name for name in columns if name not in frame.features]
        if missing:
            raise InvalidInputError(
                f"the table of party {context.me.party} has no feature {render_names([*map(repr, missing)])}, which the "
                "bins were made for: prepare it as the table that they were made from"
            )
        return change_features(frame, list(columns), lambda name, _: self._replace(context, frame, columns[name]))

    def _replace(self, context: Context, frame: Frame, column: ColumnBins) -> Any:
        import pyarrow

        places = column.place(read_numbers(context, frame, column.name))
        if self.transform == "bins":
            return pyarrow.array(places)
        # A bin that is new, such as that of missing values where there were none, tells nothing.
        weights = np.append(column.results[0]["woe"], 0.0)
        return pyarrow.array(weights[np.minimum(places, len(weights) - 1)])


def list_named(context: Context, frame: Frame, names: Sequence[str], places: Sequence[int], *, where: str) -> list[str]:
    """The features that a pair of parameters names, in the table's order; InvalidInputError for unknown ones."""
    features = frame.features
    unknown = [repr(name) for name in names if name not in features]
    unknown += [f"position {place}" for place in places if place >= len(features)]
    if unknown and context.params["unknown_columns"] == "error":
        raise InvalidInputError(
            f"the table of party {context.me.party} has no feature {render_names(unknown)}; its {len(features)} features "
            f"are {render_names(features)}: correct {where}, or set `unknown_columns: ignore`"
        )
    return [name for place, name in enumerate(features) if name in names or place in places]


def fit_columns(
    context: Context, frame: Frame, *, method: str, bins: int
) -> tuple[list[ColumnBins], dict[str, Vector]]:
    """Bins of the columns that the parameters name, and the columns' values."""
    given, categories = _find_given(context, frame), _list_categories(context, frame)
    chosen = {*select_features(context, frame), *categories, *given}
    columns, values = [], {}
    for position, name in enumerate(frame.features):
        if name not in chosen:
            continue
        values[name] = read_numbers(context, frame, name)
        points = given.get(name) or (find_categories(values[name]) if name in categories else [])
        is_fixed = bool(points)
        if not points:
            points = METHODS[method](values[name], bins)
        if not points:
            raise InvalidInputError(
                f"column {name!r} of party {context.me.party} is empty: fill it, or leave it out of `columns`"
            )
        columns.append(ColumnBins(name=name, position=position, points=points, is_fixed=is_fixed))
    return columns, values


def _list_categories(context: Context, frame: Frame) -> list[str]:
    params = context.params
    return list_named(
        context, frame, params["category_columns"], params["category_positions"], where="`category_columns`"
    )


def _find_given(context: Context, frame: Frame) -> dict[str, list[float]]:
    params = context.params
    by_position = params["split_points_by_position"]
    wrong = [key for key in by_position if not (key.isascii() and key.isdigit())]
    if wrong:
        raise InvalidInputError(
            f"`split_points_by_position` has the key {wrong[0]!r}: give places among the features, from 0"
        )
    list_named(context, frame, list(params["split_points"]), [int(key) for key in by_position], where="`split_points`")
    features = frame.features
    given = {name: points for name, points in params["split_points"].items() if name in features}
    given |= {features[int(key)]: points for key, points in by_position.items() if int(key) < len(features)}
    return {name: sorted({float(each) for each in points}) for name, points in given.items()}


def list_replaced(context: Context, frame: Frame, columns: Sequence[ColumnBins]) -> list[str]:
    """The columns that the transform replaces: those named, or all that have bins."""
    names, places = context.params["transform_columns"], context.params["transform_positions"]
    binned = [each.name for each in columns]
    if not names and not places:
        return binned
    named = list_named(context, frame, names, places, where="`transform_columns`")
    without = [name for name in named if name not in binned]
    if without:
        raise InvalidInputError(
            f"column {without[0]!r} of party {context.me.party} is to be replaced but has no bins: add it to `columns`, or "
            "take it out of `transform_columns`"
        )
    return named


def count_places(column: ColumnBins, values: Vector) -> int:
    """The number of the column's bins for these values."""
    return count_bins(values, column.points)


def keep_ends(column: ColumnBins, ends: Sequence[int]) -> ColumnBins:
    """The column with only those bins' ends; the last one stays."""
    return replace(column, points=[column.points[end] for end in ends])
