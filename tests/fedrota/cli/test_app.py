"""What holds for every command: JSON, exit codes, empty states, options before and after."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fedrota as package
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
        (("summary", "j-1", "--step", "x"), "/jobs/j-1/summaries", "no figures of that step"),
        (("output", "ls", "j-1"), "/jobs/j-1/outputs", "no outputs yet"),
        (("output", "ls", "j-1", "--step", "x"), "/jobs/j-1/outputs", "no outputs of that step"),
    ],
)
def test_empty_states(fedrota, gateway, words, path, sentence):
    gateway.on("GET", path, {"items": [], "next": None})
    assert fedrota(*words).out.startswith(sentence)
    assert fedrota(*words, "--json").json == {"items": [], "next": None}


@pytest.mark.parametrize("group", ["parties", "tables", "models", "tokens", "clients"])
def test_a_group_without_a_subcommand_lists_and_ls_is_the_same(fedrota, gateway, group):
    gateway.on("GET", f"/{group}", {"items": [], "next": None})
    bare = fedrota(group)
    assert (bare.code, bare.out[:3]) == (0, "no ")
    assert fedrota(group, "ls").out == bare.out
    assert fedrota(group, "ls", "--json").json == fedrota(group, "--json").json


@pytest.mark.parametrize(
    "words",
    [
        ("nope",),
        ("jobs", "--nope"),
        ("job",),
        ("jobs", "--limit", "0"),
        ("jobs", "--label", "a"),
        ("prune", "--older-than", "1d", "--label", "a"),
    ],
)
def test_wrong_usage_ends_with_2(fedrota, gateway, words):
    found = fedrota(*words)
    assert (found.code, found.out) == (2, "")
    assert "Usage" in found.err
    assert gateway.asked == []


@pytest.mark.parametrize(
    "words", [("job", "x\udcff"), ("jobs", "--name", "x\udcff"), ("stop", "j-1", "--reason", "\udcff")]
)
def test_an_argument_that_is_no_utf_8_ends_with_2(fedrota, gateway, words):
    found = fedrota(*words)
    assert (found.code, found.out) == (2, "")
    assert "holds bytes that are no UTF-8" in found.err
    assert gateway.asked == []


def test_refusal_ends_with_3_and_leaves_standard_output_empty(fedrota):
    found = fedrota("job", "nope")
    assert (found.code, found.out) == (3, "")
    assert found.err == "error: there is no /jobs/nope\n"


@pytest.mark.parametrize(
    ("words", "exit_code", "code", "message"),
    [
        (("job", "nope"), 3, "not_found", "there is no /jobs/nope"),
        (("parties", "--url", "http://127.0.0.1:1"), 4, "no_gateway", "no gateway at http://127.0.0.1:1"),
        (("submit", "nope.yaml"), 2, "invalid", "nope.yaml: cannot be read"),
        (("upload", "9999", "nope.csv"), 2, "usage", "cannot read nope.csv"),
        (("jobs", "--limit", "0"), 2, "usage", "Invalid value for '--limit'"),
        (("nope",), 2, "usage", "No such command 'nope'"),
        (("job",), 2, "usage", "Missing argument 'JOB'"),
    ],
)
def test_an_error_is_json_where_json_is_asked_for(fedrota, words, exit_code, code, message):
    found = fedrota(*words, "--json")
    assert (found.code, found.out) == (exit_code, "")
    error = json.loads(found.err)["error"]
    assert error["code"] == code
    assert message in error["message"]


def test_the_places_of_an_error_are_told_as_json(fedrota, gateway, tmp_path):
    problem = {"where": "steps.0", "message": "is unknown", "hint": "look"}
    gateway.refuse("POST", "/jobs", 422, code="invalid", message="bad", problems=[problem])
    (tmp_path / "job.json").write_text('{"name": "x"}')
    found = fedrota("submit", "job.json", "--json")
    assert (found.code, json.loads(found.err)["error"]["problems"]) == (3, [problem])


def test_a_file_called_as_the_option_does_not_ask_for_json(fedrota):
    assert fedrota("document", "--", "--json").err == "error: there is no /jobs/--json/document\n"


@pytest.mark.parametrize(
    "words", [["jobs", "--limit", "1000"], ["jobs", "--limit", "1000", "--json"], ["watch", "j-1"]]
)
def test_a_reader_that_leaves_ends_the_command_with_141(gateway, words):
    many = [{"id": f"j-{number}", "name": "n" * 1000, "state": "success"} for number in range(1000)]
    gateway.on("GET", "/jobs", {"items": many, "next": None})
    read, write = os.pipe()
    os.close(read)
    program = [sys.executable, "-m", "fedrota", *words]
    ended = subprocess.run(
        program, cwd=Path(package.__file__).parents[1], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.parametrize("words", [("parties",), ("parties", "--json"), ("whoami", "--json")], ids=" ".join)
@pytest.mark.usefixtures("gateway")
def test_output_onto_a_full_disk_is_told(words):
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "fedrota", *words],
            cwd=Path(package.__file__).parents[1],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 2
    assert "the output cannot be written: No space left on device" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_version_needs_no_gateway(fedrota, gateway):
    found = fedrota("--version")
    assert (found.code, found.out) == (0, f"fedrota {package.__version__}\n")
    assert gateway.asked == []


def test_a_document_is_json_with_and_without_the_flag(fedrota):
    assert fedrota("document", "j-1", "--json") == fedrota("document", "j-1")


def test_no_gateway_ends_with_4(fedrota):
    found = fedrota("parties", "--url", "http://127.0.0.1:1")
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
