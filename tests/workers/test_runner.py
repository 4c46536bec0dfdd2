import os
import signal
import sys
import threading
import time
from dataclasses import replace

import orjson
import pytest

from scheduler.domain.messages import HELLO_PATH, SYNC_PATH, Knock
from tests.workers.fakes import DAEMON, is_alive, is_tidy, list_spooled, make_assignment, until, wait_for
from workers.agenda import NEWS_S


def give(gateway, worker, *names, **facts):
    worker.runner.knock([gateway.dispatch(make_assignment(name, **facts)) for name in names])


def test_a_task_is_claimed_run_and_reported(gateway, worker):
    give(gateway, worker, "t1", run={"component": "telling"})
    report = gateway.report_of("t1")
    assert report["outcome"] == "success"
    assert report["summary"] == {"rows": 3, "nothing": None, "nested": {"a": [1, 0.5]}}
    assert [output["name"] for output in report["outputs"]] == ["model"]
    entry = gateway.tasks["t1"]
    assert entry.points == [["loss", 1, 0.5], ["auc", -1, 0.75]]
    assert worker.workdir.output("t1", 1, "model").read_text() == "weights"
    assert report["log_size"] == worker.workdir.log("t1", 1).stat().st_size
    until(lambda: is_tidy(worker))


def test_one_call_is_in_flight_and_carries_what_has_piled_up(gateway, make_worker):
    gateway.slots, gateway.delay_s = 16, 0.15
    worker = make_worker(slots=16)
    before = len(gateway.syncs)
    give(gateway, worker, *(f"t{number}" for number in range(100)), run={"component": "quick"})
    until(lambda: all(entry.report for entry in gateway.tasks.values()))
    assert gateway.most_concurrent <= 2  # the channel's knock at the door is the other one
    calls = [call for call in gateway.syncs[before:] if call["claims"] or call["reports"]]
    assert len(calls) < 40  # one by one they would be 200
    assert any(call["claims"] and call["reports"] for call in calls)


def test_no_more_tasks_run_at_once_than_there_are_slots_but_held_ones_always(gateway, worker):
    give(gateway, worker, *(f"t{number}" for number in range(6)), run={"component": "sleeping"})
    until(lambda: len(worker.runner.list_running()) == 4)
    gang = gateway.dispatch(make_assignment("gang", run={"component": "sleeping"}))
    worker.runner.knock([type(gang)(gang.task, gang.seq, held=True)])
    until(lambda: len(worker.runner.list_running()) == 5)
    assert "gang" in {assignment.task for assignment in worker.runner.list_running()}
    time.sleep(0.3)
    assert len(worker.runner.list_running()) == 5


def test_heartbeats_come_while_a_task_runs_and_news_at_once(gateway, worker):
    gateway.heartbeat_s = 0.2
    give(
        gateway,
        worker,
        "t1",
        run={"command": ["sh", "-c", "sleep 0.7; echo '{\"progress\": 0.5}' >> $FEDROTA_METRICS; sleep 60"]},
    )
    until(lambda: len(gateway.tasks["t1"].beats) >= 3)
    until(lambda: gateway.tasks["t1"].beats[-1]["progress"] == 0.5)


def test_news_are_grouped(gateway, make_worker, monkeypatch):
    monkeypatch.setattr("workers.agenda.NEWS_S", 2.0)  # longer than a busy machine takes for the points
    gateway.heartbeat_s = 5.0
    worker = make_worker()
    give(gateway, worker, "t1", run={"component": "measuring"}, params={"points": 2500})
    gateway.report_of("t1")
    entry = gateway.tasks["t1"]
    assert [step for _, step, _ in entry.points] == list(range(2500))
    assert len(entry.beats) < 10
    assert NEWS_S == 0.2


def test_replies_that_get_lost_have_no_double_effect(gateway, worker):
    for number in range(12):
        gateway.lose = number % 3
        give(gateway, worker, f"t{number}", run={"component": "telling"})
        gateway.report_of(f"t{number}")
    gateway.lose = -2
    give(gateway, worker, "last", run={"component": "telling"})
    gateway.report_of("last")
    for entry in gateway.tasks.values():
        assert entry.starts == 1
        assert entry.points == [["loss", 1, 0.5], ["auc", -1, 0.75]]
        assert entry.state == "success"
    until(lambda: is_tidy(worker))


def test_work_goes_on_while_the_gateway_is_away_and_is_reported_later(gateway, worker, tmp_path):
    gateway.judge = lambda call: 503 if call["reports"] else 200
    give(gateway, worker, "t1", run={"command": wait_for(tmp_path / "go")})
    until(worker.runner.list_running)
    gateway.down()
    (tmp_path / "go").touch()
    until(lambda: list_spooled(worker.workdir.spool))
    assert not gateway.tasks["t1"].report
    gateway.judge = lambda call: 200
    gateway.up()
    assert gateway.report_of("t1")["outcome"] == "success"


def test_a_call_that_hangs_keeps_no_report_from_the_disk(gateway, worker, tmp_path):
    give(gateway, worker, "t1", run={"command": wait_for(tmp_path / "go")})
    until(worker.runner.list_running)
    gateway.delay_s = 100.0
    give(gateway, worker, "t2", run={"component": "quick"})
    until(lambda: worker.runner._agenda.is_claiming(("t2", 1)))
    (tmp_path / "go").touch()
    until(lambda: list_spooled(worker.workdir.spool))
    assert worker.runner._agenda.is_claiming(("t2", 1))
    gateway.delay_s = 0.0
    assert gateway.report_of("t1")["outcome"] == "success"


@pytest.mark.parametrize("status", [401, 409])
def test_a_gateway_that_forgot_us_is_greeted_again(gateway, worker, status):
    hellos = len(gateway.hellos)
    gateway.status = {SYNC_PATH: status}
    until(lambda: len(gateway.hellos) > hellos)
    gateway.status = {}
    give(gateway, worker, "t1")
    assert gateway.report_of("t1")["outcome"] == "success"


def test_a_hello_names_what_runs_and_what_is_still_to_be_reported(gateway, worker, tmp_path):
    assert gateway.hellos[0]["knows"] == []
    give(gateway, worker, "runs", "ended", run={"command": wait_for(tmp_path / "go")})
    until(lambda: len(worker.runner._agenda.running) == 2)
    gateway.status = {SYNC_PATH: 401}
    until(lambda: len(gateway.hellos) > 1)
    assert sorted(gateway.hellos[-1]["knows"]) == [["ended", 1], ["runs", 1]]
    (tmp_path / "go").touch()
    until(lambda: not worker.runner._agenda.running)
    hellos = len(gateway.hellos)
    until(lambda: len(gateway.hellos) > hellos + 1)
    assert sorted(gateway.hellos[-1]["knows"]) == [["ended", 1], ["runs", 1]]


def test_the_cause_of_a_refusal_is_still_told_when_the_gateway_asks_for_patience(gateway, worker):
    gateway.status = {SYNC_PATH: 401, HELLO_PATH: 401}
    until(lambda: worker.runner.problem)
    until(lambda: worker.runner._greeting._cause)
    gateway.status = {SYNC_PATH: 401, HELLO_PATH: 429}
    until(lambda: worker.runner.problem == "429: told to answer 429 (first: 401: told to answer 401)")
    gateway.status = {}
    until(lambda: not worker.runner.problem)


def test_a_refusing_gateway_is_not_hammered(gateway, worker):
    gateway.status = {SYNC_PATH: 401}
    until(lambda: worker.runner.problem)
    hellos = len(gateway.hellos)
    time.sleep(1.0)
    assert len(gateway.hellos) - hellos < 40


@pytest.mark.parametrize("status", [401, 409])
def test_a_gateway_that_greets_us_but_refuses_our_claims_is_not_hammered_nor_are_knocks_taken(gateway, worker, status):
    told = []
    worker.runner.watch_failures(told.append)
    gateway.status = {SYNC_PATH: status}
    gateway.dispatch(make_assignment("t"))
    worker.runner.knock([Knock(task="t", seq=1)])
    until(lambda: 5 in told)
    assert 0 not in told[told.index(1) :], "a welcome that is worth nothing opens no intake"
    assert len(gateway.hellos) <= 2 + max(told)
    gateway.status = {}
    assert gateway.report_of("t")["outcome"] == "success"
    assert told[-1] == 0


def test_an_item_that_the_gateway_will_never_take_holds_up_no_other(gateway, worker):
    gateway.judge = lambda call: 422 if any(report["task"] == "bad" for report in call["reports"]) else 200
    give(gateway, worker, "bad", "good1", "good2")
    for name in ("good1", "good2"):
        assert gateway.report_of(name)["outcome"] == "success"
    until(lambda: is_tidy(worker))
    assert not gateway.tasks["bad"].report


def test_figures_that_no_call_could_carry_neither_end_the_worker_nor_lose_the_report(gateway, worker):
    gateway.judge = lambda call: 413 if len(orjson.dumps(call)) > 16 << 20 else 200
    script = """
import json, os
with open(os.environ["FEDROTA_METRICS"], "w") as file:
    file.write('{"summary": {"loss": 1, "deep": ' + '{"a":' * 300 + "1" + "}" * 302 + "\\n")
    for number in range(400):
        file.write(json.dumps({"summary": {f"k{number}": "x" * 60_000}}) + "\\n")
        file.write(json.dumps({"name": f"k{number}" + "x" * 60_000, "value": 1}) + "\\n")
"""
    give(gateway, worker, "t1", run={"command": [sys.executable, "-c", script]})
    report = gateway.report_of("t1")
    assert (report["outcome"], report["summary"]["loss"], "deep" in report["summary"]) == ("success", 1, False)


def test_a_knock_for_another_dispatch_is_refused_and_forgotten(gateway, worker):
    knock = gateway.dispatch(make_assignment("t1", seq=5))
    worker.runner.knock([type(knock)("t1", 4), type(knock)("unknown", 1)])
    until(lambda: sum(len(call["claims"]) for call in gateway.syncs) == 2)
    worker.runner.knock([knock])
    assert gateway.report_of("t1")["seq"] == 5


@pytest.mark.parametrize("kind", ["canceled", "failed", "timeout"])
def test_a_stop_in_the_heartbeats_answer_ends_the_tree_as_the_gateway_says(gateway, worker, tmp_path, kind):
    file = tmp_path / "pid"
    import sys

    give(gateway, worker, "t1", run={"command": [sys.executable, "-c", DAEMON, str(file), "60"]})
    daemon = int(until(lambda: file.exists() and file.read_text()))
    gateway.tasks["t1"].stop_kind = kind
    report = gateway.report_of("t1")
    assert (report["outcome"], report["kind"]) == (kind, "stopped")
    until(lambda: not is_alive(daemon))


def test_a_stop_over_the_channel_works_at_every_moment(gateway, worker):
    give(gateway, worker, "t1", run={"component": "sleeping"})
    until(worker.runner.list_running)
    worker.runner.stop_task("t1", 2, "canceled")  # another dispatch: not here
    worker.runner.stop_task("absent", 1, "canceled")
    worker.runner.stop_task("t1", 1, "canceled")
    assert gateway.report_of("t1")["outcome"] == "canceled"
    is_told = threading.Event()
    gateway.judge = lambda call: 200 if not call["claims"] or is_told.wait(60) else 503
    give(gateway, worker, "t2", run={"component": "sleeping"})
    until(lambda: worker.runner._agenda.is_claiming(("t2", 1)))
    worker.runner.stop_task("t2", 1, "canceled")
    is_told.set()
    assert gateway.report_of("t2")["outcome"] == "canceled"


def test_what_a_lost_call_claimed_and_a_later_dispatch_replaced_is_closed_in_the_journal(gateway, worker):
    """It stayed open for ever: nobody asked for it again, so that no answer closed it."""
    gateway.judge = lambda call: 503 if call["claims"] else 200
    give(gateway, worker, "t1")
    until(lambda: ("t1", 1) in {entry.key for entry in worker._journal.leftovers()})
    knock = gateway.dispatch(make_assignment("t1", seq=2))
    until(lambda: not worker.runner._agenda.is_claiming(("t1", 1)))
    worker.runner.knock([knock])
    gateway.judge = lambda call: 200
    assert gateway.report_of("t1")["seq"] == 2
    until(lambda: is_tidy(worker))


@pytest.mark.parametrize("is_held", [False, True])
def test_a_later_dispatch_that_is_told_while_the_older_one_is_claimed_in_vain_closes_it(gateway, worker, is_held):
    is_told = threading.Event()
    gateway.judge = lambda call: 503 if call["claims"] and is_told.wait(60) else 200
    worker.runner.knock([replace(gateway.dispatch(make_assignment("t1")), held=is_held)])
    until(lambda: worker.runner._agenda.is_claiming(("t1", 1)))
    worker.runner.stop_task("t1", 1, "canceled")
    worker.runner.knock([replace(gateway.dispatch(make_assignment("t1", seq=2)), held=is_held)])
    is_told.set()
    until(lambda: not worker.runner._agenda.is_claiming(("t1", 1)))
    gateway.judge = lambda call: 200
    report = gateway.report_of("t1")
    assert (report["seq"], report["outcome"]) == (2, "success")
    until(lambda: is_tidy(worker))
    assert not worker.runner._agenda._early_stops


def test_a_claim_that_the_gateway_will_never_take_is_closed_in_the_journal(gateway, worker):
    refused = threading.Event()
    gateway.judge = lambda call: 422 if call["claims"] and not refused.set() else 200
    give(gateway, worker, "t1")
    assert refused.wait(60)
    until(lambda: is_tidy(worker))
    assert not worker.runner._agenda.list_known()


def test_knocks_of_another_installation_are_closed_in_the_journal(gateway, worker):
    gateway.judge = lambda call: 503 if call["claims"] else 200
    give(gateway, worker, "t1")
    until(worker._journal.leftovers)
    gateway.run_id = "another"
    gateway.judge = lambda call: 401
    until(lambda: is_tidy(worker))


def test_a_stop_of_what_is_then_refused_is_forgotten(gateway, worker):
    is_told = threading.Event()
    gateway.judge = lambda call: 200 if not call["claims"] or is_told.wait(60) else 503
    give(gateway, worker, "t1", run={"component": "sleeping"})
    until(lambda: worker.runner._agenda.is_claiming(("t1", 1)))
    worker.runner.stop_task("t1", 1, "canceled")
    gateway.tasks["t1"].state = "canceled"
    is_told.set()
    until(lambda: not worker.runner._agenda.is_claiming(("t1", 1)))
    until(lambda: not worker.runner._agenda._early_stops)  # each would be kept as long as the worker lives
    assert gateway.tasks["t1"].starts == 0


def test_a_fenced_attempt_is_killed_and_not_reported(gateway, worker):
    give(gateway, worker, "t1", run={"component": "sleeping"})
    until(lambda: gateway.tasks["t1"].beats)
    gateway.tasks["t1"].state = "canceled"
    until(lambda: not worker.runner.list_running())
    time.sleep(0.3)
    assert not gateway.tasks["t1"].report
    until(lambda: is_tidy(worker))


def test_a_newer_dispatch_kills_the_older_copy_first(gateway, worker):
    give(gateway, worker, "t1", run={"component": "sleeping"})
    until(worker.runner.list_running)
    worker.runner.knock([gateway.dispatch(make_assignment("t1", seq=2, run={"component": "quick"}))])
    report = gateway.report_of("t1")
    assert (report["seq"], report["outcome"]) == (2, "success")
    assert gateway.tasks["t1"].starts == 1


def test_an_orderly_end_lets_short_tasks_finish(gateway, worker, tmp_path, monkeypatch):
    monkeypatch.setattr("workers.runner.HURRY_S", 60.0)  # a busy machine may take longer over the report
    give(gateway, worker, "short", run={"command": wait_for(tmp_path / "go")})
    until(worker.runner.list_running)
    closing = threading.Thread(target=worker.stop, args=(120.0,))
    closing.start()
    until(lambda: worker.runner._agenda.is_closing)
    (tmp_path / "go").touch()
    closing.join()
    assert gateway.tasks["short"].report["outcome"] == "success"


def test_an_orderly_end_interrupts_long_tasks(gateway, worker, monkeypatch):
    monkeypatch.setattr("workers.runner.HURRY_S", 60.0)
    give(gateway, worker, "long", run={"component": "sleeping"})
    until(worker.runner.list_running)
    worker.stop(1.0)
    report = gateway.tasks["long"].report
    assert (report["outcome"], report["kind"]) == ("failed", "interrupted")


def test_a_crash_of_user_code_never_harms_the_worker(gateway, worker):
    for number, how in enumerate(["quietly", "segfault", 3]):
        give(gateway, worker, f"c{number}", run={"component": "leaving"}, params={"how": how})
    os.kill(worker.nursery.zygote_pid, signal.SIGKILL)
    for number in range(3):
        assert gateway.report_of(f"c{number}")["outcome"] == "failed"
    give(gateway, worker, "after", run={"component": "quick"})
    assert gateway.report_of("after")["outcome"] == "success"
