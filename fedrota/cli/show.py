"""How answers reach the terminal: tables for people, stable JSON for programs."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

PIPED_WIDTH = 500
"""Wide enough that nothing is cut where no terminal is: `fedrota jobs | grep` finds whole ids."""
GAP = 2
"""Blanks between two columns."""
FOLDED_WIDTH = 10
"""Narrower than this a column of prose is no longer readable; then the terminal breaks the lines."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Console(Console):
    """Text without control characters, which a terminal would obey; the command line says how it ends without a reader."""

    def on_broken_pipe(self) -> None:
        """Raise again what was caught; the default ends the program as a failed job would."""
        raise  # noqa: PLE0704  called while the error is handled

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments, whose text is text only; styles are not in it."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=_CONTROLS.sub("", segment.text))


def make_console(file: TextIO | None = None) -> Console:
    """A console on standard output, or on `file`."""
    stream = file or sys.stdout
    return _Console(
        file=stream,
        highlight=False,
        soft_wrap=False,
        width=None if stream.isatty() else PIPED_WIDTH,
    )


def render_json(value: Any) -> Any:
    """JSON values from what the SDK answers with; times in RFC 3339 with `Z`."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: render_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): render_json(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [render_json(below) for below in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def print_json(value: Any, file: TextIO | None = None) -> None:
    """`value` as indented JSON on standard output, or on `file`."""
    stream = file or sys.stdout
    json.dump(render_json(value), stream, indent=2, ensure_ascii=False)
    stream.write("\n")


def print_json_line(value: Any) -> None:
    """`value` as one line of JSON, at once."""
    sys.stdout.write(json.dumps(render_json(value), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_json_list(items: Iterable[Any], cursor: str | None = None) -> None:
    """A list in the API's own form."""
    print_json({"items": list(items), "next": cursor})


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Rows under their headings, or the sentence `empty`; cells are rich markup.

    A `>` before a heading aligns right, a `~` lets the column go over several lines on a narrow terminal. Nothing is
    ever cut: ids are there to be copied.
    """
    console = make_console()
    cells = list(rows)
    if not cells:
        console.print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        right = column.startswith(">")
        table.add_column(column.lstrip(">~"), justify="right" if right else "left", no_wrap=True, overflow="fold")
    for row in cells:
        table.add_row(*row)
    natural = Measurement.get(console, console.options.update(width=PIPED_WIDTH), table).maximum
    excess = natural - console.width
    if excess > 0 and not _fold(table, [column.startswith("~") for column in columns], excess):
        console.width = natural
    _print_lines(console, table)


def print_wide(columns: Sequence[str], rows: Iterable[Sequence[str]], *, keys: Sequence[str] = ()) -> None:
    """A table of at least one row; on a terminal too narrow for it in blocks of columns, each of them behind the first column.

    Neighbours with the same key stay in one block where they fit into one; `keys` has a word per column.
    """
    console, cells = make_console(), list(rows)
    widths = [
        max(cell_len(Text.from_markup(text).plain) for text in (column.lstrip(">~"), *(row[at] for row in cells)))
        for at, column in enumerate(columns)
    ]
    room = console.width if console.is_terminal else sys.maxsize
    for number, block in enumerate(list_blocks(widths, keys or columns, room)):
        if number:
            console.print("")
        print_table([columns[at] for at in block], [[row[at] for at in block] for row in cells], empty="")


def list_blocks(widths: Sequence[int], keys: Sequence[str], room: int) -> list[list[int]]:
    """The columns of each block, by their positions; a block has at least one column beside the first."""

    def measure(block: list[int]) -> int:
        return sum(widths[at] + GAP for at in block) - GAP

    pieces: list[list[int]] = []
    for _, run in groupby(range(1, len(widths)), key=lambda at: keys[at]):
        group = list(run)
        pieces += [group] if measure([0, *group]) <= room else [[at] for at in group]
    blocks = [[0]]
    for piece in pieces:
        if len(blocks[-1]) > 1 and measure([*blocks[-1], *piece]) > room:
            blocks.append([0])
        blocks[-1] += piece
    return blocks


def _print_lines(console: Console, table: Table) -> None:
    """The table; into a file or a pipe without the blanks that fill its lines up to one width."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as lines:
        console.print(table)
    console.file.write("".join(f"{line.rstrip()}\n" for line in lines.get().splitlines()))


def _fold(table: Table, foldable: Sequence[bool], excess: int) -> bool:
    """Narrow the foldable columns by `excess` cells in all; False where that leaves too little of them."""
    chosen = [column for column, may_fold in zip(table.columns, foldable, strict=True) if may_fold]
    widths = [
        max(cell_len(Text.from_markup(str(cell)).plain) for cell in (column.header, *column.cells)) for column in chosen
    ]
    wanted = sum(widths) - excess
    if not chosen or wanted < sum(min(width, FOLDED_WIDTH) for width in widths):
        return False
    # The widest gives first, so a short name stays whole beside a long reason.
    while sum(widths) > wanted:
        widths[widths.index(max(widths))] -= 1
    for column, width in zip(chosen, widths, strict=True):
        column.no_wrap = False
        column.width = width
    return True


def print_fields(pairs: Iterable[tuple[str, str]]) -> None:
    """Names and values below each other; pairs without a value are left out. Values are rich markup."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            table.add_row(name, value)
    console = make_console()
    if not console.is_terminal:
        # A line per name for `grep`, however long its value is.
        console.width = Measurement.get(console, console.options.update(width=sys.maxsize), table).maximum or 1
    _print_lines(console, table)


def print_line(text: str) -> None:
    """A line of rich markup."""
    make_console().print(text, soft_wrap=True)


def print_next(*commands: str) -> None:
    """What the reader may want to do now."""
    for command in commands:
        print_line(f"  [dim]{escape(command)}[/]")


def print_preview(columns: Sequence[str], rows: Iterable[Sequence[Any]], total: int | None) -> None:
    """Rows of a data table, and how many there are in all."""
    cells = [["" if cell is None else escape(str(cell)) for cell in row] for row in rows]
    if not cells:
        print_line("the table has no rows here")
        return
    print_wide([escape(column) for column in columns], cells)
    if total is not None:
        print_line(f"[dim]{len(cells)} of {total} rows[/]")


def make_error_console() -> Console:
    """A console on standard error."""
    return make_console(sys.stderr)
