from api.dialects.fate.v2.requests.uploads import parse_flow_upload

META = {"label_name": "y", "match_id_name": "key", "delimiter": ";"}


def test_meta_names_the_columns_and_the_delimiter():
    given = {
        "file": "/a.csv",
        "head": "True",
        "partitions": "4",
        "meta": META,
        "namespace": "n",
        "name": "t",
        "party_id": "9",
    }
    made = parse_flow_upload({**given, "extend_sid": "True"}, lies_there=True)
    assert (made.table.args, made.party, made.partition) == ({"namespace": "n", "name": "t"}, "9", 4)
    assert made.args["id_column"] == "key"
    assert made.args["label_column"] == "y"
    assert made.args["csv"]["delimiter"] == ";"
    assert (made.extends_sid, made.if_there) == (False, "refuse")


def test_row_ids_are_made_where_no_column_is_named_and_a_name_where_none_is_given():
    made = parse_flow_upload({"file": "a", "head": True, "partitions": 1, "meta": "{}", "extend_sid": True})
    assert made.extends_sid
    assert "id_column" not in made.args
    assert made.table.namespace == "upload"
    assert len(made.table.name) > 10
