"""What is read of failed tasks of earlier attempts, and the list for operators."""

from scheduler.domain.model import Retry
from scheduler.store.queries.poison import list_pasts, list_poisoned
from tests.scheduler.centre import step

EAGER = Retry(attempts=50, backoff_s=0.0, on=("lost",))


def die_over(centre):
    centre.run(lambda task: {"outcome": "failed", "kind": "lost", "worker_died": True} if task.attempt < 3 else {})


def test_the_past_of_a_task_is_what_failed_before_it_in_its_step(centre):
    job = centre.submit(step("s", retry=EAGER), step("t"), roles={"guest": ("a",)})
    centre.run(
        lambda task: (
            {"outcome": "failed", "kind": "lost", "worker_died": task.attempt == 2}
            if task.step == "s" and task.attempt < 3
            else {}
        )
    )
    found = centre.read(lambda tx: list_pasts(tx, [f"{job}-0-3-0", f"{job}-0-1-0", f"{job}-1-1-0"]))
    assert [(past.attempt, past.party, past.failure.worker_died) for past in found[f"{job}-0-3-0"]] == [
        (1, "a", False), (2, "a", True),
    ]  # fmt: skip
    assert found[f"{job}-0-1-0"] == found[f"{job}-1-1-0"] == []


def test_the_list_has_the_latest_first_of_one_project_and_only_what_still_waits_for_an_operator(centre):
    first = centre.submit(step("s", retry=EAGER), roles={"guest": ("a",)})
    centre.submit(step("s", retry=EAGER), roles={"guest": ("a",)}, project="q")
    die_over(centre)
    centre.wait(5)
    second = centre.submit(step("s", retry=EAGER), roles={"guest": ("a",)}, name="two")
    centre.submit(step("s", retry=Retry(attempts=1)), roles={"guest": ("a",)})
    die_over(centre)
    latest, _ = found = centre.read(lambda tx: list_poisoned(tx, project="p", limit=10))
    assert [item.job for item in found] == [second, first]
    assert (latest.job_name, latest.step, latest.role, latest.party, latest.attempt) == ("two", "s", "guest", "a", 2)
    assert latest.task == f"{second}-0-2-0"
    assert latest.reason.startswith("poison: ")
    assert latest.ended == centre.now
    assert len(centre.read(lambda tx: list_poisoned(tx, project="p", limit=1))) == 1
