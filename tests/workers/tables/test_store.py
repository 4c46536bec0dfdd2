import errno
import hashlib
import io
import os

import pyarrow
import pyarrow.parquet
import pytest

from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError, TooLargeError
from workers.tables.store import make_table_ops
from workers.workdir import Workdir


@pytest.fixture
def workdir(tmp_path):
    workdir = Workdir(tmp_path, "9999")
    workdir.prepare()
    return workdir


@pytest.fixture
def ops(workdir):
    return make_table_ops(workdir)


GOOD = b'id,x,name,y\n1,0.5,a,0\n2,,b,1\n3,2.5,"c,d",0\n'


def put(ops, content, name="t", **args):
    pieces = (content[start : start + 7] for start in range(0, len(content), 7))
    return ops["table.put"]({"name": name, **args}, pieces).result


def left_over(workdir):
    return [path for path in workdir.root.rglob("*") if path.is_file() and "incoming" in path.parts]


def test_a_csv_becomes_a_parquet_table_with_facts(ops, workdir):
    facts = put(ops, GOOD, id_column="id", label_column="y")
    file = workdir.table("default", "t")
    assert facts["rows"] == 3
    assert facts["columns"] == [
        {"name": "id", "type": "int64"},
        {"name": "x", "type": "double"},
        {"name": "name", "type": "string"},
        {"name": "y", "type": "int64"},
    ]
    assert (facts["id_column"], facts["label_column"]) == ("id", "y")
    assert facts["size"] == file.stat().st_size
    assert facts["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert pyarrow.parquet.read_table(file)["name"].to_pylist() == ["a", "b", "c,d"]
    assert not left_over(workdir)


def test_a_parquet_file_becomes_a_table(ops, tmp_path):
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"id": [1, 2], "v": [0.1, float("nan")]}), buffer)
    facts = put(ops, buffer.getvalue(), format="parquet", namespace="space")
    assert facts["rows"] == 2
    assert facts["namespace"] == "space"
    preview = ops["table.preview"]({"namespace": "space", "name": "t"}, iter(())).result
    assert preview == {"columns": ["id", "v"], "rows": [[1, 0.1], [2, None]], "total": 2}


@pytest.mark.parametrize(
    ("content", "where", "says"),
    [
        (b"", "file", "empty"),
        (b"  \n\n", "file", "empty"),
        (b"a,b\n", "file", "no rows"),
        (b"a,b\n1,2\n1,2,3\n", "line 3", "3 fields, but the header has 2"),
        (b'a,b\n"x\ny",2\n1\n', "line 4", "1 fields, but the header has 2"),
        (b"a,b\n1,2\n\xff\xfe,2\n", "line 3", "not UTF-8"),
        (b"a,b\n1,\xc3", "line 2", "cut off"),
        (b"a\0,b\n1,2\n", "line 1", "zero byte"),
        (b"a,a\n1,2\n", "line 1", "'a' occurs twice"),
        (b"a, a\n1,2\n", "line 1", "'a' occurs twice"),
        (b"a,,c\n1,2,3\n", "line 1", "column 2 has no name"),
        (b"a, ,c\n1,2,3\n", "line 1", "column 2 has no name"),
    ],
)
def test_a_wrong_csv_is_refused_with_its_line_and_leaves_nothing(ops, workdir, content, where, says):
    with pytest.raises(InvalidDocumentError) as wrong:
        put(ops, content)
    (problem,) = wrong.value.problems
    assert (problem.where, says in problem.message) == (where, True), problem
    assert not left_over(workdir)
    assert not workdir.table("default", "t").exists()


def test_something_else_called_parquet_is_refused(ops):
    with pytest.raises(InvalidDocumentError, match="no sound Parquet"):
        put(ops, b"PAR1 not really", format="parquet")


def test_an_unknown_id_column_is_named_with_those_there_are(ops, workdir):
    with pytest.raises(InvalidDocumentError, match="there is no column 'uid' the columns are: id, x, name, y"):
        put(ops, GOOD, id_column="uid")
    assert not workdir.table("default", "t").exists()


def test_a_second_table_of_the_name_needs_replace(ops):
    put(ops, GOOD)
    with pytest.raises(ConflictError, match="replace=true"):
        put(ops, GOOD)
    assert put(ops, b"a\n1\n", replace=True)["rows"] == 1
    assert ops["table.read_facts"]({"name": "t"}, iter(())).result["rows"] == 1


def test_a_body_that_breaks_off_leaves_nothing_and_keeps_the_old_table(ops, workdir):
    put(ops, GOOD)

    def broken():
        yield GOOD[:10]
        raise ConflictError("gone")

    with pytest.raises(ConflictError):
        ops["table.put"]({"name": "t", "replace": True}, broken())
    assert ops["table.read_facts"]({"name": "t"}, iter(())).result["rows"] == 3
    assert not left_over(workdir)


@pytest.mark.parametrize(("number", "told"), [(errno.ENOSPC, TooLargeError), (errno.EIO, OSError)])
def test_a_table_that_the_disk_does_not_take_leaves_nothing(ops, workdir, number, told):
    def pieces():
        yield GOOD[:10]
        raise OSError(number, os.strerror(number))

    with pytest.raises(told):
        ops["table.put"]({"name": "t"}, pieces())
    assert not workdir.table("default", "t").exists()
    assert not left_over(workdir)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a\0b", "x" * 200, 7])
def test_a_name_that_is_no_plain_name_is_refused(ops, name):
    with pytest.raises(InvalidDocumentError, match="name"):
        put(ops, GOOD, name=name)


def test_tables_are_listed_previewed_and_deleted(ops):
    put(ops, GOOD, name="one")
    put(ops, GOOD, name="two", namespace="b")
    listed = ops["table.list"]({}, iter(())).result
    assert [(table["namespace"], table["name"]) for table in listed["tables"]] == [("b", "two"), ("default", "one")]
    assert not listed["more"]
    after = ops["table.list"]({"after": "b/two"}, iter(())).result
    assert [table["name"] for table in after["tables"]] == ["one"]
    preview = ops["table.preview"]({"name": "one", "offset": 1, "limit": 1}, iter(())).result
    assert preview == {"columns": ["id", "x", "name", "y"], "rows": [[2, None, "b", 1]], "total": 3}
    ops["table.delete"]({"name": "one"}, iter(()))
    for op in ("table.delete", "table.read_facts", "table.preview"):
        with pytest.raises(NotFoundError, match="one"):
            ops[op]({"name": "one"}, iter(()))


@pytest.mark.parametrize(("room", "pages"), [(1, ["a", "b", "c"]), (1000, ["ab", "c"]), (2000, ["abc"])])
def test_tables_are_listed_in_pages_of_what_an_answer_holds(ops, workdir, monkeypatch, room, pages):
    monkeypatch.setattr("workers.tables.store.LIST_BYTES", room)
    for name in "abc":
        put(ops, GOOD, name=name)  # four columns: 440 bytes are counted
    found, after = [], ""
    while True:
        listed = ops["table.list"]({"after": after}, iter(())).result
        found.append("".join(table["name"] for table in listed["tables"]))
        if not listed["more"]:
            break
        after = f"default/{found[-1][-1]}"
    assert found == pages


def test_a_link_in_place_of_a_table_is_not_followed(ops, workdir, tmp_path):
    put(ops, GOOD, name="real")
    workdir.table("default", "fake").symlink_to(workdir.table("default", "real"))
    with pytest.raises(NotFoundError):
        ops["table.preview"]({"name": "fake"}, iter(()))


def test_rows_are_added_to_a_table_and_its_facts_follow(ops, workdir):
    put(ops, b"id,x\n1,0.5\n")
    facts = put(ops, b"id,x\n2,7\n", append=True)
    assert facts["rows"] == 2
    assert pyarrow.parquet.read_table(workdir.table("default", "t")).to_pydict() == {"id": [1, 2], "x": [0.5, 7.0]}
    assert put(ops, b"id\n1\n", name="new", append=True)["rows"] == 1
    with pytest.raises(InvalidDocumentError, match="are not those"):
        put(ops, b"id,z\n2,7\n", append=True)
    assert not left_over(workdir)


def test_rows_for_a_table_that_changes_meanwhile_are_not_lost_but_refused(ops, workdir):
    put(ops, b"id,x\n1,0.5\n")

    def pieces():
        yield b"id,x\n"
        put(ops, b"id,x\n5,5\n", replace=True)
        yield b"2,7\n"

    with pytest.raises(ConflictError, match="while rows came in"):
        ops["table.put"]({"name": "t", "append": True}, pieces())
    assert pyarrow.parquet.read_table(workdir.table("default", "t"))["id"].to_pylist() == [5]


def test_a_csv_may_have_no_header_and_another_delimiter(ops, workdir):
    form = {"delimiter": ";", "header": False, "columns": ["user"], "first_is_id": True}
    facts = put(ops, b"1;0.5\n2;1.5\n", csv=form)
    assert [column["name"] for column in facts["columns"]] == ["user", "x0"]
    assert facts["id_column"] == "user"
    with pytest.raises(InvalidDocumentError, match="line 2: 1 fields, but the first line has 2"):
        put(ops, b"1;0.5\n2\n", name="bad", csv=form)
    with pytest.raises(InvalidDocumentError, match="an object is needed"):
        put(ops, b"1\n", name="bad", csv="x")


def test_of_two_first_additions_at_once_none_replaces_the_other(ops):
    def come_second():
        put(ops, b"id\n1\n", append=True)
        yield b"id\n2\n"

    with pytest.raises(ConflictError, match="was changed while rows came in"):
        ops["table.put"]({"name": "t", "append": True}, come_second())
    assert ops["table.read_facts"]({"name": "t"}, iter(())).result["rows"] == 1
