"""docs/guides/flare-studies.md: its code runs, and what it names exists."""

import json
import re
import shlex

import pytest
import typer

from fedrota import flare
from fedrota.cli.app import make_app
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def guide():
    return (ROOT / "docs/guides/flare-studies.md").read_text()


class FakeSession:
    """Notes what a guide's session is told."""

    said: list = []

    def __init__(self, *given, **named):
        self.said.append(("session", *given, *named.values()))

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return None

    def __getattr__(self, name):
        assert hasattr(flare.Session, name), name
        return lambda *given, **named: self.said.append((name, *given, *named.values()))


def test_its_code_uses_methods_that_there_are(guide, monkeypatch):
    monkeypatch.setattr(flare, "new_secure_session", FakeSession)
    (code,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    exec(code, {})
    assert [each[0] for each in FakeSession.said] == [
        "session", "register_study", "add_study_user", "add_study_user", "session", "submit_job",
    ]  # fmt: skip
    assert FakeSession.said[4][-1] == FakeSession.said[1][1] == "heart"


def test_its_table_names_every_method_of_studies(guide):
    named = set(re.findall(r"`(\w*stud\w+)`", guide))
    assert named == {name for name in dir(flare.Session) if "_stud" in name and not name.startswith("_")}


def test_its_command_is_one(guide):
    _, group, name, *words = shlex.split(re.search(r"\$ (fedrota tokens .*)", guide).group(1))
    command = typer.main.get_command(make_app()).commands[group].commands[name]
    known = {option for param in command.params for option in param.opts}
    assert {word for word in words if word.startswith("--")} == {"--role", "--project"} <= known


def test_its_codes_are_those_of_the_gateway(guide):
    source = (ROOT / "api/dialects/flare/routes/studies.py").read_text()
    codes = re.findall(r"`(AUTH_\w+)`", guide)
    assert len(codes) == 2
    assert all(json.dumps(code) in source for code in codes)
