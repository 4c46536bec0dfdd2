"""`fedrota output`."""

import hashlib
import json

import pytest
from aiohttp import web

from fedrota.cli.outputs import choose_output


def test_list_shows_where_each_lies(fedrota):
    out = fedrota("output", "ls", "j-1", "--step", "lr").out
    assert "guest 9999" in out
    assert "rounds 2" in out
    assert "fedrota output get j-1 model --step lr --party 10000" in out


def test_get_writes_a_checked_file(fedrota, tmp_path):
    found = fedrota("output", "get", "j-1", "model", "--party", "9999", "-o", "m.bin")
    assert found.out == "wrote m.bin (5 B)\n"
    assert (tmp_path / "m.bin").read_bytes() == b"hello"
    assert fedrota("output", "get", "j-1", "model", "--party", "9999").out == "wrote model (5 B)\n"


def test_get_says_in_json_what_it_wrote(fedrota, tmp_path):
    words = ("output", "get", "j-1", "model", "--party", "9999", "--json")
    written = json.loads(fedrota(*words, "-o", "m.bin").out)
    assert (written["path"], written["size"], written["task"], written["name"]) == ("m.bin", 5, "t-guest", "model")
    assert written["sha256"] == hashlib.sha256((tmp_path / "m.bin").read_bytes()).hexdigest()
    found = fedrota(*words, "-o", "-")
    assert (found.code, found.out) == (2, "")


def test_get_replaces_nothing_that_nobody_named(fedrota, tmp_path):
    (tmp_path / "model").write_text("another party's")
    found = fedrota("output", "get", "j-1", "model", "--party", "9999")
    assert (found.code, "model is there already: name another file with -o, or add --force" in found.err) == (2, True)
    assert (tmp_path / "model").read_text() == "another party's"
    assert fedrota("output", "get", "j-1", "model", "--party", "9999", "--force").out == "wrote model (5 B)\n"
    assert fedrota("output", "get", "j-1", "model", "--party", "9999", "-o", "model").out == "wrote model (5 B)\n"


def test_get_to_standard_output(fedrota):
    assert fedrota("output", "get", "j-1", "model", "--party", "9999", "-o", "-").out == "hello"


def test_nothing_of_a_damaged_output_is_passed_on(fedrota, gateway):
    gateway.on("GET", "/tasks/t-guest/outputs/model", lambda _: web.Response(body=b"jello"))
    found = fedrota("output", "get", "j-1", "model", "--party", "9999", "-o", "-")
    assert (found.code, found.out) == (4, "")
    assert "damaged" in found.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model"], "2 outputs are called 'model'; say which one you mean:\n  --step lr --party 9999"),
        (["nope"], "job j-1 has no such output 'nope'; its outputs: model"),
        (["model", "--party", "7"], "has no such output"),
    ],
)
def test_unclear_output_lists_the_choices(fedrota, words, message):
    found = fedrota("output", "get", "j-1", *words)
    assert found.code == 2
    assert message in found.err


def test_the_last_attempt_is_meant(client, gateway):
    page = gateway.answers["GET", "/jobs/j-1/outputs"][1]
    page["items"] = [page["items"][0] | {"attempt": 2, "task": "t-2"}, page["items"][0]]
    assert choose_output(client, "j-1", "model").task == "t-2"


def test_preview(fedrota):
    out = fedrota("output", "preview", "j-1", "model", "--party", "9999").out
    assert out.splitlines()[-1] == "2 of 9 rows"
