import pytest

from api.bodies import MalformedBodyError
from api.native.yaml_documents import parse_yaml
from scheduler.domain.errors import InvalidDocumentError


def test_yaml_gives_plain_json_values():
    text = b"a: 1\nb: [x, 2.5, true, null]\nd: 2026-01-02\nt: 12:30\nm: {<<: &x {k: 1}, l: 2}\nn: *x\n"
    assert parse_yaml(text) == {
        "a": 1, "b": ["x", 2.5, True, None], "d": "2026-01-02", "t": 750, "m": {"k": 1, "l": 2}, "n": {"k": 1}
    }  # fmt: skip


def test_on_is_a_word_where_it_is_a_key():
    assert parse_yaml(b"retry: {on: [lost]}\nyes: on\n") == {"retry": {"on": ["lost"]}, "yes": True}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: [1\n", "line 2"),
        (b"a: 1\na: 2\n", "'a' stands twice"),
        (b"a: \xff", "not UTF-8"),
        (b"a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        (b"? [1, 2]\n: 3\n", "no plain text"),
        (b"a: b: c", "line 1"),
        (b"\x00", "not YAML"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text, said):
    with pytest.raises(MalformedBodyError, match=said):
        parse_yaml(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: .nan", "a: not a finite number"),
        (b"a: {b: -.inf}", "a.b: not a finite number"),
        (b"1: x", "quotes"),
        (b"a: !!binary aGk=", "bytes"),
        (b"a: !!set {x}", "set"),
        (b"a: 99999999999999999999", "64 bits"),
        (b'a: "\\0"', "NUL"),
        (b'a: "\\ud800"', "half of a character"),
        (b"a: " + b"[" * 60 + b"]" * 60, "deeper than 32"),
        (b"a: &a [*a]", "inside what it refers to"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(text, said):
    with pytest.raises(InvalidDocumentError, match=said):
        parse_yaml(text)


@pytest.mark.parametrize("form", ["[{0}]", "{{<<: [{0}]}}"])
def test_an_alias_bomb_is_refused_before_it_goes_off(form):
    lines = ["a0: &a0 {x: 1, y: 2}"]
    for number in range(1, 12):
        inner = ", ".join([f"*a{number - 1}"] * 9)
        lines.append(f"a{number}: &a{number} {form.format(inner)}")
    with pytest.raises(InvalidDocumentError, match="aliases written out"):
        parse_yaml("\n".join(lines).encode())
