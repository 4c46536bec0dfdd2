"""A party's table as it was uploaded: its ids, labels and features, each refused with party, column and remedy."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fedrota.component import Context, InvalidInputError
from workers.components.columns import LARGEST_WHOLE, NotNumericError, Vector, count_gaps, to_numbers
from workers.components.tables import ID_KEY, get_input, read_ids, read_table, render_names

if TYPE_CHECKING:
    import pyarrow

SHOWN_IDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """The input `data` of a data_transform step."""

    context: Context
    table: "pyarrow.Table"
    id_name: str

    @classmethod
    def open(cls, context: Context, *, id_names: Sequence[str]) -> "RawTable":
        """The table with the first of `id_names` that it has as its id column; empty: the one marked, else the first."""
        table = read_table(get_input(context, "data"))
        columns = table.column_names
        if "" in id_names:
            marked = (table.schema.metadata or {}).get(ID_KEY, b"").decode()
            id_names = [*(name for name in id_names if name), marked, *columns[:1]]
        known = [name for name in id_names if name in columns]
        if not known:
            raise InvalidInputError(
                f"the table of party {context.me.party} has no id column {id_names[0]!r}; it has "
                f"{render_names(columns)}: set `id_column` to the one that names the samples"
            )
        if not table.num_rows:
            raise InvalidInputError(f"the table of party {context.me.party} has no rows: upload one with data in it")
        return cls(context=context, table=table, id_name=known[0])

    def read_ids(self) -> Sequence[str]:
        """The ids as text; InvalidInputError where one is missing."""
        return read_ids(self.context, self.table, self.id_name)

    def without_repeats(self, how: str) -> "RawTable":
        """Without rows whose id came before, where `how` is first; all of them where it is keep; else an error."""
        ids = self.read_ids()
        repeated = [name for name, count in Counter(ids).items() if count > 1]
        if not repeated or how == "keep":
            return self
        if how == "error":
            # The reason of a failure is kept at the centre; ids must not leave the party, so they go to the log.
            self.context.log(f"repeated ids: {', '.join(map(repr, repeated[:SHOWN_IDS]))}")
            raise InvalidInputError(
                f"column {self.id_name!r} of party {self.context.me.party} holds {len(repeated)} ids more than once (the "
                "task's log names some): correct the table, or set `duplicate_ids` to first or keep"
            )
        first = {name: row for row, name in reversed(list(enumerate(ids)))}
        self.context.log(f"kept the first row of {len(repeated)} repeated ids")
        return RawTable(context=self.context, table=self.table.take(sorted(first.values())), id_name=self.id_name)

    def list_features(self, params: Mapping[str, Any]) -> list[str]:
        """The features that `columns` and `drop` leave, in order; InvalidInputError for a name that there is not."""
        dropped = {self.id_name, params["label_column"], *params["drop"]}
        self.check_columns([*params["columns"], *params["drop"]], remedy="correct `columns` or `drop`")
        return [name for name in params["columns"] or self.table.column_names if name not in dropped]

    def check_columns(self, names: Sequence[str], *, remedy: str) -> None:
        """InvalidInputError where the table lacks one of the columns."""
        unknown = sorted(set(names) - set(self.table.column_names))
        if unknown:
            raise InvalidInputError(
                f"the table of party {self.context.me.party} has no column {render_names([*map(repr, unknown)])}; it has "
                f"{render_names(self.table.column_names)}: {remedy}"
            )

    def read_labels(
        self, name: str, *, missing: Sequence[str], known: Mapping[str, float], whole: bool, required: bool
    ) -> Vector | None:
        """The labels; None where there is no such column and none are `required`."""
        party = self.context.me.party
        if name not in self.table.column_names:
            if required:
                raise InvalidInputError(
                    f"the table of party {party} has no label column {name!r}; it has "
                    f"{render_names(self.table.column_names)}: set `label_column`, or `label_required: false`"
                )
            return None
        if name == self.id_name:
            raise InvalidInputError(
                f"column {name!r} of party {party} is both the ids and the label: set `label_column` or `id_column` to another "
                "one; an empty `label_column` means no label"
            )
        labels = self._read(name, missing, known, "map them to numbers with `label_map`, or set another `label_column`")
        gaps = count_gaps(labels)
        if gaps:
            raise InvalidInputError(
                f"label column {name!r} of party {party} is empty in {gaps} of {len(labels)} rows: remove these rows, "
                "since a label cannot be filled"
            )
        if whole:
            _check_whole(f"label column {name!r} of party {party}", labels)
        return labels

    def read_column(self, name: str, *, missing: Sequence[str]) -> Vector:
        """A feature as float64, NaN where it is missing."""
        remedy = f"correct the table, list its numeric columns in `columns`, or add {name!r} to `drop`"
        return self._read(name, missing, {}, remedy)

    def _read(self, name: str, missing: Sequence[str], known: Mapping[str, float], remedy: str) -> Vector:
        try:
            return to_numbers(self.table.column(name), missing=missing, known=known)
        except NotNumericError as error:
            raise InvalidInputError(
                f"column {name!r} of party {self.context.me.party} {error} ({error.rows} of {self.table.num_rows} rows): "
                f"{remedy}"
            ) from error


def _check_whole(where: str, labels: Vector) -> None:
    odd = labels[labels != np.round(labels)]
    if len(odd):
        raise InvalidInputError(
            f"{where} holds {odd[0]:g}, which is no whole number: set `label_type: float`, or correct the table"
        )
    largest = np.abs(labels).max(initial=0.0)
    if largest > LARGEST_WHOLE:
        raise InvalidInputError(
            f"{where} goes up to {largest:g}, where whole numbers are not exact any more: set `label_type: float`, or divide "
            "the labels"
        )
