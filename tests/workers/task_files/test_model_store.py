import hashlib
import json
from contextlib import suppress

import pytest

from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError
from workers.task_files.arrivals import DamagedFileError
from workers.task_files.model_store import StoreMissingError, make_model_ops
from workers.workdir import Workdir

CONTENT = b"x" * (1 << 20) + b"tail"
NAME = {"project": "p", "model_id": "guest-1#host-2#model", "version": "2026"}
PART = {"task": "t1", "seq": 3, "name": "model", "role": "guest", "step": "lr_0"}
MANIFEST = json.dumps({"format": "x"}).encode()


@pytest.fixture
def workdir(tmp_path):
    made = Workdir(tmp_path / "state", "9999")
    made.prepare()
    made.outputs("t1", 3).mkdir(parents=True)
    made.output("t1", 3, "model").write_bytes(CONTENT)
    return made


@pytest.fixture(params=["folder", "url"])
def ops(request, workdir, tmp_path):
    folder = str(tmp_path / "store")
    return make_model_ops(workdir, folder if request.param == "folder" else f"file://{folder}", "9999")


def store(ops, manifest=MANIFEST, **given):
    return ops["model.store"]({**NAME, "parts": [PART], **given}, iter((manifest,)))


def recall(ops, **given):
    return b"".join(ops["model.recall"]({**NAME, **given}, iter(())).body)


def fetch(ops, **given):
    place = {"key": "k", "member": "guest.0", "step": "lr_0", "name": "model", "role": "guest"}
    return ops["model.fetch"]({**NAME, **place, "sha256": hashlib.sha256(CONTENT).hexdigest(), **given}, iter(()))


def test_what_is_stored_comes_back(ops, workdir):
    store(ops)
    workdir.drop_outputs("t1", 3)
    assert recall(ops) == MANIFEST
    assert fetch(ops).result == {"size": len(CONTENT)}
    assert (workdir.arrival("k", "guest.0", "lr_0") / "model").read_bytes() == CONTENT


def test_storing_the_same_again_is_harmless_and_another_needs_a_word(ops):
    store(ops)
    store(ops)
    with pytest.raises(ConflictError, match="force_update"):
        store(ops, b'{"format": "y"}')
    store(ops, b'{"format": "y"}', replace=True)
    assert recall(ops) == b'{"format": "y"}'


def test_parties_that_share_a_store_keep_apart(ops, workdir, tmp_path):
    store(ops)
    other = make_model_ops(workdir, str(tmp_path / "store"), "10000")
    with pytest.raises(NotFoundError, match="there is no stored model '2026'"):
        recall(other)


def test_what_is_not_there_is_said(ops):
    with pytest.raises(NotFoundError, match="stored model"):
        recall(ops)
    store(ops)
    with pytest.raises(NotFoundError, match="guest.other.model"):
        fetch(ops, step="other")
    with pytest.raises(NotFoundError, match="output"):
        store(ops, parts=[{**PART, "task": "t2"}], replace=True)


def test_a_part_that_was_changed_in_the_store_is_refused(ops, tmp_path):
    store(ops)
    (part,) = (tmp_path / "store").rglob("guest.lr_0.model")
    part.write_bytes(b"else")
    with pytest.raises(DamagedFileError):
        fetch(ops)


@pytest.mark.parametrize("name", ["..", ".", "", "../../x", "a/../../b", "%2e%2e"])
def test_no_name_leads_out_of_the_store(ops, tmp_path, name):
    for key in NAME:
        with suppress(InvalidDocumentError):
            store(ops, **{key: name})
    outside = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("manifest.json")}
    assert outside <= {"store"}
    for file in tmp_path.rglob("manifest.json"):
        assert len(file.relative_to(tmp_path / "store").parts) == 5


@pytest.mark.parametrize(
    ("given", "where"), [({"parts": "x"}, "parts"), ({"parts": [{**PART, "task": "../x"}]}, "task")]
)
def test_wrong_arguments_are_named(ops, given, where):
    with pytest.raises(InvalidDocumentError, match=where):
        store(ops, **given)
    with pytest.raises(InvalidDocumentError, match="not JSON"):
        store(ops, b"{")


def test_a_party_without_a_store_says_what_to_set(workdir):
    with pytest.raises(StoreMissingError, match="FEDROTA_MODEL_STORE"):
        store(make_model_ops(workdir, "", "9999"))


def test_an_address_that_cannot_be_used_is_said(workdir):
    with pytest.raises(StoreMissingError, match="cannot be used"):
        store(make_model_ops(workdir, "nonsense://x", "9999"))
