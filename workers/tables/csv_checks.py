"""What can be wrong with a CSV file, said with the line: encoding, header, ragged rows."""

import codecs
import csv
import io
import re
import sys
from typing import BinaryIO, Final, Self

BLOCK_BYTES: Final = 1 << 20
MAX_HEADER_BYTES: Final = 4 << 20
OTHER_DELIMITERS: Final = ",;\t|"
_FOREIGN: Final = (
    (b"\x1f\x8b", "it is compressed with gzip", "unpack it first"),
    (b"PK\x03\x04", "it is a zip archive or an Excel workbook", "unpack it, or save the sheet as CSV in UTF-8"),
    (
        b"PAR1\x15",
        "it is a Parquet file",
        "give it the ending .parquet, or the content type application/vnd.apache.parquet",
    ),
)
"""What is sent as CSV by mistake: how it begins, what it is, what to do."""
_OPEN_QUOTE: Final = "unexpected end of data"
"""How the csv module calls it."""
_CONVERSION: Final = re.compile(
    r"In CSV column #(\d+): (?:Row #\d+: )?CSV conversion error to (\S+): invalid value '(.*)'", re.DOTALL
)


class TableError(Exception):
    """The table is wrong at `where`; `hint` says what to change."""

    def __init__(self, where: str, message: str, hint: str = "") -> None:
        super().__init__(f"{where}: {message}")
        self.where = where
        self.message = message
        self.hint = hint


def check_csv(file: BinaryIO, *, delimiter: str = ",", has_header: bool = True) -> list[str]:
    """The names in the header, without blanks around them; TableError for what pyarrow would not say well.

    Leaves `file` at its beginning. `a, b` is how people write lists: with its blank ` b` would be found by nobody.
    """
    quotes = _check_encoding(file)
    if quotes % 2:
        _check_quotes(file, delimiter)
    file.seek(0)
    if not has_header:
        return []
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        names = [name.strip() for name in next(csv.reader(_HeaderLines(text), delimiter=delimiter), [])]
    except csv.Error as wrong:
        raise TableError("line 1", f"the header cannot be read: {wrong}") from wrong
    finally:
        text.detach()
        file.seek(0)
    _check_names(names)
    _check_delimiter(names, delimiter)
    return names


def _check_encoding(file: BinaryIO) -> int:
    """How many quotation marks there are; TableError for what is no text in UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, quotes, is_empty = 1, 0, True
    file.seek(0)
    _check_kind(file.read(5))
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        is_empty = is_empty and not block.strip()
        if (zero := block.find(b"\0")) >= 0:
            raise TableError(
                f"line {line + block.count(10, 0, zero)}",
                "a zero byte: this is no CSV text",
                "UTF-16? save it as UTF-8",
            )
        try:
            decoder.decode(block)
        except UnicodeDecodeError as wrong:
            raise TableError(
                f"line {line + block.count(10, 0, wrong.start)}",
                f"it is not UTF-8 ({wrong.reason})",
                "save the file with UTF-8 encoding",
            ) from wrong
        line += block.count(b"\n")
        quotes += block.count(b'"')
    if is_empty:
        raise TableError("file", "it is empty", "upload a CSV file with a header line and at least one row")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as wrong:
        raise TableError(f"line {line}", "its last character is cut off", "was the file sent whole?") from wrong
    return quotes


def _check_quotes(file: BinaryIO, delimiter: str) -> None:
    """Refuse a quote that is open at the end: pyarrow makes one field of all that follows it, and says nothing."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    csv.field_size_limit(sys.maxsize)
    rows = csv.reader(text, delimiter=delimiter, strict=True)
    line = 1
    try:
        for _ in rows:
            line = rows.line_num + 1
    except csv.Error as wrong:
        if str(wrong) == _OPEN_QUOTE:  # else a mark in the middle of a field, which is text
            hint = 'close it; a quotation mark inside a quoted field is written twice, ""'
            raise TableError(f"line {line}", "a quote begins in this row and never ends", hint) from wrong
    finally:
        text.detach()


def _check_kind(head: bytes) -> None:
    for start, what, hint in _FOREIGN:
        if head.startswith(start):
            raise TableError("file", what, hint)


class _HeaderLines:
    """Lines of a text, but no more than a header may have."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._left = MAX_HEADER_BYTES

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self._left)
        self._left -= len(line)
        if self._left <= 0:
            raise TableError("line 1", f"the header is longer than {MAX_HEADER_BYTES} bytes")
        if not line:
            raise StopIteration
        return line


def _check_names(names: list[str]) -> None:
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name:
            raise TableError("line 1", f"column {position} has no name", "the first line must name every column")
        if name in seen:
            raise TableError("line 1", f"column {name!r} occurs twice", "give every column a name of its own")
        seen.add(name)


def _check_delimiter(names: list[str], delimiter: str) -> None:
    """Refuse one column whose name holds what stands between fields elsewhere: it would be useless, and unnoticed."""
    if len(names) != 1:
        return
    other = next((sign for sign in OTHER_DELIMITERS if sign != delimiter and sign in names[0]), "")
    if other:
        word = "a tab" if other == "\t" else repr(other)
        raise TableError(
            "line 1",
            f"with {delimiter!r} between fields it has one column, {names[0][:60]!r}",
            f"its fields seem to be separated by {word}: give that as delimiter, `--delimiter` on the command line",
        )


def find_bad_line(
    file: BinaryIO, reason: str, *, delimiter: str = ",", names: tuple[str, ...] | None = None
) -> TableError:
    """The error that pyarrow met, with its line where that can be found; `names` are a headless file's columns."""
    found = _CONVERSION.search(reason)
    column = int(found[1]) if found else -1
    value = found[3] if found else ""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        rows = csv.reader(text, delimiter=delimiter)
        header = list(names) if names is not None else next(rows, [])
        for row in rows:
            if row and len(row) != len(header):
                return TableError(
                    f"line {rows.line_num}",
                    f"{len(row)} fields, but the {'header' if names is None else 'first line'} has {len(header)}",
                    "every line needs as many fields as the first; quote fields that contain the delimiter",
                )
            if found and column < len(row) and row[column] == value:
                return TableError(
                    f"line {rows.line_num}",
                    f"column {header[column]!r}: {value!r} is no {found[2]}",
                    "the values of a column must be of one type; upload the table as Parquet to fix the types",
                )
    except csv.Error as wrong:
        return TableError(f"line {rows.line_num}", str(wrong))
    finally:
        text.detach()
    return TableError("file", reason)
