"""docs/guides/keep-in-order.md names commands, options and settings that exist, with the defaults that it says."""

import re
import shlex

import pytest
import typer

from config.settings import Settings, WorkerSettings
from fedrota.cli.app import make_app
from scheduler.domain.messages import LOG_TAIL_BYTES
from scheduler.service.attachments import UNATTACHED
from tests.conftest import ROOT


@pytest.fixture
def page() -> str:
    return (ROOT / "docs/guides/keep-in-order.md").read_text()


def test_the_commands_exist_with_their_options(page):
    lines = [*re.findall(r"^fedrota [^#\n]+", page, re.MULTILINE), *re.findall(r"`(fedrota [^`]+)`", page)]
    assert len(lines) >= 6
    for line in lines:
        command, *words = _find_command(shlex.split(line)[1:])
        known = {option for param in command.params for option in param.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


def _find_command(words):
    """The command that the first words name, and the words behind them."""
    command = typer.main.get_command(make_app())
    while words and words[0] in getattr(command, "commands", {}):
        command, *words = command.commands[words[0]], *words[1:]
    lists_alone = getattr(command, "invoke_without_command", False) and not words
    assert lists_alone or not hasattr(command, "commands"), f"there is no command {words[:1]}"
    return command, *words


def test_the_settings_exist_with_their_defaults(page):
    names = {name.lower() for name in re.findall(r"FEDROTA_(\w+)", page)}
    assert {"poison_deaths", "retention_days", "offline_grace_s"} <= names
    files = {name.removesuffix("_file") for name in names}
    assert files <= set(Settings.model_fields) | set(WorkerSettings.model_fields)
    settings = Settings()
    assert (settings.offline_grace_s, "`FEDROTA_OFFLINE_GRACE_S` (an hour)" in page) == (3600, True)
    assert f"`FEDROTA_POISON_DEATHS` (default {settings.poison_deaths})" in page
    assert settings.retention_days == 0


def test_figures_are_those_of_the_code(page):
    assert f"up to {LOG_TAIL_BYTES >> 10} KiB" in page
    assert (UNATTACHED.days, "forgotten after a day" in page) == (1, True)
