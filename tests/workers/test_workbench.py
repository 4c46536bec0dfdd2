import errno

import pytest

from scheduler.domain.messages import SYNC_PATH, InputRef
from tests.workers.fakes import is_tidy, list_spooled, make_assignment, until, wait_for


def give(gateway, worker, *names, **facts):
    worker.runner.knock([gateway.dispatch(make_assignment(name, **facts)) for name in names])


def test_a_stale_success_loses_its_outputs(gateway, worker, tmp_path):
    run = {"command": wait_for(tmp_path / "go", first="echo x > $FEDROTA_OUTPUT_DIR/m"), "outputs": {"m": "file"}}
    give(gateway, worker, "t1", run=run)
    until(lambda: worker.workdir.output("t1", 1, "m").exists())
    gateway.status = {SYNC_PATH: 503}
    (tmp_path / "go").touch()
    until(lambda: list_spooled(worker.workdir.spool))
    gateway.tasks.pop("t1")
    gateway.status = {}
    until(lambda: not worker.workdir.outputs("t1", 1).exists())
    until(lambda: is_tidy(worker))


def test_a_time_limit_is_kept_here_even_while_the_gateway_is_away(gateway, worker):
    gateway.judge = lambda call: 503 if call["reports"] else 200
    give(gateway, worker, "t1", run={"component": "sleeping"}, timeout_s=0.5)
    until(lambda: '["pid","t1",1,' in worker.workdir.journal.read_text())
    gateway.down()
    until(lambda: list_spooled(worker.workdir.spool))
    gateway.judge = lambda call: 200
    gateway.up()
    report = gateway.report_of("t1")
    assert (report["outcome"], report["kind"]) == ("timeout", "timeout")
    assert report["message"] == "the task did not end within its 0.5 s"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"run": {"image": "x", "command": ["y"]}}, "runs no containers"),
        ({"run": {}}, "component, image, command, it has nothing"),
        ({"run": {"engine": "component", "component": "noop"}}, "knows no engine 'component'"),
        ({"inputs": {"data": InputRef(task="gone", seq=1, output="m")}}, "rerun the job from the step that makes it"),
        ({"inputs": {"data": InputRef(task="../../etc", seq=1, output="m")}}, "plain name"),
    ],
)
def test_what_can_never_work_here_is_reported_as_invalid(gateway, worker, facts, message):
    give(gateway, worker, "t1", **facts)
    report = gateway.report_of("t1")
    assert report["kind"] == "invalid"
    assert message in report["message"]


def test_an_output_of_one_task_is_the_input_of_the_next(gateway, worker):
    give(gateway, worker, "t1", run={"component": "telling"})
    gateway.report_of("t1")
    give(
        gateway,
        worker,
        "t2",
        run={"command": ["cat", "{input.m}"]},
        inputs={"m": InputRef(task="t1", seq=1, output="model")},
    )
    gateway.report_of("t2")
    assert worker.workdir.log("t2", 1).read_text() == "weights"


def test_an_engine_s_run_goes_to_its_executor(gateway, worker):
    run = {"engine": "iflearner", "image": "local", "command": ["sh", "-c", "exit 7"], "flags": [], "aggregator": False}
    give(gateway, worker, "t1", run=run, role="federate")
    assert gateway.report_of("t1")["message"] == "the command ended with exit status 7"


def test_files_that_the_gateway_put_here_are_inputs_of_the_step_they_are_for(gateway, worker):
    command = ["sh", "-c", "cp {input.model} $FEDROTA_OUTPUT_DIR/m"]
    run = {"command": command, "outputs": {"m": "file"}, "arrival": "k1"}
    for place, content in ((("guest.0", "step"), b"mine"), (("guest.1", "step"), b"other"), (("guest.0", "x"), b"no")):
        folder = worker.workdir.arrival("k1", *place)
        folder.mkdir(parents=True)
        (folder / "model").write_bytes(content)
    give(gateway, worker, "t1", run=run, role="guest", position=0, step="step")
    assert gateway.report_of("t1")["outcome"] == "success", gateway.report_of("t1")
    assert worker.workdir.output("t1", 1, "m").read_bytes() == b"mine"
    give(gateway, worker, "t2", run={**run, "arrival": "../k1"})
    assert "plain name" in gateway.report_of("t2")["message"]


def test_unwanted_outputs_are_out_of_sight_before_anything_says_so(worker, monkeypatch):
    """A worker that is killed next has forgotten them: they would be kept for ever."""
    monkeypatch.setattr(worker.workbench._loop, "call_aside", lambda *_: None)
    worker.workdir.outputs("t1", 1).mkdir(parents=True)
    worker.workbench.drop_outputs(("t1", 1))
    assert not worker.workdir.outputs("t1", 1).exists()


def test_unwanted_outputs_go_also_where_the_disk_is_full(worker, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(worker.workdir, "incoming", refuse)
    worker.workdir.outputs("t1", 1).mkdir(parents=True)
    worker.workbench.drop_outputs(("t1", 1))
    until(lambda: not worker.workdir.outputs("t1", 1).exists())
