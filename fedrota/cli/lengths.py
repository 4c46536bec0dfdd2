"""Lengths of time as options of the command line."""

from typing import Final

import typer

from fedrota.cli.words import parse_duration

LONGEST_S: Final = 1e10
"""Some three hundred years: what lies further off is no date, and NaN and the infinite are no lengths at all."""


def parse_length(text: str) -> float:
    """Seconds of a length of time as typed; typer.BadParameter where it is none."""
    try:
        seconds = parse_duration(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no length of time: write 90s, 15min, 12h or 30d") from None
    if seconds and text.strip().replace(".", "").isdecimal():  # of 30, which means days to whoever prunes
        raise typer.BadParameter(f"{text!r} has no unit: write {text}d for days, or 90s, 15min, 12h")
    if not 0 <= seconds <= LONGEST_S:
        raise typer.BadParameter(f"{text!r} is no length of time from now: write 90s, 15min, 12h or 30d")
    return seconds


def check_seconds(given: float | None) -> float | None:
    """The seconds themselves; typer.BadParameter where nobody can wait so long."""
    if given is not None and not 0 < given <= LONGEST_S:
        raise typer.BadParameter(f"{given:g} is no number of seconds to wait: give one above 0")
    return given
