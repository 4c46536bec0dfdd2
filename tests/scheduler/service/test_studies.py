import pytest

from scheduler.domain.access import Principal, Role
from scheduler.domain.studies import Obstacle, StudyError
from scheduler.service import studies
from scheduler.service.audit import Actor
from scheduler.service.jobs import forget_job
from scheduler.service.parties import create_party
from scheduler.store.queries.studies import find_study, list_studies
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


def test_whoever_registers_a_study_works_in_it(centre, sites):
    made = do(centre, studies.register_study, "heart", SITES)
    assert (made.site_orgs, made.users) == ({"hq": ("h1", "h2")}, ("oz",))
    again = do(centre, studies.register_study, "heart", {"lab": ["l1"]}, by=ADMIN)
    assert (again.sites, again.users) == (("h1", "h2", "l1"), ("oz", "root"))
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
    assert do(centre, studies.add_study_user, "heart", "ann").users == ("oz", "ann")
    assert obstacle(centre, studies.add_study_user, "heart", "ann") is Obstacle.USER_THERE
    assert do(centre, studies.remove_study_user, "heart", "oz").users == ("ann",)
    assert obstacle(centre, studies.remove_study_user, "heart", "oz") is Obstacle.NO_USER


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
