import pytest

from scheduler.domain.errors import NotFoundError
from scheduler.service.tags import create_tag
from scheduler.store.queries.tags import get_tag, list_tags
from tests.scheduler.centre import ADMIN


def test_names_are_compared_as_they_are_written(centre):
    centre.write(lambda tx: create_tag(tx, "Good", by=ADMIN.principal, now=centre.now))
    assert centre.read(lambda tx: get_tag(tx, "p", "Good")).owner == "root"
    with pytest.raises(NotFoundError, match="there is no tag 'good'"):
        centre.read(lambda tx: get_tag(tx, "p", "good"))


def test_a_word_is_found_in_whatever_case(centre):
    for name in ("Good_1", "good x", "bad"):
        centre.write(lambda tx, name=name: create_tag(tx, name, by=ADMIN.principal, now=centre.now))
    for word in ("good", "GOOD", "d_"):
        found = centre.read(lambda tx, word=word: list_tags(tx, "p", keyword=word))
        assert {tag.name for tag in found} == ({"Good_1"} if word == "d_" else {"Good_1", "good x"})
