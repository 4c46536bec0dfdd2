"""Templates: names are unique within project and kind, in whatever case."""

import pytest

from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import ConflictError, NotFoundError
from scheduler.service.templates import TemplateText, change_template, create_template, forget_template
from scheduler.store.queries.templates import find_template_named, get_template, list_templates
from scheduler.store.writes.templates import lock_template, put_template

ME = Principal(name="me", kind="user", role=Role.LEAD, project="p")
HER = Principal(name="her", kind="user", role=Role.LEAD, project="q")


def create(centre, template, name, *, by=ME, kind="iflearner"):
    text = TemplateText(kind=kind, name=name, body={"x": [1]})
    return centre.write(lambda tx: create_template(tx, template, text, by=by, now=centre.now))


def change(centre, name, body, *, by=ME):
    text = TemplateText(kind="iflearner", name=name, body=body)
    return centre.write(lambda tx: change_template(tx, "t1", text, by=by, now=centre.now))


def test_a_template_comes_back_as_it_was(centre):
    made = create(centre, "t1", "First")
    assert centre.read(lambda tx: get_template(tx, "p", "iflearner", "t1")) == made
    assert (made.owner, made.body, made.created) == ("me", {"x": [1]}, centre.now)


def test_a_taken_name_is_refused_in_whatever_case_but_only_there(centre):
    create(centre, "t1", "Straße")
    with pytest.raises(ConflictError, match="the iflearner name 'STRASSE' is taken by t1"):
        create(centre, "t2", "STRASSE")
    create(centre, "t3", "straße", by=HER)
    create(centre, "t4", "straße", kind="other")


def test_a_change_keeps_the_id_and_may_keep_the_name(centre):
    create(centre, "t1", "one")
    create(centre, "t2", "two")
    centre.wait(5)
    changed = change(centre, "ONE", {"y": 2})
    assert (changed.name, changed.body, changed.modified) == ("ONE", {"y": 2}, centre.now)
    assert changed.created < changed.modified
    with pytest.raises(ConflictError):
        change(centre, "Two", {})


def test_another_projects_template_is_not_there(centre):
    create(centre, "t1", "one")
    for use_case in (
        lambda tx: get_template(tx, "q", "iflearner", "t1"),
        lambda tx: get_template(tx, "p", "other", "t1"),
        lambda tx: forget_template(tx, "t1", "iflearner", by=HER),
    ):
        with pytest.raises(NotFoundError):
            centre.write(use_case)
    with pytest.raises(NotFoundError):
        change(centre, "x", {}, by=HER)
    centre.write(lambda tx: forget_template(tx, "t1", "iflearner", by=ME))
    assert centre.read(lambda tx: find_template_named(tx, "p", "iflearner", "ONE")) is None


def test_lists_are_in_the_order_of_making_with_the_count_of_all(centre):
    for number in range(5):
        create(centre, f"t{number}", f"{'even' if number % 2 == 0 else 'odd'}_{number}%")
        centre.wait(1)
    page, total = centre.read(lambda tx: list_templates(tx, "p", "iflearner", offset=1, limit=2))
    assert ([item.id for item in page], total) == (["t1", "t2"], 5)
    page, total = centre.read(lambda tx: list_templates(tx, "p", "iflearner", keyword="EVEN_"))
    assert ([item.id for item in page], total) == (["t0", "t2", "t4"], 3)
    assert centre.read(lambda tx: list_templates(tx, "p", "iflearner", keyword="%x")) == ([], 0)


def test_a_template_can_be_locked_and_put_in_place_of_itself(centre):
    made = create(centre, "t1", "one")
    centre.write(lambda tx: (lock_template(tx, "t1"), put_template(tx, made)))
    assert centre.rows("SELECT COUNT(*) FROM template") == [(1,)]
