"""Reading job documents and changing them before they are sent."""

from pathlib import Path

import pytest

from fedrota.document import find_line, parse_document, read_document, set_param
from fedrota.errors import InvalidError

TEXT = """\
name: x
parties: {guest: [9999]}
steps:
  - name: read
    component: reader
  - name: lr
    component: homo_lr
    params:
      rounds: 10
      from: 2026-01-02
"""


def test_yaml_text_path_and_mapping_give_the_same(tmp_path):
    path = tmp_path / "job.yaml"
    path.write_text(TEXT)
    assert read_document(TEXT) == read_document(path) == read_document(str(path)) == read_document(read_document(TEXT))


def test_json_is_yaml_too(tmp_path):
    path = tmp_path / "job.json"
    path.write_text('{"name": "x", "steps": []}')
    assert read_document(path) == {"name": "x", "steps": []}


def test_on_is_a_word_where_it_is_a_key():
    assert parse_document("retry: {on: [lost]}\nyes: on\n") == {"retry": {"on": ["lost"]}, "yes": True}


def test_dates_stay_text():
    assert parse_document(TEXT)["steps"][1]["params"]["from"] == "2026-01-02"


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("name: x\nname: y\n", "document:2:1", "stands twice"),
        ("name: x\n---\nname: y\n", "document:2:1", "a second document begins"),
        ("a: [1,\nb: 2", "document:2:5", "expected"),
        ("", "document", "is empty"),
        ("- a\n", "document", "is a list"),
        ("a: {b: [1, .nan]}", "a.b.1", "no JSON number"),
        ("a: !!binary aGk=", "a", "a bytes cannot be sent as JSON"),
        ("a: !!python/object:os.system {}", "document:1:4", "could not determine a constructor"),
        ("a: 2\x00", "document", "is not YAML"),
        ("a: !!bool maybe", "document", "is not YAML"),
        ('a: !!int ""', "document", "is not YAML"),
        ("a: !!timestamp x", "document", "is not YAML"),
        ("a: !!set [1]", "document", "is not YAML"),
    ],
)
def test_bad_text_is_refused_with_its_place(text, where, message):
    with pytest.raises(InvalidError, match=message) as caught:
        parse_document(text)
    assert caught.value.problems[0].where == where


def test_deep_nesting_is_an_error_and_no_crash():
    with pytest.raises(InvalidError, match="is not YAML"):
        parse_document("[" * 100_000)


def test_bad_files_are_named(tmp_path):
    with pytest.raises(InvalidError, match=r"nope.yaml: cannot be read: No such file"):
        read_document(Path("nope.yaml"))
    path = tmp_path / "job.yaml"
    path.write_bytes(b"name: \xff")
    with pytest.raises(InvalidError, match=r"is not UTF-8 text \(byte 6\)"):
        read_document(path)


def test_merge_keys_still_work():
    text = "base: &b {x: 1}\nsteps: [{<<: *b, y: 2}]"
    assert parse_document(text)["steps"] == [{"x": 1, "y": 2}]


def test_set_param_changes_a_copy():
    document = parse_document(TEXT)
    changed = set_param(document, "lr.rounds=20")
    changed = set_param(changed, "read.opts.sep=';'")
    assert changed["steps"][1]["params"]["rounds"] == 20
    assert changed["steps"][0]["params"] == {"opts": {"sep": ";"}}
    assert document["steps"][1]["params"]["rounds"] == 10


def test_set_param_fills_what_is_empty():
    document = parse_document("steps:\n- name: a\n  params:\n- name: b\n  params:\n    opts:\n")
    changed = set_param(set_param(document, "a.x=1"), "b.opts.sep=2")
    assert [step["params"] for step in changed["steps"]] == [{"x": 1}, {"opts": {"sep": 2}}]


def test_set_param_changes_one_step_of_those_that_share_an_alias():
    document = parse_document("steps:\n- {name: a, params: &p {opts: {x: 1}}}\n- {name: b, params: *p}")
    changed = set_param(document, "b.opts.x=2")
    assert [step["params"]["opts"]["x"] for step in changed["steps"]] == [1, 2]


def test_set_param_says_which_value_is_no_mapping():
    with pytest.raises(InvalidError, match="params of step 'a' is a list, no mapping"):
        set_param(parse_document("steps: [{name: a, params: [1]}]"), "a.x=1")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("rounds=2", "write step.parameter=value"),
        ("lr.rounds", "write step.parameter=value"),
        ("nope.x=1", "its steps: read, lr"),
        ("lr.=1", "write step.parameter=value"),
        ("lr.x..y=1", "write step.parameter=value"),
        ("lr.rounds.x=1", "'lr.rounds' is 10, no mapping"),
        ("lr.rounds=[", "is not YAML"),
        ("lr.rounds=0x_", "is not YAML"),
        ("lr.rounds=" + "[" * 3000, "is not YAML"),
        ("lr.rounds=!!bool maybe", "is not YAML"),
        ("lr.rounds=.inf", "no JSON number"),
    ],
)
def test_bad_setting_is_refused(setting, message):
    with pytest.raises(InvalidError, match=message):
        set_param(parse_document(TEXT), setting)


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("name", 1),
        ("steps.1.params.rounds", 9),
        ("steps.1.params.nope", 8),
        ("steps.0", 4),
        ("steps.7.x", 3),
        ("nope", None),
    ],
)
def test_find_line_goes_as_deep_as_the_text_does(where, line):
    assert find_line(TEXT, where) == line


def test_find_line_in_broken_text_finds_nothing():
    assert find_line("a: [", "a") is None


@pytest.mark.parametrize("text", ["name: &a [*a]", "name: &a {b: *a}", "name: x\nsteps: &a [{needs: *a}]"])
def test_what_holds_itself_is_an_error_and_no_crash(text):
    with pytest.raises(InvalidError, match="lies deeper than 32 levels"):
        parse_document(text)


@pytest.mark.parametrize("text", ["? [a]\n: b", "name: {? [a, b] : c}", "? {a: b}\n: c"])
def test_a_key_that_is_no_text_is_an_error_with_its_place(text):
    with pytest.raises(InvalidError, match="a key is no plain text") as refused:
        parse_document(text, "job.yaml")
    assert refused.value.problems[0].where.startswith("job.yaml:1:")
