"""Command lines lead to FLARE's dictionaries; nothing is raised."""

import io
import json
import zipfile

import httpx
import pytest

from fedrota.connection import Connection
from fedrota.session.commands import Commands
from fedrota.session.door import Door
from tests.fedrota.session.doors import make, text

OK = {"status": "ok", "info": ""}


def make_session(respond, folder):
    session = object.__new__(Commands)
    session.api = Door(Connection(url="http://gateway", token="t"), transport=httpx.MockTransport(respond))
    session.upload_dir = session.download_dir = str(folder)
    return session


def reply_with(*items, **meta):
    return httpx.Response(200, json={"time": "now", "data": list(items), "meta": {**OK, **meta}})


def pack_one(name):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, "{}")
    return made.getvalue()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "meta.json").write_text("{}")
    return tmp_path


def test_a_line_is_a_command_with_its_words_and_the_server_s_reply_comes_back(tmp_path):
    asked = []

    def respond(request):
        asked.append((request.url.path.rpartition("/")[2], json.loads(request.content)))
        return reply_with({"type": "success", "data": "done"}, job_id="7")

    found = make_session(respond, tmp_path).do_command('job.app_command 7 "a b"', {"x": 1})
    assert asked == [("app_command", {"words": ["7", "a b"], "props": {"cmd_props": {"x": 1}}})]
    assert (found["status"], found["meta"], found["data"]) == (
        "SUCCESS",
        {**OK, "job_id": "7"},
        [{"type": "success", "data": "done"}],
    )


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("user 'x' is not authorized for 'abort_job'", "ERROR_AUTHORIZATION"),
        ("invalid client(s): site-9", "ERROR_INVALID_CLIENT"),
        ("no such job", "SUCCESS"),
    ],
)
def test_the_status_is_read_from_the_words_as_flare_reads_it(tmp_path, said, status):
    answer = httpx.Response(200, json={"data": [{"type": "error", "data": said}], "meta": {"status": "x"}})
    assert make_session(lambda _request: answer, tmp_path).do_command("abort_job 7")["status"] == status


def test_an_unknown_command_is_not_found(tmp_path):
    session = make_session(lambda _request: reply_with(status="syntax_error", is_unknown=True), tmp_path)
    assert session.do_command("nope x") == {"status": "ERROR_SYNTAX", "details": "Command nope not found"}


def test_a_gateway_that_is_away_or_none_is_told_of(tmp_path):
    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    found = make_session(refuse, tmp_path).do_command("list_jobs")
    assert (found["status"], "no gateway at" in found["details"]) == ("ERROR_SERVER_CONNECTION", True)
    found = make_session(lambda _request: httpx.Response(200, text="<html>"), tmp_path).do_command("list_jobs")
    assert (found["status"], "no JSON" in found["details"]) == ("ERROR_RUNTIME", True)
    assert make_session(lambda _request: reply_with(), tmp_path).do_command("list_jobs")["status"] == "ERROR_RUNTIME"


def test_a_closed_session_is_inactive():
    session = make(Commands, list_jobs=text("x"))
    session.api = None
    assert session.do_command("list_jobs")["status"] == "ERROR_INACTIVE_SESSION"


def test_a_folder_is_sent_with_the_words_behind_it(folder):
    asked = []

    def respond(request):
        asked.append((json.loads(request.headers["X-Flare-Call"])["words"], request.read()[:2]))
        return reply_with({"type": "success", "data": ""}, job_id="7")

    session = make_session(respond, folder)
    assert session.do_command("submit_job job/ --submit-token t")["meta"]["job_id"] == "7"
    assert session.do_command(f"submit_job {folder / 'job'}")["status"] == "SUCCESS"
    assert asked == [(["job", "--submit-token", "t"], b"PK"), (["job"], b"PK")]
    found = session.do_command("submit_job nothing")
    assert found == {"status": "ERROR_RUNTIME", "details": f"'{folder / 'nothing'}' is not a valid folder."}


def test_a_result_is_fetched_to_the_folder_that_is_named(folder):
    answer = pack_one("meta.json")
    file = {"X-Flare-Meta": json.dumps(OK)}
    session = make_session(lambda _request: httpx.Response(200, content=answer, headers=file), folder)
    for line, place in (("download_job 7", "7"), ("download_job 7 mine", "mine"), ("download_job 7 mine", "mine__1")):
        found = session.do_command(line)
        assert (found["status"], found["meta"]) == ("SUCCESS", {"location": str(folder / place)})
        assert (folder / place / "meta.json").is_file()


def test_a_result_that_is_refused_is_the_server_s_reply(tmp_path):
    answer = httpx.Response(200, json={"data": [{"type": "error", "data": "runs"}], "meta": {"status": "job_running"}})
    found = make_session(lambda _request: answer, tmp_path).do_command("download_job 7")
    assert found["meta"]["status"] == "job_running"
    assert list(tmp_path.iterdir()) == []
