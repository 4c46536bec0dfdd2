import json

import pytest

from workers.flare.commands import answer_commands, refuse_commands, rename, take_commands


class Job:
    """A FLARE session with one running job."""

    def __init__(self, spec):
        self.spec = spec
        self.carried_out = []

    def show_stats(self, job, target):
        return {"server": {"ServerRunner": {"job_id": job, "target": target}}}

    def show_errors(self, job, target):
        raise self.spec.JobNotRunning(f"job {job} is not running")

    def reset_errors(self, job):
        self.carried_out.append(("reset", job))

    def configure_job_log(self, job, config, target):
        if config == "loud":
            raise self.spec.InternalError("error: only levels")
        self.carried_out.append((config, target))

    def do_app_command(self, job, topic, data):
        self.carried_out.append((topic, data))
        return {"done": True}


@pytest.fixture
def ask(tmp_path, spec):
    job = Job(spec)
    take_commands(tmp_path)

    def ask(op, **given):
        (tmp_path / "commands" / "q1.question").write_text(json.dumps({"op": op, **given}))
        answer_commands(tmp_path, job, "flare-id", known_as="our-id")
        assert not (tmp_path / "commands" / "q1.question").exists()
        return json.loads((tmp_path / "commands" / "q1.answer").read_text())

    ask.job = job
    return ask


def test_answers_name_the_job_as_users_know_it(ask):
    assert ask("stats") == {"value": {"server": {"ServerRunner": {"job_id": "our-id", "target": "all"}}}}


def test_a_refusal_is_an_answer(ask):
    assert ask("errors") == {"error": "job our-id is not running", "kind": "JobNotRunning"}
    assert ask("no such thing")["kind"] == "KeyError"


def test_a_server_too_busy_to_answer_is_said_to_be(ask, spec):
    def give_up(_job, _target):
        raise spec.NoConnection("cannot connect to server: ERROR_SERVER_CONNECTION")

    ask.job.show_stats = give_up
    assert ask("stats") == {"error": "FLARE's server did not answer in time; ask again", "kind": "NoReply"}


def test_commands_reach_the_job(ask):
    assert ask("app_command", topic="tune", data={"rate": 1}) == {"value": {"done": True}}
    assert ask("reset_errors") == {"value": None}
    assert ask.job.carried_out == [("tune", {"rate": 1}), ("reset", "flare-id")]


def test_how_much_the_job_logs_is_changed_at_each_target(ask):
    assert "error" not in ask("configure_log", config="DEBUG", targets=["server", "site-1"])
    assert ask.job.carried_out == [("DEBUG", "server"), ("DEBUG", "site-1")]
    assert ask("configure_log", config="loud", targets=["all"])["error"] == "error: only levels"


def test_the_end_is_marked(tmp_path):
    take_commands(tmp_path)
    refuse_commands(tmp_path)
    assert (tmp_path / "commands" / "closed").exists()


def test_an_id_is_renamed_at_any_depth():
    assert rename([{"a": ("x of j1", 3)}, None], "j1", "j2") == [{"a": ["x of j2", 3]}, None]
