"""What workers do: introduce themselves, and calls that are answered in groups."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from scheduler.domain.errors import ConflictError
from scheduler.domain.messages import Beat, Claim, Report, SyncRequest
from scheduler.service import agents
from scheduler.service.agents import _in_waves
from scheduler.service.jobs import submit_jobs
from scheduler.service.limits import Patience
from scheduler.service.open_jobs import OpenJobs
from scheduler.store.work import both, complete
from tests.scheduler.centre import Centre, hello, step
from tests.scheduler.trips import count_trips, trace_trips


def greet(centre, said, party="a"):
    return centre.write(
        lambda tx: agents.greet_worker(tx, party, said, now=centre.now, patience=centre.patience, run_id="run-1")
    )


def test_a_worker_is_told_who_it_is_and_how_often_to_write(centre):
    welcome = greet(centre, hello("a", slots=3))
    assert (welcome.party, welcome.slots, welcome.run_id) == ("a", 8, "run-1")
    assert (welcome.heartbeat_s, welcome.lease_s) == (5.0, 60.0)
    assert centre.effects.has_ready_work


def begin(centre, party="a"):
    """A task that the party's worker has claimed."""
    centre.submit(step("s"), roles={"guest": (party,)})
    [knock] = centre.dispatch()[party]
    centre.claim(party, knock)
    return knock


def find_failure(centre, task):
    [(state, failure)] = centre.rows(f"SELECT state, failure FROM task WHERE id = '{task}'")
    return state, failure and orjson.loads(failure)["kind"]


def test_what_a_worker_has_claimed_and_does_not_know_of_is_lost_and_tried_again(centre):
    knock = begin(centre)
    greet(centre, replace(hello("a"), knows=(("another", 1), (knock.task, knock.seq + 1))))
    assert find_failure(centre, knock.task) == ("failed", "lost")
    [(reason,)] = centre.rows("SELECT reason FROM event WHERE event = 'failed' AND level = 'task'")
    assert reason == "the worker of party a does not know of it any more"
    assert centre.rows("SELECT state, attempt FROM step") == [("waiting", 2)]


@pytest.mark.parametrize("changes", [{"knows": None}, {"knows": (), "agent": "agent-of-another-folder"}])
def test_nothing_is_concluded_from_a_worker_that_does_not_say_what_it_knows_or_is_another(centre, changes):
    knock = begin(centre)
    greet(centre, replace(hello("a"), **changes))
    assert find_failure(centre, knock.task) == ("running", None)


def test_what_a_worker_runs_or_has_still_to_report_goes_on_after_its_hello(centre):
    knock = begin(centre)
    centre.wait(61)
    centre.settle()
    greet(centre, replace(hello("a"), knows=((knock.task, knock.seq),)))
    assert find_failure(centre, knock.task) == ("lost_contact", None)
    reply = centre.sync("a", reports=(Report(task=knock.task, seq=knock.seq, outcome="success"),))
    assert reply.reports[0].accepted


def test_a_worker_of_another_release_is_told_what_to_do(centre):
    with pytest.raises(ConflictError, match="speaks agent protocol 1, the worker 2: run both from the same release"):
        greet(centre, replace(hello("a"), protocol=2))


def test_one_call_carries_beats_reports_and_claims_and_freed_slots_count(centre):
    centre.submit(step("s", gang=True, slots=8), step("t"))
    knocks = {knock.held: knock for knock in centre.dispatch()["a"]}
    gang, loose = knocks[True], knocks[False]
    centre.claim("a", gang)
    reply = centre.sync(
        "a",
        beats=(Beat(task=gang.task, seq=1),),
        reports=(Report(task=gang.task, seq=1, outcome="success"),),
        claims=(Claim(loose.task, 1), Claim("nope", 1)),
    )
    assert [beat.verdict for beat in reply.beats] == ["go"]
    assert [report.accepted for report in reply.reports] == [True]
    assert [bool(claim.assignment) for claim in reply.claims] == [True, False]
    assert [claim.task for claim in reply.claims] == [loose.task, "nope"]


def test_answers_of_a_group_go_to_their_calls_in_order(centre):
    centre.submit_all([centre.plan(step("s"))] * 4)
    knocks = centre.dispatch()
    calls = []
    for number in range(4):
        calls += [
            (party, SyncRequest(agent=f"agent-{party}", claims=(Claim(knocks[party][number].task, 1),)))
            for party in "ba"
        ]
        calls.append(("a", SyncRequest(agent="agent-a")))
    replies = centre.sync_all(*calls)
    for (party, request), reply in zip(calls, replies, strict=True):
        assert [claim.task for claim in reply.claims] == [claim.task for claim in request.claims]
        assert all(claim.assignment.party == party for claim in reply.claims)


def test_an_empty_call_shows_that_the_worker_lives(centre):
    centre.wait(30)
    assert centre.sync("a") == centre.sync_all(("a", SyncRequest(agent="x")))[0]
    assert centre.rows("SELECT last_seen FROM party ORDER BY id") == [
        (centre.now.timestamp(),), ((centre.now.timestamp() - 30),),
    ]  # fmt: skip


def test_waves_answer_everything_in_order_and_each_key_once_a_wave():
    waves = []

    def answer(wave):
        waves.append(list(wave))
        yield
        return [item.upper() for item in wave]

    items = ["a1", "b1", "a2", "c1", "a3", "b2"]
    assert complete(_in_waves(items, lambda item: item[0], answer)) == ["A1", "B1", "A2", "C1", "A3", "B2"]
    assert waves == [["a1", "b1", "c1"], ["a2", "b2"], ["a3"]]
    assert complete(_in_waves([], lambda item: item, answer)) == []


def test_calls_and_submits_of_one_group_wait_for_the_database_together(clean_postgres, tmp_path):
    centre = Centre(clean_postgres)
    centre.submit(step("s"), step("t"))
    first, second = centre.dispatch()["a"]
    centre.claim("a", first)
    report = Report(task=first.task, seq=first.seq, outcome="success")
    request = SyncRequest(agent="agent-a", claims=(Claim(second.task, second.seq),), reports=(report,))
    wish = centre.plan(step("u"), idempotency_key="k")
    with clean_postgres.write() as tx, trace_trips(tx, tmp_path / "trace"):
        (reply,), (made,) = complete(
            both(
                agents.sync_workers(
                    tx, [agents.Call("a", request)], now=centre.now, patience=centre.patience,
                ),
                submit_jobs(tx, [wish], now=centre.now, open_jobs=OpenJobs(9)),
            )
        )  # fmt: skip
        tx.finish()
    assert (reply.reports[0].accepted, reply.claims[0].assignment is not None, made.is_new) == (True, True, True)
    assert count_trips(tmp_path / "trace") == 2


def test_a_party_is_noted_once_a_second_and_sooner_where_it_is_soon_taken_for_offline():
    now, lively = datetime(2026, 1, 1, tzinfo=UTC), Patience(offline_s=2.0)
    sightings = agents.Sightings()
    assert sightings.take_due(["b", "a", "b"], now=now, patience=Patience()) == ["a", "b"]
    half = now + timedelta(seconds=0.5)
    assert sightings.take_due(["a", "c"], now=half, patience=Patience()) == ["c"]
    assert sightings.take_due(["a", "c"], now=half, patience=lively) == ["a"]
    assert sightings.take_due(["b"], now=now + timedelta(seconds=1), patience=Patience()) == ["b"]


def test_a_party_is_noted_again_at_once_where_the_clock_was_set_back():
    now, sightings = datetime(2026, 1, 1, tzinfo=UTC), agents.Sightings()
    assert sightings.take_due(["a"], now=now, patience=Patience()) == ["a"]
    assert sightings.take_due(["a"], now=now - timedelta(hours=1), patience=Patience()) == ["a"]
    assert sightings.take_due(["a"], now=now - timedelta(hours=1), patience=Patience()) == []
