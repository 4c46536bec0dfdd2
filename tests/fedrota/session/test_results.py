"""What a session asks of running and ended jobs, against a door that remembers."""

import io
import zipfile
from contextlib import contextmanager

import pytest

from fedrota.session import outcomes
from fedrota.session.results import Results


class Reply:
    def __init__(self, value=None, **meta):
        self.value = value or {}
        self.meta = meta


class Door:
    """Answers every command with `reply`, every download with `files`."""

    def __init__(self):
        self.sent = []
        self.reply = Reply()
        self.files = {"workspace/log.txt": "done"}

    def send(self, name, *words, props=None, timeout_s=None):
        self.sent.append((name, *words) if props is None else (name, *words, props))
        return self.reply

    @contextmanager
    def download(self, name, *words):
        self.sent.append((name, *words))
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for path, text in self.files.items():
                archive.writestr(path, text)
        yield iter([made.getvalue()])


class Session(Results):
    def __init__(self, folder):
        self.api = Door()
        self.download_dir = str(folder)


@pytest.fixture
def session(tmp_path):
    return Session(tmp_path)


def test_a_result_is_unpacked_into_a_folder_of_its_own(session, tmp_path):
    first, second = session.download_job_result("j1"), session.download_job_result("j1")
    assert (first, second) == (str(tmp_path / "j1"), str(tmp_path / "j1__1"))
    assert (tmp_path / "j1" / "workspace" / "log.txt").read_text() == "done"
    elsewhere = session.download_job_result("j1", destination=str(tmp_path / "else"))
    assert elsewhere == str(tmp_path / "else" / "j1")


def test_components_are_listed_and_fetched(session, tmp_path):
    session.api.reply = Reply(job_components=["ERRORLOG_site-1"])
    assert session.list_job_components("j1") == ["ERRORLOG_site-1"]
    session.api.files = {"ERRORLOG_site-1": "Traceback"}
    assert session.download_job_components("j1") == str(tmp_path / "j1")
    assert (tmp_path / "j1" / "ERRORLOG_site-1").read_text() == "Traceback"


def test_figures_and_errors_are_asked_for_targets(session):
    session.api.reply = Reply({"server": {}})
    assert session.show_stats("j1", "all") == {"server": {}}
    session.show_errors("j1", "client", ["site-1"])
    assert session.reset_errors("j1") is None
    assert session.api.sent == [
        ("show_stats", "j1", "all"), ("show_errors", "j1", "client", "site-1"), ("reset_errors", "j1", "all"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("args", "kind", "words"),
    [
        ((7, "all"), TypeError, "job_id must be str"),
        (("", "all"), ValueError, "job_id is required"),
        (("j1", "x"), ValueError, r"invalid target_type x: must be one of \['all', 'server', 'client'\]"),
        (("j1", "client", "site-1"), TypeError, "targets must be a list"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(session, args, kind, words):
    with pytest.raises(kind, match=words):
        session.show_stats(*args)
    assert session.api.sent == []


def test_a_command_of_the_app_carries_its_data(session):
    session.api.reply = Reply({"done": True})
    assert session.do_app_command("j1", "tune", {"rate": 1}) == {"done": True}
    assert session.api.sent == [("app_command", "j1", "tune", {"cmd_props": {"rate": 1}})]
    with pytest.raises(ValueError, match="cmd_data cannot be JSON serialized"):
        session.do_app_command("j1", "tune", {"x": object()})


def test_lines_of_logs_are_chosen(session):
    session.api.reply = Reply({"logs": {"server": "a\nb1\nb2\n"}, "unavailable": {"site-1": "gone"}})
    assert session.get_job_logs("j1", "all", tail_lines=1)["logs"] == {"server": "b2\n"}
    found = session.get_job_logs("j1", "all", grep_pattern="^b")
    assert found == {"logs": {"server": "b1\nb2\n"}, "unavailable": {"site-1": "gone"}}
    with pytest.raises(outcomes.InvalidArgumentError, match="is no pattern"):
        session.get_job_logs("j1", grep_pattern="(")
    with pytest.raises(ValueError, match="non-empty"):
        session.get_job_logs("j1", "")
