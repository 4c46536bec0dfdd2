"""Lengths of time as options."""

import pytest
import typer

from fedrota.cli.lengths import parse_length


def test_a_length_is_read_and_anything_else_is_told_how_to_write_one():
    assert parse_length("30d") == 30 * 86_400
    with pytest.raises(typer.BadParameter, match="'soon' is no length of time: write 90s"):
        parse_length("soon")
