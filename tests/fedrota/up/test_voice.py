"""How lines reach the terminal and the log file."""

import io
import os

import pytest

from fedrota.up import voice
from fedrota.up.voice import Terminal, Voice


@pytest.fixture
def terminal():
    return Terminal(stream=io.StringIO())


@pytest.fixture
def speaker(tmp_path, terminal):
    return Voice("gateway", file=tmp_path / "gateway.log", terminal=terminal)


def test_lines_are_prefixed_on_the_terminal_and_bare_in_the_file(speaker, terminal):
    speaker.hear(b"one\ntwo\n")
    assert terminal.stream.getvalue() == "gateway      | one\ngateway      | two\n"
    assert speaker.file.read_text() == "one\ntwo\n"


def test_a_line_in_pieces_is_one_line(speaker):
    speaker.hear(b"hal")
    speaker.hear(b"f\nrest")
    assert speaker.tail == ["half"]
    speaker.end()
    assert speaker.tail == ["half", "rest"]


def test_a_very_long_line_and_wild_bytes_do_no_harm(speaker):
    speaker.hear(b"x" * 300_000 + b"\xff\xfe\n")
    assert len(speaker.tail[0]) == 300_002


def test_escape_sequences_stay_out_of_the_file(speaker):
    speaker.hear(b"\x1b[31mred\x1b[0m\r\n")
    assert speaker.file.read_text() == "red\n"


def test_only_the_last_lines_are_kept(speaker):
    speaker.hear(b"".join(b"%d\n" % number for number in range(100)))
    assert speaker.tail == [str(number) for number in range(80, 100)]


def test_a_large_file_is_moved_aside(speaker, monkeypatch):
    monkeypatch.setattr(voice, "LARGEST_LOG", 10)
    for word in (b"first long line\n", b"second\n"):
        speaker.hear(word)
    assert speaker.file.read_text() == "second\n"
    assert speaker.file.with_suffix(".log.1").read_text() == "first long line\n"


def test_a_full_disk_costs_lines_of_the_file_and_is_told_once(speaker, terminal):
    speaker.file.symlink_to("/dev/full")
    for word in (b"one\n", b"two\n"):
        speaker.hear(word)
    speaker.file.unlink()
    speaker.hear(b"three\n")
    shown = terminal.stream.getvalue().splitlines()
    assert [line for line in shown if "[up]" not in line] == [
        f"gateway      | {word}" for word in ("one", "two", "three")
    ]
    (told,) = [line for line in shown if "[up]" in line]
    assert "No space left on device" in told
    assert speaker.file.read_text() == "three\n"


def test_a_quiet_terminal_shows_nothing(tmp_path):
    terminal = Terminal(quiet=True, stream=io.StringIO())
    Voice("x", file=tmp_path / "x.log", terminal=terminal).hear(b"line\n")
    assert terminal.stream.getvalue() == ""


def test_a_reader_that_has_left_costs_no_line_of_the_file(tmp_path):
    receiving, sending = os.pipe()
    os.close(receiving)
    with os.fdopen(sending, "w") as stream:
        terminal = Terminal(stream=stream)
        speaker = Voice("x", file=tmp_path / "x.log", terminal=terminal)
        for word in (b"one\n", b"two\n"):
            speaker.hear(word)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sending)
    assert terminal.reader_left
    assert speaker.file.read_text() == "one\ntwo\n"


def test_a_full_disk_under_the_terminal_is_no_reader_that_has_left(tmp_path):
    with open("/dev/full", "w", buffering=1) as stream:  # line buffered, as standard error
        terminal = Terminal(stream=stream)
        Voice("x", file=tmp_path / "x.log", terminal=terminal).hear(b"one\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    assert not terminal.reader_left
    assert (tmp_path / "x.log").read_text() == "one\n"


def test_colours_differ_between_neighbours(tmp_path):
    terminal = Terminal(coloured=True, stream=io.StringIO())
    for name in ("a", "b"):
        Voice(name, file=tmp_path / name, terminal=terminal).hear(b"line\n")
    first, second = terminal.stream.getvalue().splitlines()
    assert first.startswith("\x1b[36ma")
    assert second.startswith("\x1b[33mb")
