"""What the registry's tables themselves forbid and clear away."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from scheduler.service.models import ModelName, bind_service
from scheduler.service.tags import tag_model
from scheduler.store.tables.models import ModelMemberRow, ModelRow, ModelServiceRow, ModelTagRow, TagRow
from scheduler.store.writes.removal import delete_jobs
from tests.scheduler.centre import ADMIN, step


@pytest.fixture
def job(centre):
    made = centre.submit(step("s"), labels={"model": "m"})
    centre.run()
    name = ModelName(project="p", model_id="m", version=made)
    centre.write(lambda tx: tag_model(tx, name, "good", by=ADMIN.principal, now=centre.now))
    centre.write(lambda tx: bind_service(tx, name, "credit", by=ADMIN, now=centre.now))
    return made


def count(centre, kind):
    return len(centre.read(lambda tx: tx.session.exec(select(kind)).all()))


def test_everything_of_a_model_goes_with_its_job_but_the_tag_itself(centre, job):
    kinds = (ModelRow, ModelMemberRow, ModelTagRow, ModelServiceRow)
    assert [count(centre, kind) for kind in kinds] == [1, 2, 1, 1]
    centre.write(lambda tx: delete_jobs(tx, [job]))
    assert [count(centre, kind) for kind in kinds] == [0, 0, 0, 0]
    assert count(centre, TagRow) == 1


def test_a_name_and_version_stand_once_in_a_project(centre, job):
    def add(tx, project):
        made = {"model_id": "m", "version": job, "job_id": job, "owner": "x", "created": centre.now}
        tx.session.add(ModelRow(id=f"other-{project}", project=project, **made))
        tx.session.flush()

    centre.write(lambda tx: add(tx, "q"))
    with pytest.raises(IntegrityError):
        centre.write(lambda tx: add(tx, "p"))
