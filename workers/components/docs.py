"""Writes the pages of the built-in components from the components themselves: `python -m workers.components.docs`."""

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fedrota.component import ComponentInfo
from workers.components.catalog import list_builtin

FOLDER: Final = Path(__file__).parents[2] / "docs" / "components"
LIMITS: Final = (
    ("minimum", ">= {}"),
    ("exclusiveMinimum", "> {}"),
    ("maximum", "<= {}"),
    ("exclusiveMaximum", "< {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
)


def main(folder: Path = FOLDER) -> None:
    """Write a page for each component, and an index."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in render_pages():
        (folder / name).write_text(text, encoding="utf-8")


def render_pages() -> Iterator[tuple[str, str]]:
    """File name and text of each page."""
    components = list_builtin()
    rows = [(f"[{info.name}]({info.name}.md)", info.summary) for info in components]
    index = (
        "# Built-in components",
        "",
        *_render_table(("component", "what it does"), rows),
        "",
        "Write your own: [a component in a few lines](../guides/write-a-component.md).",
    )
    yield "README.md", _join(index)
    for info in components:
        yield f"{info.name}.md", _join(_render_component(info))


def _render_component(info: ComponentInfo) -> Iterator[str]:
    yield f"# {info.name}"
    yield ""
    yield inspect.getdoc(info.body) or ""
    yield ""
    yield f"Roles: {', '.join(info.roles) or 'any'}. " + (
        "Its parties exchange messages, so they start together."
        if info.exchange
        else "Its parties work side by side, without messages between them."
    )
    yield ""
    yield "## Parameters"
    yield ""
    parameters = [_render_parameter(name, schema) for name, schema in info.params["properties"].items()]
    yield from _render_table(("name", "type", "default", "allowed", "meaning"), parameters)
    yield ""
    yield "## Ports"
    yield ""
    ports = [("input", f"`{name}`", kind) for name, kind in info.inputs.items()]
    ports += [("output", f"`{name}`", kind) for name, kind in info.outputs.items()]
    yield from _render_table(("direction", "name", "kind"), ports)
    yield ""
    yield "## Who learns what"
    yield ""
    yield from _render_table(("who", "learns", "under the assumption"), sys.modules[info.body.__module__].DISCLOSURE)


def _render_parameter(name: str, schema: Mapping[str, Any]) -> tuple[str, ...]:
    default = "required" if "default" not in schema else f"`{_render_value(schema['default'])}`"
    return f"`{name}`", schema["type"], default, _render_limits(schema), schema["description"]


def _render_limits(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    return ", ".join(form.format(schema[keyword]) for keyword, form in LIMITS if keyword in schema)


def _render_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).replace("'", '"') if isinstance(value, str | list | dict) else str(value)


def _render_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(header)} |"
    yield f"| {' | '.join('---' for _ in header)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _join(lines: Sequence[str] | Iterator[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    main()
