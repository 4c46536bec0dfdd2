import pytest

from scheduler.domain.errors import NotFoundError
from scheduler.service.tags import create_tag
from scheduler.store.queries.tags import get_tag, list_tags
from tests.scheduler.centre import ADMIN


def test_a_page_of_tags_begins_where_it_is_told(centre):
    for name in "cab":
        centre.write(lambda tx, name=name: create_tag(tx, name, by=ADMIN.principal, now=centre.now))
    found, total = centre.read(lambda tx: list_tags(tx, "p", offset=1, limit=1))
    assert ([tag.name for tag in found], total) == (["b"], 3)


def test_names_are_compared_as_they_are_written(centre):
    centre.write(lambda tx: create_tag(tx, "Good", by=ADMIN.principal, now=centre.now))
    assert centre.read(lambda tx: get_tag(tx, "p", "Good")).owner == "root"
    with pytest.raises(NotFoundError, match="there is no tag 'good'"):
        centre.read(lambda tx: get_tag(tx, "p", "good"))
