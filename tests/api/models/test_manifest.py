from dataclasses import replace

import orjson
import pytest

from api.models.manifest import Manifest, make_manifest, parse_manifest
from scheduler.domain.errors import ConflictError, InvalidDocumentError
from scheduler.store.queries.models import get_model, list_parts
from tests.api.sites import MODEL_ID

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
        ({"model_version": "a\nb"}, "cannot be printed"),
        ({"notes": "a\0b"}, "NUL"),
        ({"recipe": {"x": "\0"}}, "NUL"),
        ({"recipe": {"\\\0": 1}}, "NUL"),
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


@pytest.mark.parametrize("text", [b"\xff{", b"{", b'{"recipe": NaN}', b"[" * 2000])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(InvalidDocumentError, match="is no JSON"):
        parse_manifest(text)


def test_no_number_comes_that_the_store_cannot_write():
    text = orjson.dumps(DOCUMENT).replace(b'"thing"', b"1180591620717411303424")
    assert orjson.loads(orjson.dumps(parse_manifest(text).recipe)) == {"any": [2.0**70]}


def test_a_backslash_before_the_letters_of_a_nul_is_no_nul():
    assert parse(notes="C:\\u0000").notes == "C:\\u0000"


async def test_what_fits_into_no_archive_is_a_conflict(gateway, sites):
    job = await sites.train()
    with gateway.store.read() as tx:
        model = get_model(tx, "p1", MODEL_ID, job)
        first, *others = list_parts(tx, model)
    named = replace(first, output=replace(first.output, name="my model"))
    with pytest.raises(ConflictError, match=r"fits into no archive: name is 'my model'"):
        make_manifest(model, [named, *others], recipe={}, exported_by=("guest", "9999"))
