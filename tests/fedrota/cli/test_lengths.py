"""Lengths of time as options."""

import pytest
import typer

from fedrota.cli.lengths import parse_length


def test_a_length_is_read_and_anything_else_is_told_how_to_write_one():
    assert parse_length("30d") == 30 * 86_400
    with pytest.raises(typer.BadParameter, match="'soon' is no length of time: write 90s"):
        parse_length("soon")
    with pytest.raises(typer.BadParameter, match="'30' has no unit: write 30d for days"):
        parse_length("30")
    assert parse_length("0") == 0


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "-5", "-0.5s", "99999999d", "1e300"])
def test_what_is_no_time_that_can_pass_is_refused(text):
    with pytest.raises(typer.BadParameter, match="no length of time"):
        parse_length(text)


@pytest.mark.parametrize(
    "words",
    [
        ("prune", "--older-than", "nan", "--dry-run"),
        ("prune", "--older-than=-5s", "--yes"),
        ("prune", "--older-than", "9999999d", "--dry-run"),
        ("tokens", "create", "eve", "--expires", "nan"),
        ("clients", "create", "eve", "--expires", "inf"),
        ("watch", "j-1", "--timeout", "nan"),
        ("whoami", "--answer-timeout", "nan"),
        ("whoami", "--answer-timeout", "0"),
    ],
)
def test_a_length_that_is_none_is_wrong_usage_and_nothing_is_sent(fedrota, gateway, words):
    found = fedrota(*words)
    assert found.code == 2
    assert "is no " in " ".join(found.err.replace("\u2502", " ").split())
    assert gateway.asked == []
