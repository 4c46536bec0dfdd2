import pytest

from scheduler.domain.access import Principal, Role
from scheduler.domain.studies import Obstacle, Study, StudyUser, make_not_found

ANN = StudyUser("ann", "hq")
HEART = Study(project="p", name="heart", site_orgs={"hq": ("a", "b"), "lab": ("c",)}, users=(ANN,))


def test_its_jobs_are_a_project_that_no_other_name_reaches():
    assert HEART.scope == "p/heart"
    assert HEART.sites == ("a", "b", "c")


@pytest.mark.parametrize(
    ("role", "name", "org", "knows"),
    [
        (Role.PROJECT_ADMIN, "root", "", True),
        (Role.ORG_ADMIN, "oz", "lab", True),
        (Role.ORG_ADMIN, "oz", "other", False),
        (Role.ORG_ADMIN, "ann", "", False),
        (Role.LEAD, "ann", "hq", True),
        (Role.LEAD, "ann", "other", False),
        (Role.LEAD, "bob", "hq", False),
        (Role.MEMBER, "ann", "hq", True),
        (Role.MEMBER, "ann", "", False),
    ],
)
def test_who_may_know_of_it(role, name, org, knows):
    caller = Principal(name=name, kind="user", role=role, org=org, project="p")
    assert HEART.is_known_to(caller) is knows


def test_a_user_of_no_known_organisation_is_everybody_of_the_name_until_somebody_takes_the_place():
    anybody = HEART.dismiss(ANN).admit(StudyUser("ann", None))
    for org in ("hq", "other", ""):
        assert anybody.has_user(Principal(name="ann", kind="user", role=Role.LEAD, org=org, project="p"))
    assert anybody.admit(StudyUser("ann", "lab")).users == (StudyUser("ann", "lab"),)


def test_users_are_found_by_name_and_by_organisation_and_name():
    study = HEART.admit(StudyUser("ann", "lab")).admit(StudyUser("hq:ann", "lab"))
    assert [user.word for user in study.users] == ["hq:ann", "lab:ann", "lab:hq:ann"]
    assert study.find_users("hq:ann") == [ANN]
    assert study.find_users("ann") == [ANN, StudyUser("ann", "lab")]
    assert study.find_users("bob") == []


def test_sites_come_once_and_stay_in_their_organisation():
    study, new = HEART.enroll({"lab": ["c", "d", "d"], "new": ["e"]})
    assert study.site_orgs == {"hq": ("a", "b"), "lab": ("c", "d"), "new": ("e",)}
    assert set(new) == {"d", "e"}
    assert HEART.sites == ("a", "b", "c")


def test_sites_go_only_from_the_organisation_that_is_named():
    study, gone = HEART.withdraw({"hq": ["a", "c", "x"]})
    assert (study.site_orgs, gone) == ({"hq": ("b",), "lab": ("c",)}, ["a"])


def test_what_may_not_be_known_is_not_found():
    refused = make_not_found("heart")
    assert (refused.obstacle, refused.message) == (Obstacle.NO_STUDY, "Study 'heart' not found.")
