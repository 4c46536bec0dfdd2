from scheduler.store.queries.holdings import Holding, list_holdings
from tests.scheduler.centre import step


def test_only_running_tasks_of_the_project_hold_slots(centre):
    job = centre.submit(step("s", slots=2))
    other = centre.submit(step("s"), project="q")
    assert centre.read(lambda tx: list_holdings(tx, project="p")) == []
    for party, knocks in centre.dispatch().items():
        for knock in knocks:
            assert centre.claim(party, knock).assignment
    held = [Holding(job=job, role="guest", party="a", slots=2), Holding(job=job, role="host", party="b", slots=2)]
    assert centre.read(lambda tx: list_holdings(tx, project="p")) == held
    assert centre.read(lambda tx: list_holdings(tx, project="p", job=other)) == []
    assert [each.job for each in centre.read(lambda tx: list_holdings(tx, project="q"))] == [other, other]
