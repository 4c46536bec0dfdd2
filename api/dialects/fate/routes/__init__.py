"""FATE-Flow's routes, by subject; every answer is its envelope."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Routes = Mapping[str, Mapping[str, Answer]]
"""Path below the root -> method -> what answers."""

ROOT: Final = "/v1"
