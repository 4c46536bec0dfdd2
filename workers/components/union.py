"""The component that puts the rows of several tables of a party into one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from fedrota.component import Context, InvalidInputError, component
from workers.components.fitted import RUN
from workers.components.frames import Frame, read_frame, write_frame
from workers.components.tables import render_names

if TYPE_CHECKING:
    import pyarrow

DISCLOSURE: Final = (
    ("the centre", "numbers of rows of each table; where the task fails names of columns", "none"),
    ("other parties", "nothing: each party joins its own tables by itself", "none"),
)
PORTS: Final = ("data", *(f"data_{place}" for place in range(2, 9)))


@component(
    "union",
    params={
        "keep_duplicate": {
            "type": "boolean",
            "default": False,
            "description": "Keep the rows of an id that occurs again, and add each row's input to its id (id_data_2); false "
            "keeps the first row of each id.",
        },
        "run": {**RUN, "description": "False passes the first table on as it is."},
    },
    inputs=dict.fromkeys(PORTS, "table"),
    outputs={"data": "table"},
)
def union(context: Context) -> None:
    """Put the rows of two to eight tables with the same columns into one, in the order of the inputs.

    Tables without rows are passed over. Columns may stand in another order, which becomes that of the first table.
    """
    ports = [port for port in PORTS if context.has_input(port)]
    if len(ports) < 2 and context.params["run"]:
        raise InvalidInputError(
            f"step {context.step!r} needs at least two tables at party {context.me.party}: connect the inputs `data` and "
            f"`data_2`{' to ' + PORTS[-1]}"
        )
    frames = {port: read_frame(context, port) for port in ports or ("data",)}
    rows = {port: len(frame) for port, frame in frames.items()}
    joined = _join(context, frames) if context.params["run"] else next(iter(frames.values()))
    write_frame(context, "data", joined)
    context.log(f"{len(joined)} rows of {', '.join(f'{port}: {count}' for port, count in rows.items())}")
    context.summary(tables=rows, rows=len(joined))


def _join(context: Context, frames: dict[str, Frame]) -> Frame:
    filled = {port: frame for port, frame in frames.items() if len(frame)}
    if not filled:
        return next(iter(frames.values()))
    (first_port, first), *others = filled.items()
    for port, frame in others:
        _check_same(context, (first_port, first), (port, frame))
    marked = [_mark(frame, port) for port, frame in filled.items()] if context.params["keep_duplicate"] else None
    joined = _stack(context, marked or list(filled.values()))
    return joined if marked else joined.take(_first_rows(joined.ids))


def _check_same(context: Context, first: tuple[str, Frame], other: tuple[str, Frame]) -> None:
    (port, wanted), (other_port, found) = first, other
    place = f"at party {context.me.party} the inputs {port!r} and {other_port!r}"
    for kind in ("id", "label", "weight"):
        names = [getattr(frame, f"{kind}_name") for frame in (wanted, found)]
        if names[0] != names[1]:
            shown = " and ".join(repr(name) if name else "no column" for name in names)
            raise InvalidInputError(f"{place} have {shown} as {kind}: prepare both with the same data_transform")
    if set(wanted.features) != set(found.features):
        differing = sorted(set(wanted.features) ^ set(found.features))
        raise InvalidInputError(
            f"{place} differ in the features {render_names(differing)}: give both tables the same columns"
        )


def _stack(context: Context, frames: Sequence[Frame]) -> Frame:
    first = frames[0]
    tables = [frame.table.select(first.table.column_names).replace_schema_metadata(None) for frame in frames]
    wrong = [name for name in first.table.column_names if _concat([table.select([name]) for table in tables]) is None]
    joined = _concat(tables)
    if wrong or joined is None:
        raise InvalidInputError(
            f"the tables of party {context.me.party} hold different types of values in "
            f"{render_names([_describe(name, tables) for name in wrong])}: give each column one type in all tables"
        )
    return first.with_columns(dict(zip(joined.column_names, joined.columns, strict=True)))


def _concat(tables: Sequence["pyarrow.Table"]) -> "pyarrow.Table | None":
    """The tables' rows in one, whole and real numbers as real ones; None where the types have nothing in common."""
    import pyarrow

    try:
        return pyarrow.concat_tables(tables, promote_options="permissive")
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
        return None


def _describe(name: str, tables: Sequence["pyarrow.Table"]) -> str:
    return f"{name!r} ({' and '.join(sorted({str(table.schema.field(name).type) for table in tables}))})"


def _mark(frame: Frame, port: str) -> Frame:
    return frame.with_columns(frame.columns | {frame.id_name: [f"{each}_{port}" for each in frame.ids]})


def _first_rows(ids: Sequence[str]) -> list[int]:
    return sorted({name: row for row, name in reversed(list(enumerate(ids)))}.values())
