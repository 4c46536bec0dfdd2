"""The commands `up`, `ps` and `down` as typed."""

import json

import pytest
from typer.testing import CliRunner

from fedrota.up import commands
from fedrota.up.commands import make_app
from fedrota.up.errors import UpError
from fedrota.up.folder import remember_parties
from fedrota.up.options import DEFAULT_PARTIES
from fedrota.up.record import Record


@pytest.fixture
def typed():
    runner = CliRunner()
    return lambda *words: runner.invoke(make_app(), [str(word) for word in words])


def test_ps_says_when_nothing_runs(typed, tmp_path):
    result = typed("ps", "--state", tmp_path)
    assert result.exit_code == 1
    assert "start it with `fedrota up`" in result.output


def test_ps_gives_json_also_when_nothing_runs(typed, tmp_path):
    result = typed("ps", "--state", tmp_path, "--json")
    assert json.loads(result.output) == {"running": False, "processes": []}


def test_down_says_when_nothing_runs(typed, tmp_path):
    result = typed("down", "--state", tmp_path)
    assert result.exit_code == 0
    assert "nothing runs" in result.output
    assert json.loads(typed("down", "--state", tmp_path, "--json").output)["stopped"] is False


def test_ps_and_down_of_a_running_system(typed, small_system):
    up = small_system.start()
    assert up.stdout.readline().strip() == "READY"
    found = json.loads(typed("ps", "--state", small_system.state, "--json").output)
    assert found["running"] is True
    assert found["phase"] == "ready"
    names = [row["process"] for row in found["processes"]]
    assert names == ["up", "broker", "gateway", "scheduler", "worker.9999", "worker.10000"]
    assert "worker.9999" in typed("ps", "--state", small_system.state).output
    assert json.loads(typed("down", "--state", small_system.state, "--json").output) == {"stopped": True, "pid": up.pid}
    assert up.wait(60) == 0


def test_up_hands_its_flags_on(typed, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(commands, "_start", seen.append)
    config = tmp_path / "up.toml"
    config.write_text("slots = 2\nport = 1\n")
    result = typed(
        "up", "--config", config, "--party", "9999:guest", "--party", "10000", "--port", 0, "--no-flower",
        "--state", tmp_path / "s", "--components", "mine.parts", "--postgres", "postgresql://db", "--gateways", 2,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (options,) = seen
    assert [(party.id, party.role, party.slots) for party in options.parties] == [
        ("9999", "guest", 2),
        ("10000", "", 2),
    ]
    assert (options.port, options.flower, options.gateways) == (0, False, 2)
    assert (options.database, options.components) == ("postgresql://db", ("mine.parts",))


def test_up_refuses_what_cannot_work(typed):
    result = typed("up", "--only", "worker")
    assert isinstance(result.exception, UpError)


@pytest.mark.parametrize("command", ["up", "ps", "down"])
def test_without_the_server_packages_the_error_says_what_to_install(typed, monkeypatch, command):
    monkeypatch.setattr(commands, "missing_packages", sorted)
    result = typed(command)
    assert isinstance(result.exception, UpError)
    assert "make setup" in str(result.exception)


def test_a_detached_start_names_the_parties_that_it_chose(typed, monkeypatch, tmp_path):
    def start(_run, folder):
        remember_parties(folder, DEFAULT_PARTIES)  # as the process that it leaves behind does
        return Record(pid=1, created=0.0, url="http://127.0.0.1:1", flower_url="", phase="ready", processes=())

    monkeypatch.setattr("fedrota.up.run.run_detached", start)
    shown = typed("up", "--detach", "--state", tmp_path).output
    assert "9999 (guest)" in shown
    assert "none given" not in shown
