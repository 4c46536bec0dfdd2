"""Writes `docs/fate-modules.md`: `python -m api.dialects.fate.vocabulary.pages` after a change of modules."""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from api.dialects.fate.vocabulary.catalogue import load_modules
from api.dialects.fate.vocabulary.module import Module
from api.dialects.fate.vocabulary.params import NEED_RUN
from scheduler.domain.model import JsonObject

PAGE: Final = Path(__file__).parents[4] / "docs" / "fate-modules.md"
INTRODUCTION: Final = """\
# FATE's modules

Each module of a FATE job is done by a component of the parties' workers. Parameters have FATE 1.11's names and, unless
the list says otherwise, its defaults. A name that is not listed is refused, with the nearest one named; so is a value
that asks for something which is not done here. What only tunes FATE's engines is taken and changes nothing. `{...}`
stands for an object whose members are not looked at.

Every module also takes `need_run`: where it is false at all roles, the component is left out and what it reads goes on
to who reads from it; where it is false at one role, that role has no task.
"""


def main(page: Path = PAGE) -> None:
    """Write the page."""
    page.write_text(render_page(), encoding="utf-8")


def render_page() -> str:
    """The page's text."""
    modules = list(load_modules().values())
    lines = [INTRODUCTION, *_render_index(modules)]
    for module in modules:
        lines += ["", f"## {module.name}", "", *_render_module(module)]
    return "\n".join(lines) + "\n"


def _render_index(modules: Sequence[Module]) -> Iterator[str]:
    yield "| module | other names | component | roles |"
    yield "| --- | --- | --- | --- |"
    for module in modules:
        aliases = ", ".join(f"`{alias}`" for alias in module.aliases)
        component = f"[{module.component}](components/{module.component}.md)"
        yield f"| [{module.name}](#{module.name.lower()}) | {aliases} | {component} | {', '.join(module.roles)} |"


def _render_module(module: Module) -> Iterator[str]:
    yield inspect.getdoc(module.translate) or ""
    yield ""
    yield f"Inputs: {_join(module.inputs) or 'none'}. Outputs: {len(module.data)} data, {len(module.models)} model."
    if module.predictor and module.predictor != module.component:
        yield f"With a model and without training data, [{module.predictor}](components/{module.predictor}.md) does the work."
    yield ""
    rows = [row for row in _flatten(module.params, "") if row[0] != NEED_RUN]
    if not rows:
        yield "It has no parameters."
        return
    yield "| parameter | default |"
    yield "| --- | --- |"
    for name, default in rows:
        yield f"| `{name}` | {default} |"


def _flatten(params: JsonObject, where: str) -> Iterator[tuple[str, str]]:
    for name, default in params.items():
        if isinstance(default, Mapping) and default:
            yield from _flatten(default, f"{where}{name}.")
        else:
            yield f"{where}{name}", _render_value(default)


def _render_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "`{...}`"
    return f"`{json.dumps(value)}`".replace("|", "\\|")


def _join(names: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}`" for name in names if "." not in name)


if __name__ == "__main__":
    main()
