import pytest

from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError
from scheduler.service.models import ModelName, forget_model
from scheduler.service.tags import change_tag, create_tag, forget_tag, tag_model, untag_model
from scheduler.store.queries.models import get_model
from scheduler.store.queries.tags import find_tag, get_tag, list_tags
from tests.scheduler.centre import ADMIN, step

ME = ADMIN.principal


@pytest.fixture
def made(centre):
    job = centre.submit(step("s"), labels={"model": "m"})
    centre.run()
    return ModelName(project="p", model_id="m", version=job)


def tags_of(centre, name):
    return centre.read(lambda tx: get_model(tx, "p", "m", name.version)).tags


def test_a_tag_is_made_changed_and_deleted(centre):
    made = centre.write(lambda tx: create_tag(tx, "good", notes="well", by=ME, now=centre.now))
    with pytest.raises(ConflictError, match="'good' already"):
        centre.write(lambda tx: create_tag(tx, "good", by=ME, now=centre.now))
    centre.wait(5)
    centre.write(lambda tx: change_tag(tx, "good", new_name="best", by=ME, now=centre.now))
    found = centre.read(lambda tx: get_tag(tx, "p", "best"))
    assert (found.id, found.notes, found.created, found.modified) == (made.id, "well", made.created, centre.now)
    centre.write(lambda tx: change_tag(tx, "best", notes="", by=ME, now=centre.now))
    assert centre.read(lambda tx: get_tag(tx, "p", "best")).notes == ""
    centre.write(lambda tx: forget_tag(tx, "best", by=ME))
    with pytest.raises(NotFoundError, match="no tag 'best'"):
        centre.write(lambda tx: forget_tag(tx, "best", by=ME))


def test_a_tag_cannot_take_anothers_name_but_its_own(centre):
    for name in ("a", "b"):
        centre.write(lambda tx, name=name: create_tag(tx, name, by=ME, now=centre.now))
    with pytest.raises(ConflictError):
        centre.write(lambda tx: change_tag(tx, "a", new_name="b", by=ME, now=centre.now))
    assert centre.write(lambda tx: change_tag(tx, "a", new_name="a", notes="x", by=ME, now=centre.now)).notes == "x"


def test_a_tag_whose_bytes_no_index_holds_is_refused_with_the_reason(centre):
    centre.write(lambda tx: create_tag(tx, "本" * 500, by=ME, now=centre.now))
    with pytest.raises(InvalidDocumentError, match="the tag has 1503 bytes as UTF-8 and may have 1500: shorten it"):
        centre.write(lambda tx: create_tag(tx, "本" * 501, by=ME, now=centre.now))
    with pytest.raises(InvalidDocumentError, match="the tag's new name has 1503 bytes"):
        centre.write(lambda tx: change_tag(tx, "本" * 500, new_name="本" * 501, by=ME, now=centre.now))


def test_tags_are_listed_by_name_within_a_project(centre):
    for name in ("b_2", "a", "bx2"):
        centre.write(lambda tx, name=name: create_tag(tx, name, by=ME, now=centre.now))
    assert [tag.name for tag in centre.read(lambda tx: list_tags(tx, "p"))] == ["a", "b_2", "bx2"]
    assert [tag.name for tag in centre.read(lambda tx: list_tags(tx, "p", limit=2))] == ["a", "b_2"]
    assert [tag.name for tag in centre.read(lambda tx: list_tags(tx, "p", keyword="b_"))] == ["b_2"]
    assert centre.read(lambda tx: list_tags(tx, "q")) == []
    assert centre.read(lambda tx: find_tag(tx, "q", "a")) is None


def test_a_model_bears_a_tag_until_it_is_taken_or_deleted(centre, made):
    for _ in range(2):
        centre.write(lambda tx: tag_model(tx, made, "good", by=ME, now=centre.now))
    assert tags_of(centre, made) == ("good",)
    centre.write(lambda tx: untag_model(tx, made, "good", by=ME))
    assert tags_of(centre, made) == ()
    centre.write(lambda tx: tag_model(tx, made, "good", by=ME, now=centre.now))
    centre.write(lambda tx: forget_tag(tx, "good", by=ME))
    assert tags_of(centre, made) == ()


def test_a_deleted_model_leaves_its_tags_behind(centre, made):
    centre.write(lambda tx: tag_model(tx, made, "good", by=ME, now=centre.now))
    centre.write(lambda tx: forget_model(tx, made, by=ADMIN, now=centre.now))
    assert centre.read(lambda tx: get_tag(tx, "p", "good")).name == "good"
    with pytest.raises(NotFoundError):
        centre.write(lambda tx: tag_model(tx, made, "good", by=ME, now=centre.now))
