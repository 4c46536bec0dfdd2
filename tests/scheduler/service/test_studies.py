import pytest

from scheduler.domain.access import Principal, Role
from scheduler.domain.studies import Obstacle, StudyError, StudyUser
from scheduler.service import studies
from scheduler.service.audit import Actor
from scheduler.service.jobs import forget_job
from scheduler.service.parties import create_party
from scheduler.service.tokens import TokenRequest, issue_token
from scheduler.store.queries.studies import find_study, list_studies
from scheduler.store.writes.studies import put_study
from tests.scheduler.centre import ADMIN, step

SITES = {"hq": ["h1", "h2"]}


def act(name, role=Role.ORG_ADMIN, org="hq"):
    return Actor(Principal(name=name, kind="user", role=role, org=org, project="p"))


OZ, EVE = act("oz"), act("eve", org="lab")


@pytest.fixture
def sites(centre):
    for party, org in (("h1", "hq"), ("h2", "hq"), ("l1", "lab")):
        centre.write(
            lambda tx, party=party, org=org: create_party(tx, party, org=org, slots=1, by=ADMIN, now=centre.now)
        )


def do(centre, function, *given, by=OZ):
    return centre.write(lambda tx: function(tx, *given, by=by, now=centre.now))


def obstacle(centre, function, *given, by=OZ):
    with pytest.raises(StudyError) as refused:
        do(centre, function, *given, by=by)
    return refused.value.obstacle


def names(study):
    return [user.word for user in study.users]


def test_whoever_registers_a_study_works_in_it(centre, sites):
    made = do(centre, studies.register_study, "heart", SITES)
    assert (made.site_orgs, made.users) == ({"hq": ("h1", "h2")}, (StudyUser("oz", "hq"),))
    again = do(centre, studies.register_study, "heart", {"lab": ["l1"]}, by=ADMIN)
    assert (again.sites, names(again)) == (("h1", "h2", "l1"), ["hq:oz", ":root"])
    namesake = do(centre, studies.register_study, "heart", {"lab": ["l1"]}, by=act("oz", org="lab"))
    assert names(namesake) == ["hq:oz", ":root", "lab:oz"]
    again = do(centre, studies.register_study, "heart", SITES)
    assert again == namesake
    assert centre.read(lambda tx: list_studies(tx, "p")) == [again]
    assert centre.read(lambda tx: list_studies(tx, "q")) == []
    assert centre.read(lambda tx: find_study(tx, "q", "heart")) is None


def test_a_name_that_others_took_is_not_shared(centre, sites):
    do(centre, studies.register_study, "heart", SITES)
    assert obstacle(centre, studies.register_study, "heart", {"lab": ["l1"]}, by=EVE) is Obstacle.TAKEN
    for function, given in ((studies.enroll_sites, {"lab": ["l1"]}), (studies.withdraw_sites, SITES),
                            (studies.add_study_user, "eve"), (studies.remove_study_user, "oz")):  # fmt: skip
        assert obstacle(centre, function, "heart", given, by=EVE) is Obstacle.NO_STUDY
    assert obstacle(centre, studies.remove_study, "heart", by=EVE) is Obstacle.NO_STUDY
    assert obstacle(centre, studies.remove_study, "other", by=ADMIN) is Obstacle.NO_STUDY


def test_only_registered_parties_of_the_organisation_are_sites(centre, sites):
    for wrong in ({"hq": ["l1"]}, {"hq": ["nobody"]}, {"lab": ["h1"]}):
        assert obstacle(centre, studies.register_study, "heart", wrong) is Obstacle.SITES
    do(centre, studies.register_study, "heart", {"hq": ["h1"]})
    assert obstacle(centre, studies.enroll_sites, "heart", {"hq": ["l1"]}) is Obstacle.SITES
    study, new = do(centre, studies.enroll_sites, "heart", SITES)
    assert (study.sites, new) == (("h1", "h2"), ["h2"])
    study, gone = do(centre, studies.withdraw_sites, "heart", {"hq": ["h1", "gone"]})
    assert (study.sites, gone) == (("h2",), ["h1"])


def test_users_come_and_go(centre, sites):
    do(centre, studies.register_study, "heart", SITES)
    study, user = do(centre, studies.add_study_user, "heart", "ann")
    assert (names(study), user) == (["hq:oz", "hq:ann"], StudyUser("ann", "hq"))
    for word in ("ann", "hq:ann"):
        assert obstacle(centre, studies.add_study_user, "heart", word) is Obstacle.USER_THERE
    study, user = do(centre, studies.remove_study_user, "heart", "oz")
    assert (names(study), user) == (["hq:ann"], StudyUser("oz", "hq"))
    for word in ("oz", "lab:ann"):
        assert obstacle(centre, studies.remove_study_user, "heart", word) is Obstacle.NO_USER


def test_of_namesakes_a_bare_name_means_the_caller_s_own_or_must_say_whose(centre, sites):
    do(centre, studies.register_study, "heart", SITES)
    for word in ("ann", "lab:ann", "lab:a:b"):
        do(centre, studies.add_study_user, "heart", word)
    refused = obstacle(centre, studies.remove_study_user, "heart", "ann", by=act("root", Role.PROJECT_ADMIN, "x"))
    assert refused is Obstacle.WHOSE_USER
    assert names(do(centre, studies.remove_study_user, "heart", "ann")[0]) == ["hq:oz", "lab:ann", "lab:a:b"]
    for word in ("ann", "a:b"):
        do(centre, studies.remove_study_user, "heart", word)
    assert names(centre.read(lambda tx: find_study(tx, "p", "heart"))) == ["hq:oz"]


def issue(centre, name, **given):
    centre.write(
        lambda tx: issue_token(tx, TokenRequest(**{"name": name, "project": "p", **given}), by=ADMIN, now=centre.now)
    )


def test_a_project_admin_is_told_when_a_bare_name_is_only_another_organisation_s(centre, sites):
    do(centre, studies.register_study, "heart", SITES)
    root = act("root", Role.PROJECT_ADMIN)
    issue(centre, "ann", role=Role.LEAD, org="lab")
    issue(centre, "bob", role=Role.LEAD, org="lab", project="q")
    issue(centre, "cyd", org="lab", party="l1")
    assert obstacle(centre, studies.add_study_user, "heart", "ann", by=root) is Obstacle.WHOSE_USER
    for name in ("bob", "cyd"):
        assert do(centre, studies.add_study_user, "heart", name, by=root)[1] == StudyUser(name, "hq")
    issue(centre, "ann", role=Role.LEAD, org="hq")
    assert do(centre, studies.add_study_user, "heart", "ann", by=root)[1] == StudyUser("ann", "hq")


def test_a_user_without_organisation_is_everybody_of_the_name_until_they_are_added_with_one(centre, sites):
    study = do(centre, studies.register_study, "heart", SITES)
    centre.write(lambda tx: put_study(tx, study.admit(StudyUser("ann", None)), centre.now))
    assert obstacle(centre, studies.add_study_user, "heart", "ann") is Obstacle.USER_THERE
    assert names(do(centre, studies.add_study_user, "heart", "lab:ann")[0]) == ["hq:oz", "lab:ann"]
    centre.write(lambda tx: put_study(tx, study.admit(StudyUser("ann", None)), centre.now))
    assert names(do(centre, studies.remove_study_user, "heart", "ann")[0]) == ["hq:oz"]


def test_a_study_with_jobs_stays(centre, sites):
    study = do(centre, studies.register_study, "heart", SITES)
    job = centre.submit(step("s"), project=study.scope)
    assert obstacle(centre, studies.remove_study, "heart", by=ADMIN) is Obstacle.JOBS
    centre.run()
    centre.write(lambda tx: forget_job(tx, job))
    do(centre, studies.remove_study, "heart", by=ADMIN)
    assert centre.read(lambda tx: list_studies(tx, "p")) == []


def test_every_change_is_in_the_audit_trail(centre, sites):
    do(centre, studies.register_study, "heart", SITES)
    do(centre, studies.add_study_user, "heart", "ann")
    rows = centre.rows("SELECT who, action, object FROM audit ORDER BY id")[-2:]
    assert rows == [("oz", "register_study", "p/heart"), ("oz", "add_study_user", "p/heart")]
