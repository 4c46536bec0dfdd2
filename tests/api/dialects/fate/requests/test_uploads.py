import json
from urllib.parse import quote

import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.uploads import IfThere, parse_query, parse_upload
from scheduler.domain.errors import FedrotaError

CONF = {"namespace": "n", "table_name": "t", "head": 1, "partition": 8}


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("a=1&b=two%20words&c=", {"a": "1", "b": "two words", "c": ""}),
        (quote(json.dumps({"a": 1, "b": "x&y=z+%"})), {"a": 1, "b": "x&y=z+%"}),
        ('{"a":%201}', {"a": 1}),
        ("", {}),
    ],
)
def test_a_query_string_in_both_forms(raw, found):
    assert parse_query(raw) == found


@pytest.mark.parametrize("raw", ["%7Bnot", quote('{"a":' * 60 + "1" + "}" * 60), "{" + "%ff", "a=1&" * 101])
def test_a_query_string_that_cannot_be_read(raw):
    with pytest.raises(FedrotaError):
        parse_query(raw)


@pytest.mark.parametrize(
    ("drop", "in_json", "in_form"),
    [
        (None, "refuse", "refuse"),
        (0, "refuse", "refuse"),
        ("0", "refuse", "append"),
        (1, "replace", "replace"),
        ("1", "replace", "replace"),
        (True, "replace", "replace"),
        (2, "refuse", "refuse"),
        ("2", "refuse", "refuse"),
        ([1], "refuse", "refuse"),
        ("delete", "refuse", "refuse"),
    ],
)
def test_only_what_clearly_asks_for_it_touches_a_table(drop, in_json, in_form):
    members = {**CONF, "drop": drop}
    assert parse_upload(members).if_there == IfThere(in_json)
    assert parse_upload(members, is_form=True).if_there == IfThere(in_form)


def test_what_the_party_is_told():
    upload = parse_upload({**CONF, "head": "0", "id_delimiter": "\\t", "extend_sid": 1, "auto_increasing_sid": "true"})
    assert upload.args["csv"] == {
        "delimiter": "\t", "header": False, "columns": [], "row_id": "extend_sid", "counts": True, "first_is_id": True,
    }  # fmt: skip
    assert (upload.args["replace"], upload.args["append"]) == (False, False)


@pytest.mark.parametrize(
    ("schema", "columns"),
    [
        ({"sid": "id", "header": "a,b"}, ("id", "a", "b")),
        ({"sid": "id", "header": ["a", " b "]}, ("id", "a", "b")),
        ({"header": "a,b"}, ("a", "b")),
        ({}, ()),
    ],
)
def test_a_schema_names_the_columns_of_a_file_without_a_header(schema, columns):
    assert parse_upload({**CONF, "head": 0, "schema": schema}).columns == columns
    assert parse_upload({**CONF, "schema": schema}).columns == ()


def test_meta_counts_only_with_with_meta():
    meta = {"delimiter": ";", "label_name": "y"}
    assert parse_upload({**CONF, "meta": meta}).delimiter == ","
    upload = parse_upload({**CONF, "meta": json.dumps(meta), "with_meta": "true"})
    assert (upload.delimiter, upload.args["label_column"], upload.facts["meta"]) == (";", "y", meta)


def test_row_ids_are_counted_only_where_there_are_any():
    assert not parse_upload({**CONF, "auto_increasing_sid": True}).counts_sid


@pytest.mark.parametrize("name", ["head", "partition", "namespace", "table_name"])
def test_what_an_upload_needs(name):
    with pytest.raises(FateError, match=name):
        parse_upload({**CONF, name: None})


def test_a_file_at_the_party_must_be_named():
    with pytest.raises(FateError, match="file"):
        parse_upload(CONF, lies_there=True)
