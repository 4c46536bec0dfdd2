"""Values in a reader's words: times, durations, sizes, states, figures."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

STYLES: Final = {
    "waiting": "dim",
    "ready": "cyan",
    "dispatched": "cyan",
    "running": "blue",
    "lost_contact": "yellow",
    "success": "green",
    "failed": "red",
    "canceled": "magenta",
    "timeout": "red",
}
NOTHING: Final = "-"
_AGES: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def say_age(at: datetime | None, now: datetime) -> str:
    """How long ago `at` was, or how far ahead it lies."""
    if at is None:
        return NOTHING
    seconds = (now - at).total_seconds()
    if abs(seconds) < 1:
        return "now"
    length, unit = next((length, unit) for length, unit in _AGES if abs(seconds) >= length)
    count = f"{int(abs(seconds) / length)} {unit}"
    return f"{count} ago" if seconds > 0 else f"in {count}"


def say_duration(seconds: float | None) -> str:
    """A length of time in at most two units."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    if seconds < 60:
        return f"{int(seconds)} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def say_span(started: datetime | None, ended: datetime | None, now: datetime) -> str:
    """How long something took, or has been going on."""
    if started is None:
        return NOTHING
    return say_duration(((ended or now) - started).total_seconds())


def say_size(count: int | None) -> str:
    """A number of bytes."""
    if count is None:
        return NOTHING
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{int(size)} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def say_state(state: str) -> str:
    """A state in its colour, as rich markup."""
    style = STYLES.get(state, "")
    word = state.replace("_", " ")
    return f"[{style}]{word}[/]" if style else word


def say_number(value: float | None) -> str:
    """A figure with as many digits as a reader wants."""
    if value is None:
        return ""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.6g}"


def say_value(value: Any, limit: int = 60) -> str:
    """Any JSON value on one line, cut at `limit` characters."""
    if isinstance(value, bool) or value is None:
        text = json.dumps(value)
    elif isinstance(value, (int, float)):
        text = say_number(value)
    elif isinstance(value, str):
        text = " ".join(value.split())
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def say_facts(facts: Mapping[str, Any]) -> str:
    """A mapping as `key value` pairs on one line."""
    return ", ".join(f"{key} {say_value(value, 30)}" for key, value in facts.items()) or NOTHING


def say_roles(parties: Mapping[str, tuple[str, ...]]) -> str:
    """Who takes part: `guest 9999, host 10000 10001`."""
    return ", ".join(f"{role} {' '.join(ids)}" for role, ids in parties.items()) or NOTHING


def parse_duration(text: str) -> float:
    """Seconds from `90`, `90s`, `15min`, `12h` or `30d`; ValueError on anything else."""
    for length, unit in (*_AGES, (60, "m")):
        number = text.strip().removesuffix(unit)
        if number != text.strip() and number.strip().replace(".", "", 1).isdigit():
            return float(number) * length
    return float(text)
