"""Tells what serves predictions of loads and bindings, where the operator has named somebody to tell."""

import asyncio
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

import aiohttp

from scheduler.domain.errors import FedrotaError

PATIENCE_S: Final = 10.0


class PublishError(FedrotaError):
    """What serves predictions did not take the news."""

    code = "unreachable"


async def publish(hook: str, notice: Mapping[str, Any]) -> None:
    """Give `notice` to `hook`, a URL (as the JSON body of a POST) or `package.module:function`; empty: to nobody.

    PublishError where it is not taken; what a function raises is its caller's to see as it is.
    """
    if not hook:
        return
    if hook.startswith(("http://", "https://")):
        await _post(hook, notice)
        return
    await asyncio.to_thread(_load(hook), dict(notice))


def _load(hook: str) -> Callable[[dict[str, Any]], object]:
    module, _, name = hook.partition(":")
    try:
        found: Callable[[dict[str, Any]], object] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as wrong:
        raise PublishError(f"FEDROTA_MODEL_PUBLISHER names {hook!r}, which cannot be loaded: {wrong}") from wrong
    return found


async def _post(url: str, notice: Mapping[str, Any]) -> None:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session,
            session.post(url, json=dict(notice), allow_redirects=False) as answer,
        ):
            if answer.status >= 300:
                said = (await answer.content.read(200)).decode(errors="replace")
                raise PublishError(f"what serves models refused the news with status {answer.status}: {said}")
    except (aiohttp.ClientError, TimeoutError) as wrong:
        raise PublishError(f"what serves models cannot be told ({type(wrong).__name__}): try again") from wrong
