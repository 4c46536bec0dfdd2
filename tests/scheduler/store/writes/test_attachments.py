"""Writes of attachments: they go with their job, the file itself stays for others that carry it."""

import pytest

from scheduler.domain.errors import NotFoundError
from scheduler.service.jobs import forget_job
from scheduler.store.queries.attachments import list_attachments
from scheduler.store.writes.attachments import complete_blob
from tests.scheduler.centre import step
from tests.scheduler.service.test_attachments import is_there, store


def test_an_unknown_file_cannot_be_completed(centre):
    with pytest.raises(NotFoundError):
        centre.write(lambda tx: complete_blob(tx, "nope", size=1, sha256="x"))


def test_a_forgotten_job_leaves_the_file_to_the_other_that_carries_it(centre):
    blob = store(centre)
    first, second = (centre.submit(step("s"), attachments={"f": blob}) for _ in range(2))
    centre.stop(first)
    centre.write(lambda tx: forget_job(tx, first))
    assert centre.read(lambda tx: list_attachments(tx, first)) == []
    assert [item.blob.id for item in centre.read(lambda tx: list_attachments(tx, second))] == [blob]
    assert is_there(centre, blob)
