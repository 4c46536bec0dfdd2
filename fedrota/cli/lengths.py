"""Lengths of time as options of the command line."""

import typer

from fedrota.cli.words import parse_duration


def parse_length(text: str) -> float:
    """Seconds of a length of time as typed; typer.BadParameter where it is none."""
    try:
        return parse_duration(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no length of time: write 90s, 15min, 12h or 30d") from None
