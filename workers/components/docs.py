"""Writes the pages of the built-in components from the components themselves: `python -m workers.components.docs`."""

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fedrota.component import ComponentInfo
from workers.components.catalog import list_builtin

FOLDER: Final = Path(__file__).parents[2] / "docs" / "components"
EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "components" / "jobs.yaml"
PURPOSES: Final[Mapping[str, Sequence[str]]] = {
    "Read and prepare tables": (
        "reader", "data_transform", "feature_imputation", "label_transform", "column_expand", "union",
        "feature_scale", "one_hot_encoder", "homo_one_hot_encoder",
    ),
    "Find and choose samples": (
        "intersection", "federated_sample", "sample_weight", "hetero_data_split", "homo_data_split",
    ),
    "Judge and choose columns": (
        "data_statistics", "hetero_feature_binning", "homo_feature_binning", "hetero_pearson",
        "hetero_feature_selection",
    ),
    "Train: the same columns, other samples": ("homo_lr", "homo_secureboost"),
    "Train: the same samples, other columns": (
        "hetero_lr", "hetero_linr", "hetero_poisson", "hetero_sshe_lr", "hetero_sshe_linr", "hetero_secureboost",
    ),
    "Compare, predict and measure": ("local_baseline", "predict", "evaluation"),
    "Try things out, and what the gateway needs": ("toy", "noop", "restore_model"),
}  # fmt: skip
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
    components, examples = {info.name: info for info in list_builtin()}, read_examples()
    yield "README.md", _join(_render_index(components))
    for name, info in components.items():
        yield f"{name}.md", _join((*_render_component(info), *_render_example(examples.get(name, ""))))


def read_examples(file: Path = EXAMPLES) -> dict[str, str]:
    """A short job document for each component, by the component's name."""
    documents = file.read_text(encoding="utf-8").split("---\n")
    return {_find_name(text): text for text in documents}


def _find_name(document: str) -> str:
    (line,) = (line for line in document.splitlines() if line.startswith("name: "))
    return line.removeprefix("name: ")


def _render_index(components: Mapping[str, ComponentInfo]) -> Iterator[str]:
    yield "# Built-in components"
    for purpose, names in PURPOSES.items():
        yield ""
        yield f"## {purpose}"
        yield ""
        rows = [(f"[{name}]({name}.md)", components[name].summary) for name in names]
        yield from _render_table(("component", "what it does"), rows)
    yield ""
    yield "Write your own: [a component in a few lines](../guides/write-a-component.md)."


def _render_example(document: str) -> Iterator[str]:
    yield ""
    yield "## Example"
    yield ""
    if not document:
        yield "None: the gateway writes this step itself."
        return
    yield "A whole job, for `fedrota submit`; its tables are in `examples/data/`."
    yield ""
    yield from ("```yaml", *document.splitlines(), "```")


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
