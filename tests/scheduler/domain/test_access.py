"""Who may do what: the whole matrix, and deny by default."""

import pytest

from scheduler.domain.access import (
    RULES,
    Action,
    Principal,
    Role,
    Subject,
    is_allowed,
    is_visible,
    name_owner,
    subject_of,
)
from scheduler.domain.model import Submission

OWN = Subject(owner="me", org="mine", project="p")
ORG = Subject(owner="her", org="mine", project="p")
PROJECT = Subject(owner="him", org="theirs", project="p")
FOREIGN = Subject(owner="me", org="mine", project="other")
SUBJECTS = {"own": OWN, "org": ORG, "project": PROJECT}
A, G, L, M = Role.PROJECT_ADMIN, Role.ORG_ADMIN, Role.LEAD, Role.MEMBER
EVERYBODY = {"own": {A, G, L, M}, "org": {A, G, L, M}, "project": {A, G, L, M}}
OWNERS = {"own": {A, G, L}, "org": {A, G}, "project": {A}}
ORGS = {"own": {A, G}, "org": {A, G}, "project": {A}}
SITES = {"own": {A, G, L}, "org": {A, G, L}, "project": {A}}
ALLOWED = {
    Action.READ_JOB: EVERYBODY,
    Action.SUBMIT_JOB: {"own": {A, G, L}, "org": {A, G, L}, "project": {A, G, L}},
    Action.CONTROL_JOB: OWNERS,
    Action.DELETE_JOB: OWNERS,
    Action.REQUEUE_JOB: ORGS,
    Action.READ_OUTPUT: OWNERS,
    Action.READ_PARTY: EVERYBODY,
    Action.ADMIT_PARTY: {"own": {A}, "org": {A}, "project": {A}},
    Action.CONTROL_PARTY: ORGS,
    Action.READ_SITE: SITES,
    Action.RESTART_SITE: SITES,
    Action.READ_TABLE: EVERYBODY,
    Action.WRITE_TABLE: OWNERS,
    Action.READ_TOKENS: ORGS,
    Action.ISSUE_TOKEN: ORGS,
    Action.CONTROL_STUDY: {"own": {A, G}, "org": {A, G}, "project": {A, G}},
    Action.REMOVE_STUDY: {"own": {A}, "org": {A}, "project": {A}},
    Action.MONITOR: EVERYBODY,
}


def principal(role, **given):
    return Principal(**{"name": "me", "kind": "user", "role": role, "org": "mine", "project": "p", **given})


def test_the_matrix_is_complete():
    assert set(ALLOWED) == set(Action) == set(RULES)


@pytest.mark.parametrize("whose", SUBJECTS)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_every_cell_of_the_matrix(action, role, whose):
    assert is_allowed(principal(role), action, SUBJECTS[whose]) == (role in ALLOWED[action][whose])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_nobody_reaches_into_another_project(action, role):
    assert not is_allowed(principal(role), action, FOREIGN)
    assert not is_visible(principal(role), FOREIGN)
    assert is_visible(principal(role), PROJECT)


@pytest.mark.parametrize("action", Action)
def test_a_worker_may_do_nothing_that_users_do(action):
    worker = principal(None, kind="worker", party="a")
    assert not is_allowed(worker, action)
    assert not is_allowed(worker, action, OWN)


@pytest.mark.parametrize("role", [G, L])
def test_empty_names_do_not_match_each_other(role):
    nobody = principal(role, name="", org="")
    assert not is_allowed(nobody, Action.CONTROL_JOB, Subject(project="p"))


def test_without_a_subject_the_rule_alone_counts():
    assert is_allowed(principal(L), Action.SUBMIT_JOB)
    assert not is_allowed(principal(M), Action.SUBMIT_JOB)


@pytest.mark.parametrize("action", [Action.CONTROL_JOB, Action.DELETE_JOB, Action.READ_OUTPUT, Action.WRITE_TABLE])
def test_a_namesake_of_another_organisation_owns_nothing_here(action):
    namesake = principal(Role.LEAD, org="theirs")
    assert not is_allowed(namesake, action, OWN)
    assert is_allowed(namesake, action, Subject(owner="me", org="theirs", project="p"))
    assert is_allowed(namesake, action, Subject(owner="me", project="p"))


def test_a_thing_is_its_makers_at_home_only():
    ann = Principal(name="ann", kind="user", role=Role.PROJECT_ADMIN, org="hq", project="p")
    assert [name_owner(ann, org) for org in ("hq", "lab", "")] == ["ann", "", ""]


def test_a_things_subject_is_its_owner_within_organisation_and_project():
    submission = Submission(name="j", owner="me", org="mine", project="p", roles={}, steps=())
    assert subject_of(submission) == OWN
