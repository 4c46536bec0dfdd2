import io
import json
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from fedrota.bridge import turns
from fedrota.bridge.console import Console
from fedrota.bridge.errors import AwayError, RefusedError
from fedrota.bridge.gateway import Answer
from fedrota.bridge.members import Login, Members

OK = {"status": "ok", "info": ""}


class Scene:
    """A console with one client that is let in, and a gateway that answers what a test says."""

    def __init__(self):
        self.members = Members()
        self.member = self.members.admit("o", Login(user="ann", bearer="b", expires=9e9))
        self.answers = {}
        self.calls = []
        self.studies = []
        self.ended = []
        self.folders = []
        self.console = Console(self, self.members, self.offer)

    @contextmanager
    def carry_out(self, login, command, body=None, *, study=""):
        self.studies.append(study)
        self.calls.append((login.user, command.name, list(command.words), b"".join(body or ())))
        answer = self.answers.get(command.name, Answer(items=[], meta=OK))
        if isinstance(answer, Exception):
            raise answer
        yield answer

    def log_out(self, login):
        self.ended.append(login.bearer)
        if isinstance(self.answers.get("log_out"), Exception):
            raise self.answers["log_out"]

    def offer(self, folder, names):
        self.folders.append(folder)
        return {"files": [[name, "ref"] for name in names], "tx_id": "t", "source_fqcn": "server"}

    def ask(self, line, *, session=None, member="", **given):
        token = self.member.session if session is None else session
        items = [{"type": "command", "data": line}, {"type": "token", "data": token}]
        who = self.member if member == "" else member
        return json.loads(self.console.answer(json.dumps({"data": items}), who, **given))


@pytest.fixture
def scene():
    return Scene()


def words_of(reply):
    return [item.get("data") for item in reply["data"]]


def test_a_login_gives_the_session_s_token_to_the_certificate_s_user(scene):
    assert words_of(scene.ask("_cert_login ann", session="")) == ["OK", scene.member.session]
    assert words_of(scene.ask("_cert_login bob", session="")) == ["REJECT"]
    assert words_of(scene.ask("_cert_login", session="")) == ["REJECT"]
    assert words_of(scene.ask("_cert_login ann", session="", study="default"))[0] == "OK"
    assert scene.calls == []


def test_a_study_is_entered_with_the_gateway_s_leave_and_goes_along_with_each_command(scene):
    refused = {"status": "not_authenticated", "info": "unknown study 'heart'", "auth_code": "AUTH_UNKNOWN_STUDY"}
    scene.answers["_check_session"] = Answer(items=[], meta=refused)
    rejected = words_of(scene.ask("_cert_login ann", session="", study="heart"))
    assert rejected == ["REJECT: AUTH_UNKNOWN_STUDY: unknown study 'heart'"]
    scene.answers["_check_session"] = AwayError("away")
    assert words_of(scene.ask("_cert_login ann", session="", study="heart")) == ["REJECT: away"]
    assert scene.members.find(scene.member.token, "o").study == ""
    del scene.answers["_check_session"]
    assert words_of(scene.ask("_cert_login ann", session="", study="heart")) == ["OK", scene.member.session]
    scene.ask("list_jobs", member=scene.members.find(scene.member.token, "o"))
    assert scene.studies == ["heart"] * 4


@pytest.mark.parametrize("who", [{"member": None}, {"session": "x"}, {"session": ""}])
@pytest.mark.parametrize("line", ["list_jobs", "_logout", "_check_session", "_commands"])
def test_without_a_session_nothing_reaches_the_gateway(scene, who, line):
    assert words_of(scene.ask(line, **who)) == ["session_inactive"]
    assert scene.calls == []


def test_a_logout_ends_the_client(scene):
    assert words_of(scene.ask("_check_session")) == ["OK"]
    assert words_of(scene.ask("_logout")) == ["OK"]
    assert scene.members.find(scene.member.token, "o") is None
    assert scene.ended == ["b"]


def test_a_logout_that_the_gateway_does_not_hear_is_one_all_the_same(scene, caplog):
    scene.answers["log_out"] = AwayError("away")
    assert words_of(scene.ask("_logout")) == ["OK"]
    assert scene.members.find(scene.member.token, "o") is None
    assert "logged out here only: away" in caplog.text


def test_a_command_is_the_gateway_s(scene):
    scene.answers["abort_job"] = Answer(items=[{"type": "success", "data": "done"}], meta=OK)
    found = scene.ask("job.abort_job j1")
    assert (words_of(found), found["meta"]) == (["done"], OK)
    assert scene.calls == [("ann", "abort_job", ["j1"], b"")]


def test_what_the_gateway_says_is_put_in_these_clients_words(scene):
    taken = {"status": "submit_token_conflict", "info": "taken", "job_id": "j1"}
    scene.answers["submit_job"] = Answer(items=[], meta=taken)
    assert scene.ask("submit_job f --submit-token t")["meta"] == taken
    rows = [["SCOPE", "COMMAND", "D", "U", "C", "CLIENT_CMD"], ["job", "pull_binary", "", "", "", "file_transfer.pull_binary"],
            ["job", "list_jobs", "", "", "", None]]  # fmt: skip
    scene.answers["_commands"] = Answer(items=[{"type": "table", "rows": rows}, {"type": "string"}], meta=OK)
    assert [row[1] for row in scene.ask("_commands")["data"][0]["rows"]] == ["COMMAND", "list_jobs"]


def test_an_end_at_the_gateway_is_the_session_s_end(scene):
    scene.answers["list_jobs"] = Answer(items=[], meta={"status": "not_authenticated", "info": "revoked"})
    assert words_of(scene.ask("list_jobs")) == ["session_inactive"]
    assert scene.members.find(scene.member.token, "o") is None


@pytest.mark.parametrize(
    ("error", "status"), [(AwayError("away"), "no_reply"), (RefusedError("not you"), "not_authorized")]
)
def test_a_gateway_that_fails_is_told_of(scene, error, status):
    scene.answers["list_jobs"] = error
    assert scene.ask("list_jobs")["meta"] == {"status": status, "info": error.message}


def test_what_is_no_request_is_refused(scene):
    for answer in (scene.console.answer("{", scene.member), scene.console.answer_upload(None, scene.member, iter(()))):
        assert json.loads(answer)["meta"]["status"] == "internal_error"


def test_an_upload_needs_the_session_s_token(scene):
    def make(token):
        items = [{"type": "command", "data": "job.submit_job f"}, {"type": "token", "data": token}]
        return json.dumps({"data": items})

    found = json.loads(scene.console.answer_upload(make("x"), scene.member, iter([b"zip"])))
    assert words_of(found) == ["session_inactive"]
    scene.console.answer_upload(make(scene.member.session), scene.member, iter([b"z", b"ip"]))
    assert scene.calls == [("ann", "submit_job", ["f"], b"zip")]


def test_a_file_is_offered_part_by_part(scene):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("workspace/log.txt", "x")
    scene.answers["download_job"] = Answer(items=[], meta={"status": "ok", "x": 1}, pieces=iter([out.getvalue()]))
    meta = scene.ask("download_job j1")["meta"]
    assert meta["files"] == [["workspace.zip", "ref"]]
    assert (meta["status"], meta["tx_id"], meta["x"]) == ("ok", "t", 1)
    assert (Path(scene.folders[0].name) / "workspace.zip").is_file()
    scene.folders[0].cleanup()


def test_a_damaged_file_leaves_nothing_behind(scene, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    scene.answers["download_job"] = Answer(items=[], meta=OK, pieces=iter([b"no zip"]))
    found = scene.ask("download_job j1")["meta"]
    assert found["status"] == "no_reply"
    assert "damaged" in found["info"]
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_logs_in_anew_without_its_study_has_left_it(scene):
    scene.members.enter(scene.member, "cancer")
    member = scene.members.find(scene.member.token, "o")
    assert words_of(scene.ask("_cert_login ann", session="", member=member))[0] == "OK"
    scene.ask("list_jobs", member=scene.members.find(scene.member.token, "o"))
    assert scene.studies == [""]


def test_too_many_commands_at_once_are_refused_in_words(scene, monkeypatch):
    monkeypatch.setattr(turns, "MAX_OF_USER", 0)
    reply = scene.ask("list_jobs")
    assert reply["meta"] == {"status": "error", "info": "ann has 0 commands under way: wait for one of them"}
    assert scene.calls == []
