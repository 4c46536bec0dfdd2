import os

import pytest

from scheduler.domain.errors import InvalidDocumentError
from workers.console.targets import has_text, make_target_ops
from workers.workdir import Workdir

MOUNTS = {"job1": ["t1", 1], "job2": ["t2", 1]}


@pytest.fixture
def workdir(tmp_path):
    workdir = Workdir(tmp_path, "site-1")
    workdir.prepare()
    for task, text in (("t1", "one\ntwo\nthree\n"), ("t2", "newest\n"), ("t9", "not yours\n")):
        workdir.log(task, 1).parent.mkdir(parents=True)
        workdir.log(task, 1).write_text(text)
    os.utime(workdir.log("t1", 1), (1, 1))
    place = workdir.work("t1", 1)
    (place / "app").mkdir(parents=True)
    (place / "app" / "train.py").write_text("print('x')\n")
    (place / "site" / "startup").mkdir(parents=True)
    (place / "site" / "startup" / "fed_client.json").write_text("{}")
    (place / "worker_token.txt").write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "note.txt").write_text("out of reach")
    (place / "outside.txt").symlink_to(tmp_path / "elsewhere" / "note.txt")
    (place / "away").symlink_to(tmp_path / "elsewhere")
    return workdir


@pytest.fixture
def run(workdir):
    op = make_target_ops(workdir)["target.show"]

    def call(command, path="", **given):
        args = {"command": command, "path": [part for part in path.split("/") if part], "mounts": MOUNTS, **given}
        return b"".join(op(args, iter(())).body).decode()

    return call


def test_each_job_is_a_folder_with_its_log(run, workdir):
    assert run("ls") == "job1\njob2\nlog.txt\n"
    assert run("ls", mounts={}) == ""
    assert run("ls", "job2") == "log.txt\n"
    assert run("pwd") == f"{workdir.root}\n"
    assert run("cat", "job1/log.txt") == "one\ntwo\nthree\n"
    assert run("tail", "job1/log.txt", options={"n": 1}) == "three\n"
    assert run("cat", "job1/app/train.py") == "print('x')\n"
    assert run("ls", "job1/app/train.py") == "job1/app/train.py\n"


def test_the_log_beside_the_jobs_is_the_one_written_last(run):
    assert run("cat", "log.txt") == "newest\n"
    assert run("ls", "log.txt") == "log.txt\n"


def test_what_the_gateway_did_not_name_is_not_there(run):
    assert run("cat", "job9/log.txt") == "cat: job9/log.txt: No such file or directory\n"
    assert run("ls", "t9") == "ls: cannot access 't9': No such file or directory\n"
    assert "not yours" not in run("cat", "log.txt", mounts={"job1": ["t1", 1]})
    assert run("cat", "log.txt", mounts={}) == "cat: log.txt: No such file or directory\n"


@pytest.mark.parametrize("path", ["job1/outside.txt", "job1/away/note.txt"])
def test_links_lead_nowhere(run, path):
    assert "No such file or directory" in run("cat", path)
    assert "out of reach" not in run("cat", path)


def test_a_missing_file_is_a_sentence(run):
    assert run("head", "job1/no.txt") == "head: cannot open 'job1/no.txt' for reading: No such file or directory\n"
    assert run("grep", "job1/no.txt", pattern="x") == "grep: job1/no.txt: No such file or directory\n"


@pytest.mark.parametrize(
    "path",
    ["job1/site/startup/fed_client.json", "job1/worker_token.txt", "identity.key", "job1/site/client.key.txt", "../x.txt",
     "job1/.hidden.txt", "job1/a b.txt", "job1/client.pem.txt"],
)  # fmt: skip
def test_keys_and_tokens_cannot_be_named(run, path):
    with pytest.raises(InvalidDocumentError):
        run("cat", path)


def test_folders_of_keys_are_not_listed(run):
    assert run("ls", "job1/site") == ""
    assert "startup" not in run("ls", "job1", options={"R": 0})
    with pytest.raises(InvalidDocumentError):
        run("ls", "job1/site/startup")


@pytest.mark.parametrize(
    "wrong",
    [
        {"command": "rm"},
        {"options": {"f": 0}},
        {"options": {"n": -1}},
        {"options": {"n": "5"}},
        {"options": ["n"]},
        {"pattern": "x" * 401},
        {"pattern": 1},
        {"path": "log.txt"},
        {"path": ["job1"] * 33},
        {"path": []},
        {"path": ["job1", "model.bin"]},
        {"mounts": None},
        {"mounts": {"job1": "t1"}},
    ],
)
def test_what_the_gateway_should_have_refused_is_refused_here(workdir, wrong):
    given = {"command": "head", "path": ["job1", "log.txt"], "mounts": MOUNTS, **wrong}
    with pytest.raises(InvalidDocumentError):
        make_target_ops(workdir)["target.show"](given, iter(()))


@pytest.mark.parametrize("mounts", [{"../x": ["t1", 1]}, {"job1": ["../t1", 1]}])
def test_a_mount_is_made_of_plain_names(workdir, mounts):
    with pytest.raises(ValueError, match="plain name"):
        make_target_ops(workdir)["target.show"]({"command": "ls", "path": [], "mounts": mounts}, iter(()))


def test_a_number_behind_the_ending_does_not_count():
    assert [has_text(name) for name in ("log.txt", "log.txt.1", "a.key", "a.1", "txt")] == [
        True,
        True,
        False,
        False,
        False,
    ]
