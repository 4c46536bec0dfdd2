"""All of FATE's modules that stand here, by name."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.vocabulary import modules
from api.dialects.fate.vocabulary.module import Module
from scheduler.domain.plan import nearest


@cache
def load_modules() -> Mapping[str, Module]:
    """Every module by its name, in the order of the names; each file below `modules` has some in `MODULES`."""
    found: dict[str, Module] = {}
    for file in pkgutil.iter_modules(modules.__path__, prefix=f"{modules.__name__}."):
        for module in import_module(file.name).MODULES:
            if module.name in found:
                raise ValueError(f"two modules have the name {module.name}")
            found[module.name] = module
    return MappingProxyType(dict(sorted(found.items())))


@cache
def _load_names() -> Mapping[str, Module]:
    names: dict[str, Module] = {}
    for module in load_modules().values():
        for name in (module.name, *module.aliases):
            if names.setdefault(name.casefold(), module) is not module:
                raise ValueError(f"two modules have the name or alias {name}")
    return MappingProxyType(names)


def find_module(name: str) -> Module | None:
    """The module of that name or alias, in whatever case."""
    return _load_names().get(name.casefold())


def get_module(name: str, component: str) -> Module:
    """As `find_module`; FateError (103) names the nearest where there is none."""
    found = find_module(name)
    if found is None:
        hint = nearest(name, list(load_modules()))
        raise FateError(
            RetCode.OPERATING, f"create job failed: Component {component}: there is no module {name!r}. {hint}".strip()
        )
    return found
