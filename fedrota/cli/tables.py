"""`fedrota tables` and `fedrota upload`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from rich.markup import escape

from fedrota.cli.completion import PartyId, PartyOption
from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import (
    print_fields,
    print_json,
    print_json_list,
    print_line,
    print_next,
    print_preview,
    print_table,
)
from fedrota.cli.transfer import transfer_bar
from fedrota.cli.words import NOTHING, say_age, say_facts, say_size
from fedrota.errors import InvalidError, Problem
from fedrota.files import UploadOptions
from fedrota.model import Table

COLUMNS_SHOWN: Final = 8
"""So many names of a stored table's columns tell whether the file was understood."""

app = typer.Typer()
group = typer.Typer(help="Data tables at the parties; without a subcommand: list them.")
app.add_typer(group, name="tables", rich_help_panel="Parties and data")

TableName = Annotated[str, typer.Argument(metavar="NAME", help="The table's name.")]
Namespace = Annotated[str, typer.Option("--namespace", help="The table's namespace.")]


@group.callback(invoke_without_command=True)
@group.command("ls", hidden=True)
def list_tables(
    ctx: typer.Context,
    *,
    party: PartyOption = None,
    namespace: Annotated[str | None, typer.Option("--namespace", help="Only this namespace.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the data tables at the parties; subcommands show, preview and delete one."""
    if ctx.invoked_subcommand:
        return
    with connect(ctx) as client:
        found = list(client.tables(party=party, namespace=namespace, limit=1000))
    if as_json:
        print_json_list(found)
        return
    now = datetime.now(UTC)
    print_table(
        ["party", "namespace", "name", ">rows", ">columns", ">size", "created", "~owner"],
        [_make_row(table, now) for table in found],
        empty="no tables yet: store one with `fedrota upload PARTY FILE`",
    )


def _make_row(table: Table, now: datetime) -> list[str]:
    return [
        escape(table.party),
        escape(table.namespace),
        escape(table.name),
        NOTHING if table.rows is None else str(table.rows),
        str(len(table.columns)),
        say_size(table.size),
        say_age(table.created, now),
        escape(table.owner),
    ]


@group.command("show")
def show_table(
    ctx: typer.Context, party: PartyId, name: TableName, *, namespace: Namespace = "default", as_json: AsJson = False
) -> None:
    """Show a table's columns, size and checksum."""
    with connect(ctx) as client:
        _report(client.table(party, name, namespace=namespace), as_json=as_json)


def _report(table: Table, *, as_json: bool) -> None:
    if as_json:
        print_json(table)
        return
    print_fields(
        [
            ("party", escape(table.party)),
            ("namespace", escape(table.namespace)),
            ("name", escape(table.name)),
            ("rows", NOTHING if table.rows is None else str(table.rows)),
            ("columns", escape(", ".join(f"{each.name} ({each.type})" for each in table.columns))),
            ("size", say_size(table.size)),
            ("sha256", table.sha256),
            ("created", say_age(table.created, datetime.now(UTC))),
            ("owner", escape(table.owner)),
            ("facts", escape(say_facts(table.facts)) if table.facts else ""),
        ]
    )


@group.command("preview")
def preview_table(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    party: PartyId,
    name: TableName,
    *,
    namespace: Namespace = "default",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many rows.")] = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, help="How many rows to skip.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show rows of a table."""
    with connect(ctx) as client:
        found = client.preview_table(party, name, namespace=namespace, limit=limit, offset=offset)
    if as_json:
        print_json(found)
    else:
        print_preview(found.columns, found.rows, found.total)


@group.command("rm")
def delete_table(
    ctx: typer.Context, party: PartyId, name: TableName, *, namespace: Namespace = "default", as_json: AsJson = False
) -> None:
    """Delete a table at its party."""
    with connect(ctx) as client:
        client.delete_table(party, name, namespace=namespace)
    if as_json:
        print_json({"deleted": name, "party": party, "namespace": namespace})
    else:
        print_line(f"deleted table {escape(name)} at party {escape(party)}")


def parse_delimiter(text: str) -> str:
    """One character, or the word `tab`, which is hard to type; typer.BadParameter for anything else."""
    char = "\t" if text in {"tab", "\\t"} else text
    if len(char) != 1:
        raise typer.BadParameter(f"{text!r} is no single character: write ';', '|' or tab")
    return char


@app.command(rich_help_panel="Parties and data")
def upload(  # noqa: PLR0913  each parameter is a flag of the command line
    ctx: typer.Context,
    party: PartyId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet; - reads standard input.")],
    *,
    name: Annotated[
        str | None, typer.Option("--name", help="The table's name; default: the file's, without its ending.")
    ] = None,
    namespace: Namespace = "default",
    replace: Annotated[bool, typer.Option("--replace", help="Replace a table of the same name.")] = False,
    id_column: Annotated[str | None, typer.Option("--id-column", help="The column that names the rows (id).")] = None,
    label_column: Annotated[str | None, typer.Option("--label-column", help="The column to be predicted (y).")] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            "--delimiter",
            metavar="CHAR",
            parser=parse_delimiter,
            help="What separates the fields of a CSV, e.g. ';' or tab.",
        ),
    ] = None,
    header: Annotated[
        bool,
        typer.Option("--header/--no-header", help="Whether a CSV's first line names its columns; by default it does."),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Store a CSV or Parquet file as a data table at a party."""
    options = UploadOptions(namespace=namespace, replace=replace) | _columns(id_column, label_column)
    if delimiter:
        options["delimiter"] = delimiter
    if not header:
        options["header"] = False
    source = _open_stdin(name) if str(file) == "-" else file
    size = file.stat().st_size if file.is_file() else None
    with connect(ctx) as client, _named(name), transfer_bar(f"{file.name} to {party}", size) as progress:
        table = client.upload(party, name or file.stem, source, progress=progress, **options)
    _report_stored(table, as_json=as_json)


def _columns(id_column: str | None, label_column: str | None) -> UploadOptions:
    options = UploadOptions()
    if id_column:
        options["id_column"] = id_column
    if label_column:
        options["label_column"] = label_column
    return options


@contextmanager
def _named(name: str | None) -> Iterator[None]:
    """Say how to name the table where the name that is refused is the file's and no `name` was given."""
    try:
        yield
    except InvalidError as error:
        if name:
            raise
        problems = [
            Problem(each.where, each.message, f"say with --name what the table is called. {each.hint}".rstrip())
            if each.where == "name"
            else each
            for each in error.problems
        ]
        raise InvalidError(error.message, status=error.status, problems=problems) from error


def _open_stdin(name: str | None) -> BinaryIO:
    if not name:
        raise typer.BadParameter("standard input has no name: say with --name what the table is called")
    return typer.get_binary_stream("stdin")


def _list_columns(table: Table) -> str:
    shown = ", ".join(each.name for each in table.columns[:COLUMNS_SHOWN])
    more = len(table.columns) - COLUMNS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _report_stored(table: Table, *, as_json: bool) -> None:
    if as_json:
        print_json(table)
        return
    rows = "" if table.rows is None else f"{table.rows} rows, "
    print_line(
        f"stored {escape(table.name)} at party {escape(table.party)}: "
        f"{rows}{len(table.columns)} columns, {say_size(table.size)}"
    )
    if table.columns:
        print_line(f"  columns: {escape(_list_columns(table))}")
    suffix = "" if table.namespace == "default" else f" --namespace {table.namespace}"
    print_next(f"fedrota tables preview {table.party} {table.name}{suffix}")
