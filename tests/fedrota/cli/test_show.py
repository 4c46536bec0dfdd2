"""JSON for programs is stable, tables for people cut nothing."""

import io
import json
import sys
from datetime import UTC, datetime

import pytest
from rich.console import Console

from fedrota.cli import show
from fedrota.cli.show import (
    list_blocks,
    make_console,
    print_fields,
    print_json_line,
    print_json_list,
    print_preview,
    print_table,
    print_wide,
    render_json,
)
from fedrota.model import Failure, Task

TASK = Task(
    id="t",
    job="j",
    step="s",
    role="r",
    party="1",
    state="failed",
    failure=Failure(kind="error"),
    started=datetime(2026, 1, 2, tzinfo=UTC),
)


def test_json_has_every_field_and_times_in_utc():
    found = render_json(TASK)
    assert found["failure"] == {"kind": "error", "message": "", "detail": None}
    assert found["started"] == "2026-01-02T00:00:00Z"
    assert found["ended"] is None
    assert list(found)[:3] == ["id", "job", "step"]


def test_list_has_the_form_of_the_api(capsys):
    print_json_list(iter((TASK,)), "c")
    found = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in found["items"]] == ["t"]
    assert found["next"] == "c"


def test_json_line_keeps_letters(capsys):
    print_json_line({"a": ("größer",)})
    assert capsys.readouterr().out == '{"a": ["größer"]}\n'


def test_table_aligns_and_says_when_it_is_empty(capsys):
    print_table(["a", ">b"], [["x", "1"], ["y", "10"]], empty="nothing")
    assert capsys.readouterr().out == "a   b\nx   1\ny  10\n"
    print_table(["a", "long"], [["x", ""], ["y", "abc"]], empty="nothing")
    assert capsys.readouterr().out == "a  long\nx\ny  abc\n"
    print_table(["a"], [], empty="nothing yet")
    assert capsys.readouterr().out == "nothing yet\n"


def test_a_piped_value_stays_on_the_line_of_its_name(capsys):
    print_fields([("id", "x"), ("columns", "word " * 300), ("none", "")])
    assert capsys.readouterr().out == f"id       x\ncolumns  {('word ' * 300).rstrip()}\n"
    print_fields([])
    assert not capsys.readouterr().out.strip()


def test_preview_shows_brackets_and_gaps_as_they_are(capsys):
    print_preview(["id", "[b]"], [["[red]", None]], 5)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == ["id     [b]", "[red]", "1 of 5 rows"]


def test_console_without_a_terminal_is_wide_and_plain():
    file = io.StringIO()
    make_console(file).print("[red]" + "word " * 60)
    assert file.getvalue() == "word " * 60 + "\n"


@pytest.mark.parametrize(("width", "count"), [(12, 1), (43, 3), (50, 2), (200, 1)])
def test_narrow_terminal_cuts_nothing(monkeypatch, capsys, width, count):
    monkeypatch.setattr(show, "make_console", lambda: Console(file=sys.stdout, width=width))
    print_table(["id", "~name", "~reason"], [["i" * 24, "short", "a long reason in few words"]], empty="")
    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(lines) == count
    assert lines[0].startswith("i" * 24)
    assert " ".join("".join(line[24:] for line in lines).split()) == "short a long reason in few words"
    assert width == 12 or all(len(line) <= width for line in lines)


@pytest.mark.parametrize(
    ("room", "blocks"),
    [
        (28, [[0, 1, 2, 3, 4]]),
        (27, [[0, 1, 2], [0, 3, 4]]),
        (9, [[0, 1], [0, 2], [0, 3], [0, 4]]),
        (1, [[0, 1], [0, 2], [0, 3], [0, 4]]),
    ],
)
def test_columns_too_many_for_a_line_come_in_blocks_behind_the_first(room, blocks):
    assert list_blocks([4] * 5, ["", "a", "a", "b", "b"], room) == blocks


@pytest.mark.parametrize(
    ("terminal", "lines"),
    [
        (True, ["id  aaaa", "1   x", "", "id  bbbb", "1      y"]),
        (False, ["id  aaaa  bbbb", "1   x        y"]),
    ],
)
def test_a_wide_table_is_broken_for_a_terminal_only(monkeypatch, capsys, terminal, lines):
    monkeypatch.setattr(
        show, "make_console", lambda: Console(file=sys.stdout, width=9, force_terminal=terminal, color_system=None)
    )
    print_wide(["id", "aaaa", ">[bold]bbbb[/]"], [["1", "x", "y"]])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == lines


def test_a_terminal_obeys_nothing_that_a_party_says(capsys):
    said = "no\x1b]0;owned\x07 \x1b[2Jroom\x9b1m\ttwo\r\x00"
    print_table(["name", "~reason"], [["a", said]], empty="")
    show.print_line(said)
    show.print_fields([("reason", said)])
    show.print_preview(["x"], [[said]], 1)
    found = capsys.readouterr().out
    assert [word for word in "\x1b\x07\x9b\r\x00" if word in found] == []
    assert found.count("no]0;owned [2Jroom1m") == 4


def test_a_terminal_still_gets_its_colours(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLORTERM", raising=False)
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    console = make_console(terminal)
    console.print("[red]a\x1b[2J[/]", soft_wrap=True)
    assert terminal.getvalue() == "\x1b[31ma[2J\x1b[0m\n"
