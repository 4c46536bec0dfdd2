import pytest

from scheduler.domain.errors import NotFoundError
from scheduler.service.tags import create_tag
from scheduler.store.queries.tags import get_tag
from tests.scheduler.centre import ADMIN


def test_names_are_compared_as_they_are_written(centre):
    centre.write(lambda tx: create_tag(tx, "Good", by=ADMIN.principal, now=centre.now))
    assert centre.read(lambda tx: get_tag(tx, "p", "Good")).owner == "root"
    with pytest.raises(NotFoundError, match="there is no tag 'good'"):
        centre.read(lambda tx: get_tag(tx, "p", "good"))
