import pytest

from scheduler.domain.errors import ForbiddenError
from scheduler.domain.grants import Grant, Use
from scheduler.service.grants import check_uses, give_grants, take_grants
from tests.scheduler.centre import ADMIN

RUN = Use(party="b", kind="component", name="heterolr")
READ = Use(party="b", kind="dataset", namespace="exp", name="t")


def give(centre, **given):
    grant = Grant(**{"party": "b", "grantee": "a", "kind": "component", "name": "heterolr", **given})
    centre.write(lambda tx: give_grants(tx, [grant], by=ADMIN, now=centre.now))
    return grant


def check(centre, *uses, by="a", guarded=("component", "dataset")):
    centre.read(lambda tx: check_uses(tx, by, uses, guarded=guarded))


def test_only_what_is_guarded_needs_a_grant(centre):
    check(centre, RUN, READ, guarded=())
    check(centre, RUN, guarded=("dataset",))
    with pytest.raises(ForbiddenError, match="party a may not use component heterolr of party b, dataset exp/t of"):
        check(centre, RUN, READ)


def test_a_granted_use_passes_until_it_is_taken_back(centre):
    grant = give(centre)
    check(centre, RUN)
    with pytest.raises(ForbiddenError):
        check(centre, RUN, by="c")
    centre.write(lambda tx: take_grants(tx, [grant], by=ADMIN, now=centre.now))
    with pytest.raises(ForbiddenError):
        check(centre, RUN)
    said = [tuple(row) for row in centre.rows("SELECT action, object FROM audit ORDER BY id DESC LIMIT 2")]
    assert said == [("take_grant", "b to a: component heterolr"), ("give_grant", "b to a: component heterolr")]
