"""Reads of attachments: by job, and by task for the party that has it."""

import pytest

from scheduler.domain.errors import NotFoundError
from scheduler.store.queries.attachments import get_attachment, get_attachment_of_task, list_attachments
from tests.scheduler.centre import step
from tests.scheduler.service.test_attachments import store


@pytest.fixture
def job(centre):
    return centre.submit(step("s"), attachments={"b": store(centre, b"12"), "a": store(centre)})


def test_a_jobs_files_come_by_name(centre, job):
    found = centre.read(lambda tx: list_attachments(tx, job))
    assert [(item.name, item.blob.size, item.blob.owner) for item in found] == [("a", 3, "me"), ("b", 2, "me")]


def test_a_name_that_the_job_does_not_carry_is_not_found(centre, job):
    with pytest.raises(NotFoundError, match="attachment"):
        centre.read(lambda tx: get_attachment(tx, job, "c"))


def test_a_task_leads_its_own_party_only_to_the_file(centre, job):
    tasks = {task.party: task.id for task in centre.detail(job).steps[0].tasks}
    assert centre.read(lambda tx: get_attachment_of_task(tx, tasks["a"], "a", "b")).blob.size == 2
    with pytest.raises(NotFoundError):
        centre.read(lambda tx: get_attachment_of_task(tx, tasks["a"], "b", "b"))
