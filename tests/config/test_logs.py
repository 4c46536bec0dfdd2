"""Logs: one line per event, with its context and without its secrets."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.logs import hide_secrets, show_controls


def hidden(**event):
    return hide_secrets(None, "info", event)


@pytest.mark.parametrize(
    "key", ["token", "Authorization", "api_token", "password", "db_PASSWORD", "secret", "client_secret_2", "signature"]
)
def test_values_of_telling_keys_are_blanked(key):
    assert hidden(**{key: "hunter2"}) == {key: "***"}
    assert hidden(**{key: {"deep": ["hunter2"]}}) == {key: "***"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:hunter2@localhost:6379/0", "redis://***@localhost:6379/0"),
        ("postgresql+psycopg://me:hunter2@db/x failed", "postgresql+psycopg://***@db/x failed"),
        ("a https://u:p@h/ and b https://u2:p2@h2/", "a https://***@h/ and b https://***@h2/"),
        ("no user in https://h/path?q=a@b", "no user in https://h/path?q=a@b"),
        ("mail me@example.org", "mail me@example.org"),
    ],
)
def test_the_user_part_of_urls_is_blanked(text, shown):
    assert hidden(event=text)["event"] == shown


def test_secrets_are_found_however_deep_they_lie():
    event = {"headers": {"Authorization": "Bearer hunter2", "Accept": "x"}, "urls": [("redis://:hunter2@h", 1)], "n": 3}
    found = hidden(**event)
    assert "hunter2" not in str(found)
    assert found["headers"]["Accept"] == "x"
    assert found["n"] == 3


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=4)))
def test_no_event_breaks_the_filter(event):
    assert hide_secrets(None, "info", dict(event)).keys() == event.keys()


SCRIPT = """
import logging, structlog
from config.logs import configure_logs
configure_logs(process="gateway", level="INFO", json_lines=%s)
log = structlog.get_logger("x")
with structlog.contextvars.bound_contextvars(job="j1", party="a"):
    log.info("task_claimed", seq=3, token="hunter2")
logging.getLogger("library").warning("cannot reach redis://:hunter2@h: %%s", "gone")
log.debug("not shown")
try:
    raise ValueError("postgresql://u:hunter2@h")
except ValueError:
    log.exception("pass_failed")
"""


def run(repository, *, json_lines):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT % json_lines],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == ""
    assert "hunter2" not in done.stderr
    return done.stderr


def test_json_lines_carry_process_level_time_and_context(repository):
    claimed, foreign, failed = map(json.loads, run(repository, json_lines=True).splitlines())
    stamp = claimed.pop("timestamp")
    assert stamp.endswith("Z")
    assert claimed == {
        "event": "task_claimed", "seq": 3, "token": "***", "job": "j1", "party": "a", "process": "gateway", "level": "info",
    }  # fmt: skip
    assert foreign["event"] == "cannot reach redis://***@h: gone"
    assert (foreign["process"], foreign["level"]) == ("gateway", "warning")
    assert "job" not in foreign
    assert failed["event"] == "pass_failed"
    assert "ValueError: postgresql://***@h" in failed["exception"]


def test_the_console_shows_the_same_without_colours_where_nobody_looks(repository):
    shown = run(repository, json_lines=False)
    assert "task_claimed" in shown
    assert "Traceback" in shown
    assert "not shown" not in shown
    assert "\x1b[" not in shown


def test_a_terminal_obeys_nothing_that_is_logged():
    said = "import structlog; structlog.get_logger().warning('refused', path='/\\x1b]0;owned\\x07\\x1b[2J\\x9b1m')"
    program = (
        f"from config.logs import configure_logs; configure_logs(process='p', level='INFO', json_lines=False); {said}"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert r"path=/\x1b]0;owned\x07\x1b[2J\x9b1m" in done.stderr


def test_lines_and_tabs_stay_as_they_are():
    event = {"event": "a\n\tb \u00e9", "count": 3}
    assert show_controls(None, "info", dict(event)) == event
