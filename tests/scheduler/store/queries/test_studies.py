from scheduler.domain.studies import Study
from scheduler.store.queries.studies import count_study_jobs, find_study, list_studies
from scheduler.store.writes.studies import put_study
from tests.scheduler.centre import step


def test_studies_are_found_by_name_and_listed_by_project(centre):
    made = [Study(project="p", name=name, site_orgs={"hq": ("a",)}, users=()) for name in ("lung", "heart")]
    for study in made:
        centre.write(lambda tx, study=study: put_study(tx, study, centre.now))
    assert centre.read(lambda tx: list_studies(tx, "p")) == made[::-1]
    assert centre.read(lambda tx: list_studies(tx, "q")) == []
    assert centre.write(lambda tx: find_study(tx, "p", "heart", locks=True)) == made[1]
    assert centre.read(lambda tx: find_study(tx, "p", "x")) is None


def test_only_jobs_of_the_study_count(centre):
    study = Study(project="p", name="heart", site_orgs={}, users=())
    centre.submit(step("s"))
    assert centre.read(lambda tx: count_study_jobs(tx, study)) == 0
    centre.submit(step("s"), project=study.scope)
    assert centre.read(lambda tx: count_study_jobs(tx, study)) == 1
