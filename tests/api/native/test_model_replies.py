from datetime import UTC, datetime

from api.native.model_replies import render_model, render_tag
from scheduler.store.queries.models import Model, ModelMember
from scheduler.store.queries.tags import Tag

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_model_without_parent_or_deployment_has_empty_texts():
    member = ModelMember(role="guest", party="1", source_role="guest", source_party="2", loaded=3)
    model = Model(
        id="x", project="p", org="o", model_id="m", version="1", job="j", components=None, recipe=None, parent=None,
        imported=True, notes="n", owner="me", created=AT, members=(member,), tags=("a",), services=("s",),
    )  # fmt: skip
    shown = render_model(model)
    assert (shown["parent_model_id"], shown["parent_version"], shown["components"], shown["deployed"]) == (
        "",
        "",
        [],
        False,
    )
    assert shown["members"] == [{"role": "guest", "party": "1", "loaded": 3}]
    assert (shown["imported"], shown["tags"], shown["services"]) == (True, ["a"], ["s"])


def test_a_tag():
    tag = Tag(id="1", project="p", name="a", notes="n", owner="me", created=AT, modified=AT)
    assert render_tag(tag) == {"name": "a", "notes": "n", "owner": "me", "created": AT, "modified": AT}
