"""Values in a reader's words."""

from datetime import UTC, datetime, timedelta

import pytest

from fedrota.cli import words

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "now"), (5, "5 s ago"), (119, "1 min ago"), (7300, "2 h ago"), (200_000, "2 d ago"), (-90, "in 1 min")],
)
def test_age(seconds, text):
    assert words.say_age(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0.0 s"), (0.44, "0.4 s"), (59.9, "59 s"), (184, "3 min 04 s"), (7500, "2 h 05 min"), (None, "-")],
)
def test_duration(seconds, text):
    assert words.say_duration(seconds) == text


def test_span_of_what_still_runs_ends_now():
    start = NOW - timedelta(seconds=20)
    assert words.say_span(start, None, NOW) == "20 s"
    assert words.say_span(start, NOW - timedelta(seconds=8), NOW) == "12 s"
    assert words.say_span(None, None, NOW) == words.say_age(None, NOW) == "-"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1 << 40, "1.0 TiB"), (None, "-")]
)
def test_size(count, text):
    assert words.say_size(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (None, "null"), (3.0, "3"), (0.1234567, "0.123457"), ("a\n b", "a b"), ({"a": [1]}, '{"a": [1]}')],
)
def test_value(value, text):
    assert words.say_value(value) == text


def test_long_value_is_cut():
    assert words.say_value("x" * 100, 10) == "xxxxxxx..."


def test_number_has_as_many_digits_as_it_needs():
    assert [words.say_number(each) for each in (None, 1, 1e20, 2.5, float("nan"))] == ["", "1", "1e+20", "2.5", "nan"]


def test_state_has_its_colour_and_an_unknown_one_none():
    assert words.say_state("lost_contact") == "[yellow]lost contact[/]"
    assert words.say_state("new") == "new"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5 min", 90), ("2m", 120), ("12h", 43200), ("30d", 2592000)]
)
def test_duration_is_read(text, seconds):
    assert words.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "d", "-", "3 weeks"])
def test_other_words_are_no_duration(text):
    with pytest.raises(ValueError, match="could not convert"):
        words.parse_duration(text)
