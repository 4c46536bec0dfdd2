import pytest

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from workers.components.reader import reader

PARTIES = {"guest": ["9999"], "host": ["10000"]}


def test_each_party_reads_its_own_table_unchanged():
    tables = {
        "9999": {"people": {"id": ["a"], "x": [1.5]}},
        "10000": {"people": {"id": ["b", "ç"], "x": [None, 2.0]}},
    }
    run = simulate(reader, PARTIES, params={"table": "people"}, tables=tables)
    assert run["guest"].read_table("data") == {"id": ["a"], "x": [1.5]}
    assert run["host"].read_table("data") == {"id": ["b", "ç"], "x": [None, 2.0]}
    assert run["host"].outputs["data"].facts == {"rows": 2, "columns": 2}
    assert run["host"].summary == {"table": "people", "namespace": "default", "rows": 2, "columns": 2}


def test_the_output_is_a_copy_not_the_table_itself(tmp_path):
    run = simulate(reader, {"guest": ["1"]}, params={"table": "t"}, tables={"1": {"t": {"x": [1]}}}, workdir=tmp_path)
    run["guest"].output("data").write_bytes(b"")
    (source,) = tmp_path.rglob("t.parquet")
    assert source.stat().st_size > 0


def test_another_namespace_is_another_table():
    tables = {"1": {"t": {"x": [1]}, "lab/t": {"x": [1, 2]}}}
    params = {"table": "t", "namespace": "lab"}
    assert simulate(reader, {"guest": ["1"]}, params=params, tables=tables)["guest"].summary["rows"] == 2


def test_a_missing_table_is_named_with_party_what_there_is_and_how_to_upload():
    tables = {"9999": {"people": {"x": [1]}}, "10000": {"pepole": {"x": [1]}}}
    with pytest.raises(InvalidInputError) as caught:
        simulate(reader, PARTIES, params={"table": "people"}, tables=tables)
    for text in ("party 10000", "'people'", "its tables are pepole", "fedrota upload 10000 FILE --name people"):
        assert text in str(caught.value)


@pytest.mark.parametrize("params", [{}, {"table": ""}, {"table": 3}, {"table": "t", "name": "x"}])
def test_wrong_parameters_are_refused(params):
    with pytest.raises(InvalidInputError, match="component 'reader'"):
        simulate(reader, PARTIES, params=params)
