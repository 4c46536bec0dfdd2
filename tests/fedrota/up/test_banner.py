"""What the user sees when everything is ready."""

import io
from pathlib import Path

from rich.console import Console

from fedrota.up.banner import DEFAULT_URL, make_banner
from fedrota.up.folder import StateFolder
from fedrota.up.options import Options, PartySpec

PARTIES = (PartySpec(id="9999", role="guest"), PartySpec(id="10000"))


def shown(*, url=DEFAULT_URL, flower_url="", state=".fedrota", is_detached=False, **settings):
    folder = StateFolder(Path.cwd() / state)
    options = Options(**{"parties": PARTIES} | settings)
    console = Console(file=io.StringIO(), width=100)
    console.print(make_banner(url=url, flower_url=flower_url, folder=folder, options=options, is_detached=is_detached))
    return console.file.getvalue()


def test_it_tells_where_everything_is():
    text = shown(flower_url="http://127.0.0.1:5555")
    for word in (DEFAULT_URL, "/docs", ".fedrota/token", "9999 (guest), 10000", "5555", ".fedrota/log/", "Ctrl-C"):
        assert word in text


def test_what_runs_detached_is_not_stopped_by_ctrl_c():
    text = shown(is_detached=True)
    assert "Ctrl-C" not in text
    assert "another terminal" not in text
    assert "fedrota down" in text


def test_the_first_command_needs_no_setting_by_default():
    assert "export" not in shown()


def test_another_port_or_folder_is_exported():
    text = shown(url="http://127.0.0.1:1234", state="elsewhere")
    assert "export FEDROTA_URL=http://127.0.0.1:1234" in text
    assert "export FEDROTA_STATE_DIR=elsewhere" in text


def test_a_folder_with_blanks_is_quoted_for_the_shell():
    assert "export FEDROTA_STATE_DIR='my state'" in shown(state="my state")


def test_a_centre_without_parties_says_how_to_get_one():
    text = shown(only=("gateway", "scheduler"), parties=())
    assert "fedrota parties add ID" in text
    assert "fedrota submit" not in text


def test_a_worker_alone_shows_no_token():
    text = shown(only=("worker",), gateway="http://far:1")
    assert "token" not in text
    assert "fedrota submit" not in text


def test_flare_s_clients_are_told_their_ports_and_where_kits_come_from():
    text = shown(flare_listener=8003, flare_bridge=8002)
    for word in ("admin_port 8003", "fed_learn_port 8002", "fedrota provision"):
        assert word in text
    assert "fed_learn_port" not in shown(flare_listener=8003)
    assert "provision" not in shown()
