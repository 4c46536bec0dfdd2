"""`fedrota submit` and `fedrota watch`."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fedrota as package

TEXT = """\
name: breast-lr
parties: {guest: ["9999"]}
steps:
  - name: lr
    component: homo_lr
    params:
      rounds: 10
"""


@pytest.fixture
def file(gateway, tmp_path):
    path = tmp_path / "job.yaml"
    path.write_text(TEXT)
    return "job.yaml"


def test_submit_says_the_id_and_what_next(fedrota, gateway, file):
    found = fedrota("submit", file, "--set", "lr.rounds=20", "--set", "lr.opts.x=[1]", "--key", "k")
    assert (found.code, found.err) == (0, "")
    assert found.out.splitlines()[0] == "submitted breast-lr as job j-1"
    assert "fedrota watch j-1" in found.out
    assert gateway.last.json["steps"][0]["params"] == {"rounds": 20, "opts": {"x": [1]}}
    assert gateway.last.headers["Idempotency-Key"] == "k"


def test_submit_reads_standard_input(fedrota, gateway, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert fedrota("submit", "-", "--json").json["id"] == "j-1"
    assert gateway.last.json["name"] == "breast-lr"


def test_standard_input_is_read_as_utf_8_whatever_the_locale_says(fedrota, gateway, monkeypatch):
    text = TEXT.replace("breast-lr", "größe")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="latin-1"))
    assert fedrota("submit", "-").code == 0
    assert gateway.last.json["name"] == "größe"


def test_dry_run_only_checks(fedrota, gateway, file):
    gateway.on("POST", "/jobs", {**gateway.job, "id": ""})
    assert fedrota("submit", file, "--dry-run").out == "the document is good: breast-lr, 1 steps at 2 parties\n"
    assert gateway.last.query == {"dry_run": "true"}


def test_refused_document_is_shown_with_its_lines(fedrota, gateway, file):
    problems = [
        {"where": "steps.0.params.rounds", "message": "must be at least 11", "hint": "write rounds: 11"},
        {"where": "parties.host", "message": "is needed by homo_lr", "hint": ""},
    ]
    message = "steps.0.params.rounds: must be at least 11; parties.host: is needed by homo_lr"
    gateway.refuse("POST", "/jobs", 422, code="invalid", message=message, problems=problems)
    found = fedrota("submit", file)
    assert (found.code, found.out) == (3, "")
    assert found.err.splitlines() == [
        "error: the request is wrong in 2 places",
        "  job.yaml:7 steps.0.params.rounds: must be at least 11",
        "    write rounds: 11",
        "  job.yaml:2 parties.host: is needed by homo_lr",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nope.yaml"], "nope.yaml: cannot be read"),
        (["job.yaml", "--set", "lr=1"], "write step.parameter=value"),
        (["job.yaml", "--set", "no.x=1"], "its steps: lr"),
    ],
)
def test_local_mistakes_end_with_2_and_send_nothing(fedrota, gateway, file, words, message):
    found = fedrota("submit", *words)
    assert (found.code, found.out) == (2, "")
    assert message in found.err
    assert gateway.asked == []


@pytest.mark.parametrize(("state", "code"), [("success", 0), ("failed", 1), ("canceled", 1), ("timeout", 1)])
def test_wait_ends_as_the_job_does(fedrota, gateway, file, state, code):
    gateway.job["state"] = "running"
    gateway.after_stream = lambda: gateway.job.update(state=state, reason="because")
    found = fedrota("submit", file, "--wait")
    assert found.code == code
    assert f"job j-1 {state} after 12 s: because" in found.out
    assert fedrota("submit", file, "--wait", "--json").json["state"] == state


@pytest.mark.parametrize(("state", "code"), [("success", 0), ("failed", 1)])
def test_a_job_of_before_can_be_waited_for(fedrota, gateway, state, code):
    gateway.job["state"] = "running"
    gateway.after_stream = lambda: gateway.job.update(state=state)
    found = fedrota("wait", "j-1", "--json")
    assert (found.code, found.json["state"]) == (code, state)
    gateway.job["state"] = "running"
    gateway.after_stream = lambda: None
    assert fedrota("wait", "j-1", "--timeout", "0.2").code == 5


def test_watch_prints_a_line_per_event_where_no_terminal_is(fedrota, gateway):
    found = fedrota("watch", "j-1")
    lines = found.out.splitlines()
    assert lines[0].endswith("step lr running")
    assert lines[2] == "job j-1 success after 12 s"
    assert lines[3].strip() == "fedrota metrics j-1"
    assert fedrota("watch", "j-1", "--json").json["id"] == "j-1"


def test_watch_gives_up_with_5(fedrota, gateway):
    gateway.job["state"] = "running"
    found = fedrota("watch", "j-1", "--timeout", "0.2")
    assert found.code == 5
    assert "it goes on" in found.err


def test_ctrl_c_leaves_the_job_and_says_so(gateway):
    gateway.job["state"] = "running"
    started = subprocess.Popen(
        [sys.executable, "-m", "fedrota", "watch", "j-1"],
        cwd=Path(package.__file__).parents[1],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509  it touches nothing that a thread may hold
    )
    assert "lr running" in started.stdout.readline()
    started.send_signal(signal.SIGINT)
    err = started.communicate()[1]
    assert started.returncode == 130
    assert err.endswith("job j-1 goes on: `fedrota watch j-1` or `fedrota stop j-1`\n")


def heed_ctrl_c() -> None:
    """What a shell runs in the background ignores the signal, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_files_are_attached_under_their_own_names_or_others(fedrota, gateway, file):
    for name in ("weights.bin", "odd=name"):
        Path(name).write_bytes(b"hello")
    left = iter("abc")
    gateway.on("POST", "/attachments", lambda _: {"id": next(left)}, 201)
    found = fedrota(
        "submit", file, "--attach", "weights.bin", "--attach", "weights.bin=w", "--attach", "odd=name", "--json"
    )
    assert (found.code, found.json["id"]) == (0, "j-1")
    assert gateway.last.json["attachments"] == {"weights.bin": "a", "w": "b", "odd=name": "c"}


@pytest.mark.parametrize(
    ("attached", "words"),
    [
        (["none.bin"], "cannot read none.bin"),
        (["none.bin="], "write FILE or FILE=NAME"),
        (["here", "./here"], "two files are called here"),
    ],
)
def test_files_that_cannot_be_attached_stop_the_submit(fedrota, gateway, file, attached, words):
    Path("here").write_bytes(b"x")
    found = fedrota("submit", file, *(word for each in attached for word in ("--attach", each)))
    assert found.code == 2
    assert words in " ".join(found.err.replace("\u2502", " ").split())
    assert gateway.asked == []


def test_standard_input_that_is_no_utf8_is_wrong_usage(fedrota, gateway, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"name: \xff"), encoding="utf-8"))
    found = fedrota("submit", "-")
    assert (found.code, "standard input" in found.err, "is not UTF-8 text (byte 6)" in found.err) == (2, True, True)
    assert gateway.asked == []
