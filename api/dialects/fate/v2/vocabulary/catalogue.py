"""All of FATE 2.x's components that stand here."""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.v2.vocabulary.component_ref import ComponentRef
from api.dialects.fate.v2.vocabulary.components import columns, linear, rows, trees
from scheduler.domain.plan import nearest

_SUBJECTS: Final = (rows, columns, linear, trees)
_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@cache
def load_refs() -> Mapping[str, ComponentRef]:
    """Every component by its name."""
    return MappingProxyType({each.name: each for subject in _SUBJECTS for each in subject.COMPONENTS})


def get_ref(name: str, task: str) -> ComponentRef:
    """The component; FateError names the nearest where there is none."""
    found = load_refs().get(name)
    if found is None:
        hint = nearest(name, list(load_refs()))
        raise FateError(
            RetCode.OPERATING, f"task {task}: there is no component {name!r} (component_ref). {hint}".strip()
        )
    return found


@cache
def _load_modules() -> Mapping[str, ComponentRef]:
    found = {each.module.casefold(): each for each in load_refs().values()}
    return {**found, **{each.unaligned.casefold(): each for each in load_refs().values() if each.unaligned}}


def find_ref(module: str) -> ComponentRef | None:
    """The component that one of FATE 1.x's modules is in 2.x."""
    return _load_modules().get(module.casefold())


def name_ref(module: str) -> str:
    """What 2.x calls a module: its component's name, else the module's in 2.x's spelling."""
    found = find_ref(module)
    return found.name if found is not None else _WORD.sub("_", module).lower()
