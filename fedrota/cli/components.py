"""`fedrota components`."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape

from fedrota.cli.context import AsJson, connect
from fedrota.cli.show import print_fields, print_json, print_json_list, print_line, print_table
from fedrota.cli.words import NOTHING, say_value
from fedrota.client import Client
from fedrota.model import Component

app = typer.Typer()


@app.command(rich_help_panel="Parties and data")
def components(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show this one with its parameters.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the components that a step can run, or show one."""
    with connect(ctx) as client:
        if name is None:
            _list_all(client, as_json=as_json)
        else:
            _show(client.component(name), as_json=as_json)


def _list_all(client: Client, *, as_json: bool) -> None:
    found = list(client.components())
    if as_json:
        print_json_list(found)
        return
    print_table(
        ["name", "~roles", "~parties", "~what it does"],
        [
            [
                escape(each.name),
                escape(" ".join(each.roles) or "any"),
                escape(" ".join(each.parties) or NOTHING),
                escape(each.summary),
            ]
            for each in found
        ],
        empty="no components: no party's worker has introduced itself yet (see `fedrota parties`)",
    )


def _show(component: Component, *, as_json: bool) -> None:
    if as_json:
        print_json(component)
        return
    print_fields(
        [
            ("name", escape(component.name)),
            ("", escape(component.summary)),
            ("roles", escape(", ".join(component.roles) or "any")),
            ("inputs", escape(_say_ports(component.inputs))),
            ("outputs", escape(_say_ports(component.outputs))),
            ("exchange", "yes: its parties start together" if component.exchange else "no"),
            ("parties", escape(", ".join(component.parties) or "none offers it now")),
        ]
    )
    print_line("")
    print_table(
        ["parameter", "~type", "~default", "~meaning"], list_params(component.params), empty="it has no parameters"
    )


def _say_ports(ports: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} ({say_value(kind)})" for name, kind in ports.items()) or "none"


def list_params(schema: Mapping[str, Any]) -> list[list[str]]:
    """A line per parameter of a JSON Schema: name, type, default or that it is required, meaning."""
    required = schema.get("required", ())
    return [
        [
            escape(name),
            escape(_say_type(known)),
            escape(say_value(known["default"])) if "default" in known else "required" if name in required else NOTHING,
            escape(str(known.get("description") or known.get("title") or "")),
        ]
        for name, known in schema.get("properties", {}).items()
    ]


def _say_type(schema: Mapping[str, Any]) -> str:
    """A schema's type with its bounds."""
    if "enum" in schema:
        return " | ".join(say_value(value) for value in schema["enum"])
    kind = schema.get("type", "any")
    name = " | ".join(kind) if isinstance(kind, list) else str(kind)
    bounds = [f"{sign} {schema[key]}" for key, sign in _BOUNDS.items() if key in schema]
    return f"{name} {', '.join(bounds)}".rstrip()


_BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
