"""FLARE's interpreter and the bridge in a run of `up`."""

import json
import os
import socket
import sys

import pytest

from fedrota.up.errors import UpError
from fedrota.up.flare import engines_env, find_python, make_bridge, require_flare
from fedrota.up.folder import make_folder
from fedrota.up.options import Options
from fedrota.up.ports import find_free_port


@pytest.fixture
def make_python(tmp_path):
    """A program in the place of an interpreter: it answers as FLARE's would."""

    def make(code):
        path = tmp_path / "bin" / "python"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable}\nimport sys\n{code}\n")
        path.chmod(0o700)
        return str(path)

    return make


def engines(python):
    return {"FEDROTA_ENGINES": json.dumps({"iflearner": "/other", "flare": python})}


def test_nothing_is_asked_of_flare_where_nobody_wants_it():
    require_flare(Options(), engines("/nowhere/python"))


def test_a_bridge_without_flare_is_refused_with_what_to_do():
    with pytest.raises(UpError, match=r"--flare-python.*FEDROTA_ENGINES=.*pip install 'nvflare>=2.8"):
        require_flare(Options(flare_bridge=8002), {})


def test_the_engines_name_flare_s_interpreter_and_the_option_another(make_python):
    python = make_python("print('2.9.0')")
    require_flare(Options(flare_bridge=8002), engines(python))
    require_flare(Options(flare_bridge=8002, flare_python=python), engines("/nowhere/python"))
    assert find_python(Options(flare_python="/mine"), engines(python)) == "/mine"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('2.7.2')", r"nvflare 2.7.2 is not one .*Install what it needs: .*bin/python -m pip install 'nvflare"),
        ("sys.exit(\"ModuleNotFoundError: No module named 'httpx'\")", r"No module named 'httpx'\). Install.*'httpx>="),
    ],
)
def test_what_its_interpreter_lacks_is_said(make_python, code, message):
    with pytest.raises(UpError, match=message):
        require_flare(Options(flare_bridge=8002), engines(make_python(code)))


def test_modules_of_the_working_folder_do_not_hide_the_interpreter_s(make_python, tmp_path, monkeypatch):
    (tmp_path / "httpx.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    python = make_python("import os; print('' if os.path.exists('httpx.py') else '2.9.0')")
    require_flare(Options(flare_bridge=8002), engines(python))


def test_a_path_from_where_the_user_is_holds_for_processes_that_start_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = Options(flare_python="venv/bin/python")
    assert find_python(options, {}) == str(tmp_path / "venv/bin/python")
    assert json.loads(engines_env(options, {})["FEDROTA_ENGINES"]) == {"flare": str(tmp_path / "venv/bin/python")}


@pytest.mark.parametrize("settings", [{"flare_bridge": 8002}, {"flare_python": "/nowhere/python"}])
def test_an_interpreter_that_is_none_is_refused(settings):
    with pytest.raises(UpError, match="/nowhere/python is no program"):
        require_flare(Options(**settings), engines("/nowhere/python"))


@pytest.mark.parametrize("text", ["/opt/python", "[]"])
def test_engines_that_are_no_json_are_refused(text):
    with pytest.raises(UpError, match="write it as JSON"):
        require_flare(Options(flare_bridge=8002), {"FEDROTA_ENGINES": text})


def test_workers_get_the_interpreter_that_the_user_named():
    found = engines_env(Options(flare_python="/mine"), engines("/theirs"))
    assert json.loads(found["FEDROTA_ENGINES"]) == {"iflearner": "/other", "flare": "/mine"}
    assert engines_env(Options(), engines("/theirs")) == {}


def test_engines_of_the_toml_file_are_found_as_the_workers_find_them(tmp_path):
    file = tmp_path / "fedrota.toml"
    file.write_text('[engines]\niflearner = "/other"\nflare = "/theirs"\n')
    given = {"FEDROTA_CONFIG": str(file)}
    assert find_python(Options(), given) == "/theirs"
    found = engines_env(Options(flare_python="/mine"), given)
    assert json.loads(found["FEDROTA_ENGINES"]) == {"iflearner": "/other", "flare": "/mine"}


@pytest.fixture
def bridge_of(tmp_path):
    folder = make_folder(tmp_path / "state")

    def make(environment=None, **settings):
        options = Options(state=folder.root, flare_python="/opt/flare/python", **settings)
        return make_bridge(tree=tmp_path, folder=folder, options=options, environment=environment or {}, url="http://g")

    return make


def test_no_bridge_is_started_unasked(bridge_of):
    assert bridge_of() == ()


def test_the_bridge_runs_with_flare_s_interpreter_and_without_the_centre_s_secrets(bridge_of, tmp_path):
    (bridge,) = bridge_of(
        {"FEDROTA_SECRET_KEY": "k", "FEDROTA_DATABASE_URL_FILE": "f", "PATH": "/bin"}, flare_bridge=81
    )
    assert bridge.argv[:3] == ("/opt/flare/python", "-m", "fedrota.bridge")
    words = dict(zip(bridge.argv[3:-1:2], bridge.argv[4::2], strict=True))
    assert (words["--port"], words["--url"]) == ("81", "http://g")
    assert words["--certificates"] == str(tmp_path / "state/flare")
    assert bridge.argv[-1] == "--wait"
    assert bridge.env == {"PATH": "/bin"}


async def test_it_is_ready_when_it_listens_or_waits_for_certificates(bridge_of, tmp_path):
    port = find_free_port()
    (bridge,) = bridge_of(flare_bridge=port)
    assert await bridge.ready(os.getpid())
    (tmp_path / "state/flare").mkdir()
    for name in ("rootCA.pem", "server.crt", "server.key"):
        (tmp_path / "state/flare" / name).write_text("x")
    assert not await bridge.ready(os.getpid())
    with socket.create_server(("127.0.0.1", port)):
        assert await bridge.ready(os.getpid())
