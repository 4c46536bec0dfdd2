"""The centre's clock jumps by an hour while parties work: nothing is lost, doubled or done again."""

from datetime import timedelta

import pytest

from scheduler.domain.errors import UnauthenticatedError
from scheduler.service.tokens import TokenRequest, authenticate, issue_token
from tests.scheduler.centre import ADMIN, step

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forwards", "backwards"])
def test_a_jump_under_running_and_dispatched_tasks(centre, jump):
    running, told = centre.submit(step("s")), centre.submit(step("s"))
    knocked = [(party, knock) for party, items in centre.dispatch().items() for knock in items]
    held = [(party, knock) for party, knock in knocked if knock.task.startswith(running)]
    assert all(centre.claim(party, knock).assignment for party, knock in held)
    centre.now += jump
    assert [centre.beat(party, knock).verdict for party, knock in held] == ["go", "go"]
    centre.settle()
    again = {knock.task: knock for items in centre.redispatch().values() for knock in items}
    assert (len(again) == 2) is (jump > timedelta())  # knocks whose lease the jump has ended
    for party, knock in knocked:
        latest = again.get(knock.task, knock)
        assert (party, knock) in held or centre.claim(party, latest).assignment
        assert centre.report(party, latest).accepted
    for job in (running, told):
        assert centre.states(job)[0] == "success"
        assert centre.rows(f"SELECT attempt FROM step WHERE job_id = '{job}'") == [(1,)]


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forwards", "backwards"])
def test_a_jump_before_any_beat_is_lost_contact_at_most_and_the_next_beat_ends_it(centre, jump):
    job = centre.submit(step("s"))
    held = [(party, knock) for party, items in centre.dispatch().items() for knock in items]
    for party, knock in held:
        assert centre.claim(party, knock).assignment
    centre.now += jump
    centre.settle()
    for party, knock in held:
        assert centre.beat(party, knock).verdict == "go"
    centre.settle()
    assert centre.states(job)[2] == {"s/a": "running", "s/b": "running"}
    for party, knock in held:
        assert centre.report(party, knock).accepted
    assert centre.states(job)[0] == "success"
    assert centre.rows(f"SELECT attempt FROM step WHERE job_id = '{job}'") == [(1,)]


def test_a_jump_back_makes_no_fresh_token_invalid_and_a_jump_forwards_ends_one_in_time(centre):
    wish = TokenRequest(name="t", org="o", project="p", party="a", expires_s=1800.0)
    text = centre.write(lambda tx: issue_token(tx, wish, by=ADMIN, now=centre.now))[1]
    assert centre.read(lambda tx: authenticate(tx, text, now=centre.now - HOUR)).party == "a"
    with pytest.raises(UnauthenticatedError):
        centre.read(lambda tx: authenticate(tx, text, now=centre.now + HOUR))
