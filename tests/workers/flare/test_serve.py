import json
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from workers.executors.flare_request import make_request
from workers.flare import serve
from workers.flare.server import Server


def give_order(folder, **changes):
    request = make_request("site-1", folder / "key")
    given = {"job": "j1", "host": "127.0.0.1", "requests": {"site-1": request}, "archive": "job.zip",
             "folder": "hello", "start_s": 10.0, "stall_s": 60.0, "output": str(folder / "outputs" / "workspace")}  # fmt: skip
    (folder / "order.json").write_text(json.dumps({**given, **changes}))
    with zipfile.ZipFile(folder / "job.zip", "w") as archive:
        archive.writestr("hello/meta.json", "{}")


def test_a_site_that_never_comes_fails_the_run_in_words_and_nothing_stays_behind(run_there, tmp_path):
    give_order(tmp_path)
    done = run_there("workers.flare.serve", tmp_path)
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert done.returncode == 1, done.stderr
    assert verdict["kind"] == "timeout"
    assert "no FLARE client of site-1 came within 10 s" in verdict["message"]
    assert "set FEDROTA_ENGINE_HOST at the worker of the server's party" in verdict["message"]
    assert (tmp_path / "kits" / "site-1.zip").is_file()
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if str(tmp_path) in line]


def test_an_address_at_which_nobody_answers_is_told_by_its_setting(run_there, tmp_path):
    give_order(tmp_path, host="nowhere.invalid")
    assert run_there("workers.flare.serve", tmp_path).returncode == 1
    message = json.loads((tmp_path / "verdict.json").read_text())["message"]
    assert "did not answer at nowhere.invalid:" in message
    assert "is FEDROTA_ENGINE_HOST an address of this party's host?" in message


def test_names_that_flare_refuses_fail_the_run_before_anything_starts(run_there, tmp_path):
    give_order(tmp_path, requests={"no name": make_request("x", tmp_path / "key")})
    assert run_there("workers.flare.serve", tmp_path).returncode == 1
    assert "refuses the names" in json.loads((tmp_path / "verdict.json").read_text())["message"]


class Session:
    """A session of FLARE's whose job ends at once; notes how long it would have waited for what is asked once."""

    def __init__(self):
        self.timeout_s = 5.0  # FLARE's own default
        self.waits = []

    def set_timeout(self, value):
        self.timeout_s = value

    def unset_timeout(self):
        self.timeout_s = 5.0

    def get_connected_client_list(self):
        return [SimpleNamespace(name="site-1")]

    def submit_job(self, _folder):
        self.waits.append(self.timeout_s)
        return "f1"

    def get_job_meta(self, _job):
        return {"status": "FINISHED:COMPLETED"}

    def download_job_result(self, _job, place):
        self.waits.append(self.timeout_s)
        Path(place, "workspace").mkdir(parents=True)
        return place


@pytest.mark.usefixtures("spec")
def test_a_busy_server_has_time_to_let_us_in_to_take_the_job_and_to_give_the_result(tmp_path, monkeypatch):
    give_order(tmp_path)
    (tmp_path / "flare" / "site-1").mkdir(parents=True)
    session, child = Session(), SimpleNamespace(check=lambda: None, end=lambda: None)
    no_answer = type("FLCommunicationError", (Exception,), {})
    failures = [no_answer("failed to challenge server: timeout"), ConnectionError("cannot connect to server")]

    def log_in(*_words, **_given):
        if failures:
            raise failures.pop()
        return session

    monkeypatch.setitem(sys.modules, "nvflare.fuel.flare_api.flare_api", SimpleNamespace(new_secure_session=log_in))
    monkeypatch.setitem(sys.modules, "nvflare.apis.fl_exception", SimpleNamespace(FLCommunicationError=no_answer))
    monkeypatch.setattr(serve, "start_server", lambda *_words: Server(child=child, kits=tmp_path / "flare", port=9))
    monkeypatch.setenv("FEDROTA_METRICS", str(tmp_path / "metrics.jsonl"))
    order = json.loads((tmp_path / "order.json").read_text())
    serve.Run(tmp_path, order, None).carry_out()
    assert session.waits == [serve.ANSWER_S] * 2
