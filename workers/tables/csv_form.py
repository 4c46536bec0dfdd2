"""How a CSV file is written: its delimiter, whether its first line names the columns, what is put before them."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Self

from workers.tables.csv_checks import MAX_HEADER_BYTES, TableError

DEFAULT_ID: Final = "id"
FEATURE: Final = "x"


def can_separate(text: str) -> bool:
    """Whether it may stand between fields."""
    return len(text) == 1 and text.isascii() and text not in '\r\n"\0'


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvForm:
    """`columns` name the columns of a file without a header, the first ones; `row_id` asks for one more column.

    That column stands before the others and holds a text that no other row has, or with `counts` 0, 1, 2 and so on.
    """

    delimiter: str = ","
    has_header: bool = True
    columns: tuple[str, ...] = ()
    row_id: str = ""
    counts: bool = False

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """The form in a call's `csv` argument; TableError where it cannot be."""
        delimiter = given.get("delimiter", ",")
        if not isinstance(delimiter, str) or not can_separate(delimiter):
            raise TableError(
                "delimiter", f"{delimiter!r} cannot separate fields", "give a single character, such as ','"
            )
        names = given.get("columns", ())
        if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
            raise TableError("columns", "they must be a list of names")
        row_id = given.get("row_id", "")
        if not isinstance(row_id, str) or len(row_id) > 200:
            raise TableError("row_id", "it must be a column's name of at most 200 characters")
        return cls(
            delimiter=delimiter,
            has_header=given.get("header") is not False,
            columns=tuple(names),
            row_id=row_id,
            counts=given.get("counts") is True,
        )

    def name_columns(self, file: BinaryIO) -> tuple[str, ...]:
        """The names of the file's columns where it has no header, `id`, `x0`, `x1`, ... behind the given ones.

        Leaves `file` at its beginning; TableError where more names are given than the first line has fields.
        """
        width = self._count_fields(file)
        if len(self.columns) > width:
            raise TableError("columns", f"{len(self.columns)} names are given, but the first line has {width} fields")
        named = self.columns or (DEFAULT_ID,)
        made = (f"{FEATURE}{number}" for number in range(width))
        return (*named, *(name for name in made if name not in named))[:width]

    def _count_fields(self, file: BinaryIO) -> int:
        file.seek(0)
        head = file.read(MAX_HEADER_BYTES)
        file.seek(0)
        try:
            first = next(csv.reader(io.StringIO(head.decode("utf-8-sig", "replace")), delimiter=self.delimiter), [])
        except csv.Error as wrong:
            raise TableError("line 1", f"it cannot be read: {wrong}") from wrong
        if not first:
            raise TableError("line 1", "it is empty", "the file must begin with its first row")
        return len(first)
