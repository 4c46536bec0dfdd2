import json
import threading
import time

import pytest

from scheduler.domain.errors import ConflictError, TooLargeError
from workers.task_files.questions import MAX_ANSWER_BYTES, make_question_ops
from workers.workdir import Workdir


@pytest.fixture
def workdir(tmp_path):
    found = Workdir(tmp_path, "9999")
    found.prepare()
    return found


@pytest.fixture
def commands(workdir):
    folder = workdir.work("t1", 3) / "commands"
    folder.mkdir(parents=True)
    return folder


def ask(workdir, question="how far?", *, patience_s=60.0, **args):
    ops = make_question_ops(workdir, patience_s=patience_s)
    answer = ops["task.ask"]({"task": "t1", "seq": 3, "question": question, **args}, iter(()))
    return json.loads(b"".join(answer.body or ()))


def answer_once(folder, content):
    """A process that answers the first question that comes."""

    def work():
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for question in folder.glob("*.question"):
                given = json.loads(question.read_text())
                draft = question.with_suffix(".draft")
                draft.write_bytes(content(given))
                draft.replace(question.with_suffix(".answer"))
                return
            time.sleep(0.01)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_process_answers_and_nothing_is_left(workdir, commands):
    thread = answer_once(commands, lambda question: json.dumps({"asked": question}).encode())
    assert ask(workdir, {"op": "stats"}) == {"asked": {"op": "stats"}}
    thread.join()
    assert list(commands.iterdir()) == []


def test_a_task_that_does_not_run_takes_no_question(workdir):
    with pytest.raises(ConflictError, match="t1 does not run"):
        ask(workdir)


def test_an_answer_is_waited_for_in_vain_for_so_long_only(workdir, commands):
    with pytest.raises(ConflictError, match="no answer within"):
        ask(workdir, patience_s=0.2)
    assert list(commands.iterdir()) == []


def test_nobody_waits_for_a_process_that_is_ending(workdir, commands):
    (commands / "closed").touch()
    began = time.monotonic()
    with pytest.raises(ConflictError, match="about to end"):
        ask(workdir, patience_s=100.0)
    assert time.monotonic() - began < 50


def test_an_endless_answer_is_refused(workdir, commands):
    thread = answer_once(commands, lambda _question: b"x" * (MAX_ANSWER_BYTES + 1))
    with pytest.raises(TooLargeError):
        ask(workdir)
    thread.join()


def test_an_answer_that_is_a_link_is_no_answer(workdir, commands, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text('"token"')

    def link():
        while not (found := list(commands.glob("*.question"))):
            time.sleep(0.01)
        found[0].with_suffix(".answer").symlink_to(secret)
        time.sleep(0.1)
        (commands / "closed").touch()

    thread = threading.Thread(target=link)
    thread.start()
    with pytest.raises(ConflictError):
        ask(workdir)
    thread.join()


def test_a_folder_that_is_a_link_is_none(workdir, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    workdir.work("t1", 3).mkdir(parents=True)
    (workdir.work("t1", 3) / "commands").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConflictError):
        ask(workdir)
    assert list((tmp_path / "elsewhere").iterdir()) == []
