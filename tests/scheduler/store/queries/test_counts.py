from datetime import UTC, datetime

import pytest

from scheduler.domain.plan import Catalogue, Draft, StepDraft, make_submission
from scheduler.service.jobs import request_stop, submit_jobs
from scheduler.service.limits import Patience
from scheduler.store.migrate import migrate
from scheduler.store.queries.counts import count_ended, count_open
from scheduler.store.session import make_store


@pytest.fixture
def store(store_url):
    made = make_store(store_url)
    migrate(made)
    yield made
    made.close()


def test_jobs_are_counted_by_state(store):
    now = datetime.now(UTC)
    catalogue = Catalogue(parties=frozenset({"1"}), offers={}, check_params=lambda _schema, _params: ())
    draft = Draft(name="x", owner="a", project="p", roles={"g": ("1",)}, steps=(StepDraft(name="s", run={"command": ["x"]}),))
    wish = make_submission(draft, catalogue)
    with store.write() as tx:
        made = submit_jobs(tx, [wish] * 3, now=now, open_jobs_per_user=10)
        request_stop(tx, made[0].job, reason="", now=now, patience=Patience())
    with store.read() as tx:
        assert (count_open(tx), count_ended(tx)) == ({"waiting": 2}, {"canceled": 1})
