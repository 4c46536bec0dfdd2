"""The page of the settings: current, and with a meaning for each."""

import pytest

from config.page import render_page
from config.settings import Settings, WorkerSettings, load


def test_the_page_in_docs_is_current(repository):
    assert (repository / "docs/settings.md").read_text() == render_page(), "run `make docs`"


@pytest.mark.parametrize("kind", [Settings, WorkerSettings])
def test_every_setting_is_on_the_page_with_its_meaning(kind):
    meanings = {name: meaning for name, _, meaning in rows()}
    assert [name for name in kind.model_fields if not meanings[f"FEDROTA_{name.upper()}"].endswith(".")] == []


def test_the_defaults_on_the_page_are_what_the_settings_take(monkeypatch):
    defaults = [load(kind) for kind in (Settings, WorkerSettings)]
    for name, default, _ in rows():
        if default:
            monkeypatch.setenv(name, default)
    assert [load(kind) for kind in (Settings, WorkerSettings)] == defaults


def test_a_file_that_the_page_describes_is_read(monkeypatch, tmp_path):
    (tmp_path / "fedrota.toml").write_text("retention_days = 90\n")
    monkeypatch.setenv("FEDROTA_CONFIG", str(tmp_path / "fedrota.toml"))
    assert load(Settings).retention_days == 90


def rows():
    """Each row of the page's tables: name, default, meaning."""
    found = [line for line in render_page().splitlines() if line.startswith("| `FEDROTA_")]
    return [[cell.strip(" `") for cell in line.strip("|").split(" | ")] for line in found]
