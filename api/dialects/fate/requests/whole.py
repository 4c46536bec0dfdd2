"""Whole numbers, which FATE's clients send as such or as texts of digits."""

from typing import Any, Final

MOST_DIGITS: Final = 18
"""Whatever is longer is no number that anybody means, and Python refuses to read thousands of digits."""


def parse_whole(given: Any) -> int | None:
    """The number, or None where it is none."""
    text = str(given).strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS else None
