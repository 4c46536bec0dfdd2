"""Who sees credentials, and who may have them issued."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from api.native.credentials import check_issue, pick_visible, subject_of
from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import ForbiddenError
from scheduler.store.queries.credentials import ClientView

MINE = ClientView(
    id="c", name="flow", role="lead", org="hq", project="p", created=datetime.now(UTC), expires=None, revoked=None
)
ADMIN = Principal(name="eve", kind="user", role=Role.ORG_ADMIN, org="hq", project="p")


def test_who_sees_a_credential():
    found = [MINE, replace(MINE, org="other"), replace(MINE, project="q")]
    assert pick_visible(ADMIN, found) == [MINE]
    assert pick_visible(replace(ADMIN, role=Role.PROJECT_ADMIN), found) == found[:2]
    assert pick_visible(replace(ADMIN, role=Role.LEAD), found) == []
    assert (subject_of(MINE).owner, subject_of(MINE).org) == ("flow", "hq")


@pytest.mark.parametrize(
    ("role", "org", "project", "words"),
    [
        (Role.LEAD, "other", "p", "organisation 'hq' in project 'p' only"),
        (Role.LEAD, "hq", "q", "organisation 'hq' in project 'p' only"),
        (Role.PROJECT_ADMIN, "hq", "p", "only a project_admin makes another"),
    ],
)
def test_nobody_hands_out_more_than_it_has(role, org, project, words):
    with pytest.raises(ForbiddenError, match=words):
        check_issue(ADMIN, role, org=org, project=project)


def test_what_may_be_issued_is():
    check_issue(ADMIN, Role.ORG_ADMIN, org="hq", project="p")
    check_issue(ADMIN, None, org="hq", project="p")
    with pytest.raises(ForbiddenError):
        check_issue(replace(ADMIN, role=Role.LEAD), None, org="hq", project="p")
