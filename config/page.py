"""Draws the page of the settings from the settings: `python -m config.page > docs/settings.md`."""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from config.settings import PREFIX, Settings, WorkerSettings

HEAD: Final = """\
# Settings

Generated from `config/settings.py` by `make docs`; a test fails when it is out of date.

For operators: what the gateway, the scheduler and a party's worker read when they start. None is needed for `fedrota up`,
whose [flags](cli.md#fedrota-up) set the most common ones; it passes all others of its environment on to its processes.
[Deployment](../deploy/README.md) says which process needs which.

- A value comes from the environment, else from the file that `FEDROTA_X_FILE` names (best for secrets), else from the TOML
  file that `FEDROTA_CONFIG` names. There the keys are in lower case and without the prefix: `retention_days = 90`.
- In the environment and in such a file lists and tables are JSON: `FEDROTA_GUARDED='["component", "dataset"]'`. In TOML they
  are TOML's own.
- Names end with their unit: `_S` is seconds, `_BYTES` bytes, `_DAYS` days.
- A process whose settings are wrong ends at once, with one line for each wrong value.
"""
_KINDS: Final = (
    ("Gateway and scheduler", "Gateways and schedulers of one installation share these.", Settings),
    ("Worker", "Each party's worker has its own.", WorkerSettings),
)


def render_page() -> str:
    """The page in Markdown."""
    return "\n".join([HEAD, *(_render_kind(*kind) for kind in _KINDS)])


def _render_kind(title: str, about: str, kind: type[Settings | WorkerSettings]) -> str:
    meanings = dict(_list_meanings(kind))
    head = ["| setting | default | meaning |", "| --- | --- | --- |"]
    rows = [_render_row(name, field, meanings[name]) for name, field in kind.model_fields.items()]
    return "\n".join([f"## {title}", "", about, "", *head, *rows, ""])


def _list_meanings(kind: type) -> Iterator[tuple[str, str]]:
    """Each field's name with the first paragraph of the docstring below it, those of its bases first."""
    for base in reversed(kind.__mro__):
        if base.__module__ != Settings.__module__:
            continue
        (body,) = ast.parse(inspect.getsource(base)).body
        lines = body.body if isinstance(body, ast.ClassDef) else []
        for line, below in pairwise(lines):
            match line, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    yield name, " ".join(inspect.cleandoc(text).split())


def _render_row(name: str, field: FieldInfo, meaning: str) -> str:
    default = _render_default(field.get_default(call_default_factory=True, validated_data={}))
    return f"| `{PREFIX}{name.upper()}` | {default} | {meaning} |"


def _render_default(value: Any) -> str:
    """As it would be written in the environment; nothing where it is empty."""
    if isinstance(value, SecretStr) or value is None or value in ("", (), {}):
        return ""
    if isinstance(value, (bool, tuple)):
        return f"`{json.dumps(value)}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(render_page())
