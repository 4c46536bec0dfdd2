import orjson
import pytest

from api.models.manifest import Manifest, parse_manifest
from scheduler.domain.errors import InvalidDocumentError

PART = {
    "path": "parts/guest/1/lr/model", "role": "guest", "party": "1", "step": "lr", "name": "model", "kind": "model",
    "size": 3, "sha256": "0" * 64, "facts": {"rounds": 2},
}  # fmt: skip
DOCUMENT = {
    "format": "fedrota-model", "format_version": 1, "model_id": "m#1", "model_version": "2026",
    "exported_by": {"role": "guest", "party": "1"}, "members": [{"role": "guest", "party": "1"}],
    "components": ["lr"], "recipe": {"any": ["thing"]}, "created": "2026-01-01T00:00:00+00:00", "parts": [PART],
}  # fmt: skip


def parse(**changes):
    return parse_manifest(orjson.dumps({**DOCUMENT, **changes}))


def test_a_manifest_is_read_again():
    found = parse()
    assert isinstance(found, Manifest)
    assert parse_manifest(found.render()) == found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "format"),
        ({"format_version": 2}, "format_version"),
        ({"surprise": 1}, "surprise"),
        ({"model_version": 7}, "model_version"),
        ({"members": []}, "members"),
        ({"members": [{"role": "guest", "party": "../1"}]}, "members.0.party"),
        ({"exported_by": {"role": "host", "party": "1"}}, "exported_by: is none"),
        ({"parts": [{**PART, "step": "../lr"}]}, "parts.0.step"),
        ({"parts": [{**PART, "name": "a/b"}]}, "parts.0.name"),
        ({"parts": [{**PART, "kind": "secret"}]}, "parts.0.kind"),
        ({"parts": [{**PART, "size": -1}]}, "parts.0.size"),
        ({"parts": [{**PART, "sha256": "x"}]}, "parts.0.sha256"),
        ({"parts": [{**PART, "party": "2"}]}, "belongs to none of the members"),
        ({"parts": [PART, {**PART, "path": "other"}]}, "the same name or path"),
        ({"parts": [PART, {**PART, "name": "other"}]}, "the same name or path"),
    ],
)
def test_what_is_wrong_is_named(changes, message):
    with pytest.raises(InvalidDocumentError, match=r"fedrota-model\.json") as refused:
        parse(**changes)
    assert message in str(refused.value)


def test_what_is_no_json_is_refused():
    with pytest.raises(InvalidDocumentError):
        parse_manifest(b"\xff{")
