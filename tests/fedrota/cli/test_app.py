"""What holds for every command: JSON, exit codes, empty states, options before and after."""

import pytest

from fedrota.cli.app import make_app

READING = [
    ("jobs",), ("job", "j-1"), ("metrics", "j-1"), ("summary", "j-1"), ("output", "ls", "j-1"),
    ("output", "preview", "j-1", "model", "--party", "9999"), ("parties",), ("parties", "show", "9999"), ("queues",),
    ("tables",), ("tables", "show", "9999", "breast"), ("tables", "preview", "9999", "breast"), ("components",),
    ("components", "homo_lr"), ("tokens", "ls"), ("whoami",), ("version",),
]  # fmt: skip


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_json_and_text(fedrota, words):
    found = fedrota(*words, "--json")
    assert (found.code, found.err) == (0, "")
    assert found.json
    text = fedrota(*words)
    assert (text.code, text.err) == (0, "")
    assert text.out.strip()
    assert "[/]" not in text.out


@pytest.mark.parametrize(
    ("words", "path", "sentence"),
    [
        (("jobs",), "/jobs", "no jobs yet: submit one with `fedrota submit FILE`"),
        (("jobs", "--state", "failed"), "/jobs", "no such jobs"),
        (("parties",), "/parties", "no parties yet: register one with `fedrota parties add ID`"),
        (("queues",), "/queues", "no queues: no party is registered yet"),
        (("tables",), "/tables", "no tables yet: store one with `fedrota upload PARTY FILE`"),
        (("components",), "/components", "no components: no party's worker has introduced itself yet"),
        (("tokens", "ls"), "/tokens", "no tokens: make one with `fedrota tokens create NAME`"),
        (("metrics", "j-1"), "/jobs/j-1/metrics", "no metrics yet"),
        (("metrics", "j-1", "--name", "x"), "/jobs/j-1/metrics", "no such metrics"),
        (("summary", "j-1"), "/jobs/j-1/summaries", "no figures yet"),
        (("output", "ls", "j-1"), "/jobs/j-1/outputs", "no outputs yet"),
    ],
)
def test_empty_states(fedrota, gateway, words, path, sentence):
    gateway.on("GET", path, {"items": [], "next": None})
    assert fedrota(*words).out.startswith(sentence)
    assert fedrota(*words, "--json").json == {"items": [], "next": None}


@pytest.mark.parametrize("words", [("nope",), ("jobs", "--nope"), ("job",), ("jobs", "--limit", "0")])
def test_wrong_usage_ends_with_2(fedrota, gateway, words):
    found = fedrota(*words)
    assert (found.code, found.out) == (2, "")
    assert "Usage" in found.err
    assert gateway.asked == []


def test_refusal_ends_with_3_and_leaves_standard_output_empty(fedrota):
    found = fedrota("job", "nope", "--json")
    assert (found.code, found.out) == (3, "")
    assert found.err == "error: there is no /jobs/nope\n"


def test_no_gateway_ends_with_4(fedrota):
    found = fedrota("parties", "--url", "http://127.0.0.1:1", "--json")
    assert (found.code, found.out) == (4, "")
    assert "start one with `fedrota up`, or set FEDROTA_URL" in found.err


@pytest.mark.parametrize(
    "words", [("--token", "frt_x", "whoami"), ("whoami", "--token", "frt_x"), ("whoami", "--token=frt_x")]
)
def test_token_may_stand_before_or_after(fedrota, gateway, words):
    assert fedrota(*words).code == 0
    assert gateway.last.headers["Authorization"] == "Bearer frt_x"


def test_piped_tables_are_never_cut(fedrota, gateway):
    gateway.on("GET", "/jobs", {"items": [{"id": "i" * 100, "name": "n" * 100, "state": "success"}], "next": None})
    line = fedrota("jobs").out.splitlines()[1]
    assert "i" * 100 in line
    assert "n" * 100 in line


def test_markup_in_values_is_text(fedrota, gateway):
    gateway.on("GET", "/jobs", {"items": [{"id": "1", "name": "[red]x[/red]", "state": "success"}], "next": None})
    assert "[red]x[/red]" in fedrota("jobs").out


def test_every_command_says_what_it_does():
    for command in make_app().registered_commands:
        assert command.callback is None or command.callback.__doc__
