from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from scheduler.domain.studies import Study, StudyUser
from scheduler.store.queries.studies import find_study
from scheduler.store.writes.studies import delete_study, put_study


def test_a_study_is_stored_replaced_and_forgotten(centre):
    study = Study(
        project="p", name="heart", site_orgs={"hq": ("a",)}, users=(StudyUser("ann", "hq"), StudyUser("bob", None))
    )
    centre.write(lambda tx: put_study(tx, study, centre.now))
    changed = replace(study, site_orgs={"hq": (), "lab": ("b",)}, users=())
    centre.write(lambda tx: put_study(tx, changed, centre.now))
    assert centre.read(lambda tx: find_study(tx, "p", "heart")) == changed
    for _ in range(2):
        centre.write(lambda tx: delete_study(tx, changed))
    assert centre.read(lambda tx: find_study(tx, "p", "heart")) is None


def test_two_that_store_one_study_at_the_same_moment_leave_one(centre):
    first = Study(project="p", name="heart", site_orgs={}, users=(StudyUser("ann", "hq"),))
    second = replace(first, users=(StudyUser("bob", "hq"),))
    with ThreadPoolExecutor(1) as pool, centre.store.write() as tx:
        put_study(tx, first, centre.now)
        late = pool.submit(centre.write, lambda tx: put_study(tx, second, centre.now))
        with pytest.raises(TimeoutError):
            late.result(timeout=0.3)  # it waits for the first to commit
    late.result(timeout=60)
    assert centre.read(lambda tx: find_study(tx, "p", "heart")) == second
