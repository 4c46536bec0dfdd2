"""The abstract session that scripts may test against: NVIDIA FLARE's own class where it is installed."""

from abc import ABC, ABCMeta, abstractmethod
from collections.abc import Callable
from functools import wraps
from typing import Any

from fedrota.session.outcomes import find_named


def make_spec(session: type[Any]) -> ABCMeta:
    """`SessionSpec`: abstract methods with the names and signatures of `session`, which counts as one of it."""
    found = find_named("SessionSpec")
    spec = found if isinstance(found, ABCMeta) else _build(session)
    spec.register(session)
    return spec


def _build(session: type[Any]) -> ABCMeta:
    public = [name for name in dir(session) if not name.startswith("_") and callable(getattr(session, name))]
    methods = {name: _make_abstract(getattr(session, name)) for name in public}
    words = {"__doc__": "The methods of a session.", "__module__": "fedrota.flare"}
    return ABCMeta("SessionSpec", (ABC,), {**methods, **words})


def _make_abstract(method: Callable[..., Any]) -> Any:
    @wraps(method)
    def missing(*_args: Any, **_kwargs: Any) -> Any:
        raise NotImplementedError(f"{method.__name__} is abstract")

    return abstractmethod(missing)
