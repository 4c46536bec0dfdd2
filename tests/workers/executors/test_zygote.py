import pytest

from tests.workers.fakes import is_alive, make_peer, until

HOST = (make_peer("h", "host", "10000"),)
GUEST = (make_peer("g", "guest", "9999"),)


@pytest.mark.parametrize("stay", [False, True])
def test_a_daemon_dies_with_the_task_that_made_it(workshop, tmp_path, stay):
    file = tmp_path / "pid"
    run = workshop.run("littering", params={"file": str(file), "stay": stay})
    until(lambda: file.exists() and file.read_text())
    if stay:
        assert is_alive(int(file.read_text()))
        run.handle.kill()
    run.sink.wait()
    until(lambda: not is_alive(int(file.read_text())), patience_s=60)


@pytest.mark.parametrize("what", ["thread", "process"])
def test_a_reusable_component_that_leaves_something_running_gets_no_second_task(workshop, what):
    first, second = (workshop.run("untidy", params={"what": what}) for _ in range(2))
    assert {first.sink.wait().outcome, second.sink.wait().outcome} == {"success"}
    third = workshop.run("untidy", params={"what": what})
    third.sink.wait()
    assert len({first.log, second.log, third.log}) == 3
    until(lambda: not is_alive(int(first.log)))
