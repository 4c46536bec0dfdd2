from tests.workers.fakes import make_peer, until

HOST = (make_peer("h", "host", "10000"),)
GUEST = (make_peer("g", "guest", "9999"),)


def test_a_reusable_component_keeps_its_process_and_another_gets_a_new_one(workshop):
    runs = []
    for _ in range(3):
        runs.append(workshop.run("quick"))
        runs[-1].sink.wait()
    pids = {run.log.split()[-1] for run in runs}
    assert len(pids) == 1
    assert not runs[0].place.workdir.exists()  # a task that writes nothing costs no folder
    fresh = [workshop.run("fresh") for _ in range(2)]
    assert len({run.sink.wait() and run.log.split()[0] for run in fresh} | pids) == 3


def test_stop_waits_for_a_component_in_the_exchange(workshop):
    run = workshop.run("waiting", params={"name": "nothing"}, peers=HOST, task="g")
    run.sink.wait_begun()
    until(lambda: ("g", "nothing", 0) in workshop.letters.asked)
    run.handle.stop(10)
    assert run.sink.wait().kind == "stopped"
    assert workshop.letters.closed[-1] == ("g", "failed")


def test_an_answer_that_a_task_did_not_wait_for_never_reaches_the_next_one(workshop):
    for number in range(5):
        left = workshop.run("forsaking", peers=HOST, task=f"left{number}")
        assert left.sink.wait().message == "party 10000 has ended"
        assert workshop.run("quick").sink.wait().message == ""
