"""`fedrota models`."""

import pytest

from tests.fedrota.conftest import MODEL, MODEL_PATH, TAG

NAMED = (MODEL["model_id"], MODEL["version"])


def test_list_and_filters(fedrota, gateway):
    out = fedrota("models", "--party", "9999", "--tag", "good", "--job", "j-1", "--model", "m").out
    assert out.splitlines()[1].split()[:5] == ["guest-9999#model", "j-1", "yes", "guest", "9999"]
    assert gateway.last.query == {"model_id": "m", "job": "j-1", "party": "9999", "tag": "good", "limit": "200"}
    gateway.on("GET", "/models", {"items": [], "next": None})
    assert "a job with the label `model` makes one" in fedrota("models").out
    assert fedrota("models", "--json").json == {"items": [], "next": None}


def test_show(fedrota):
    out = fedrota("models", "show", *NAMED).out
    for words in ("guest-9999#model j-0", "guest 9999", "good", "lr", "5 B"):
        assert words in out
    assert fedrota("models", "show", *NAMED, "--json").json["parts"] == MODEL["parts"]
    assert fedrota("models", "show", "m", "1").code == 3


def test_deploy(fedrota, gateway):
    gateway.on("POST", f"{MODEL_PATH}/deploy", MODEL, 201)
    out = fedrota("models", "deploy", *NAMED, "--component", "lr").out
    assert out.splitlines() == ["deployed as version j-1: lr", "  fedrota models show 'guest-9999#model' j-1"]
    assert gateway.last.json == {"components": ["lr"]}
    assert fedrota("models", "deploy", *NAMED, "--json").json["version"] == "j-1"
    assert gateway.last.json == {"components": []}


def test_an_export_is_imported(fedrota, gateway, tmp_path):
    assert fedrota("models", "export", *NAMED).out == "wrote model-j-1.zip (10 B)\n"
    assert (tmp_path / "model-j-1.zip").read_bytes() == b"PK archive"
    found = fedrota("models", "export", *NAMED, "-o", "m.zip", "--json").json
    assert found == {"model_id": NAMED[0], "version": NAMED[1], "path": "m.zip", "size": 10}
    gateway.on("POST", "/models", MODEL, 201)
    assert "guest-9999#model" in fedrota("models", "import", "m.zip", "--replace").out
    assert (gateway.last.body, gateway.last.query) == (b"PK archive", {"replace": "true"})
    assert fedrota("models", "import", "m.zip", "--json").json["version"] == "j-1"
    gateway.refuse("POST", "/models", 409, code="conflict", message="model m 1 exists already")
    assert "exists already" in fedrota("models", "import", "m.zip").err
    assert "cannot read nope.zip" in fedrota("models", "import", "nope.zip").err


@pytest.mark.parametrize("as_json", [False, True])
def test_tags(fedrota, gateway, as_json):
    flags = ("--json",) if as_json else ()
    gateway.on("PUT", f"{MODEL_PATH}/tags/good", TAG)
    gateway.on("DELETE", f"{MODEL_PATH}/tags/good", None)
    tagged = fedrota("models", "tag", *NAMED, "good", *flags)
    listed = fedrota("models", "tags", *flags)
    taken = fedrota("models", "untag", *NAMED, "good", *flags)
    assert gateway.last.method == "DELETE"
    if as_json:
        assert (tagged.json["name"], listed.json["items"][0]["name"], taken.json["untagged"]) == ("good",) * 3
    else:
        assert tagged.out == "tagged guest-9999#model j-1 as good\n"
        assert listed.out.splitlines()[1].split()[0] == "good"
        assert taken.out == "took the tag good from guest-9999#model j-1\n"


def test_rm(fedrota, gateway):
    gateway.on("DELETE", MODEL_PATH, None)
    assert fedrota("models", "rm", *NAMED).out == "deleted guest-9999#model j-1\n"
    assert fedrota("models", "rm", *NAMED, "--json").json == {"deleted": NAMED[0], "version": "j-1"}
