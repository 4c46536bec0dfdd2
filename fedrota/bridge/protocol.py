"""FLARE's requests and replies as JSON texts. Source: NVIDIA FLARE 2.9.0, `nvflare/fuel/hci`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fedrota.bridge.errors import RequestError
from fedrota.session.lines import split

MAX_TEXT: Final = 1 << 20
MAX_WORDS: Final = 256
PATIENCE_S: Final = 5.0
"""So long a client waits for a reply when nobody told it otherwise."""
LONGEST_S: Final = 3600.0
INACTIVE: Final = "session_inactive"
_PROPS: Final = ("cmd_props", "custom_props", "cmd_timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as a client sent it; `timeout_s` is how long the client waits for the reply."""

    name: str
    words: Sequence[str] = ()
    props: Mapping[str, Any] = field(default_factory=dict)
    token: str = field(default="", repr=False)
    timeout_s: float = PATIENCE_S


def parse_request(text: Any) -> Command:
    """The command in a request; RequestError where there is none."""
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise RequestError(f"a request is a text of at most {MAX_TEXT} characters")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise RequestError("the request is no JSON") from wrong
    items = given.get("data") if isinstance(given, dict) else None
    if not isinstance(items, list):
        raise RequestError("the request has no list of items")
    meta = given.get("meta")
    props = {name: meta[name] for name in _PROPS if name in meta} if isinstance(meta, dict) else {}
    name, words = _split(_find(items, "command"))
    timeout_s = _parse_seconds(props.get("cmd_timeout"))
    props |= {"cmd_timeout": timeout_s} if "cmd_timeout" in props else {}
    _check([words, props])
    return Command(name=name, words=words, props=props, token=_find(items, "token"), timeout_s=timeout_s)


def _check(given: Any) -> None:
    """RequestError where JSON in UTF-8, as the gateway takes it, cannot say it: halves of characters, no numbers."""
    try:
        json.dumps(given, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as wrong:
        raise RequestError(f"the request cannot be passed on: {wrong}") from wrong


def _find(items: Sequence[Any], kind: str) -> str:
    found = next((item.get("data") for item in items if isinstance(item, dict) and item.get("type") == kind), "")
    return found if isinstance(found, str) else ""


def _split(line: str) -> tuple[str, list[str]]:
    words = split(line)
    if not words or not words[0] or len(words) > MAX_WORDS:
        raise RequestError(f"a command and at most {MAX_WORDS} words are needed")
    return words[0].rpartition(".")[2], words[1:]


def _parse_seconds(given: Any) -> float:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return float(min(given, LONGEST_S)) if is_number and given > 0 else PATIENCE_S


def render(items: Sequence[Mapping[str, Any]], meta: Mapping[str, Any]) -> str:
    """A reply's text."""
    return json.dumps({"time": str(datetime.now(UTC)), "data": list(items), "meta": dict(meta)}, default=str)


def render_text(text: str) -> str:
    """A reply of one word."""
    return render([{"type": "string", "data": text}], {})


def render_login(token: str) -> str:
    """The reply to a login that succeeded."""
    return render([{"type": "string", "data": "OK"}, {"type": "token", "data": token}], {})


def render_error(status: str, message: str) -> str:
    """A refusal; `status` decides which exception the client raises."""
    return render([{"type": "error", "data": message}], {"status": status, "info": message})


def render_inactive() -> str:
    """What makes a client say that its session is closed; a meta would make another error of it."""
    return render([{"type": "error", "data": INACTIVE}], {})
