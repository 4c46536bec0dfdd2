from threading import Lock

import pyarrow
import pyarrow.parquet
import pytest

from scheduler.domain.errors import ConflictError, ForbiddenError, InvalidDocumentError, NotFoundError, TooLargeError
from workers.tables.files import make_file_ops
from workers.tables.roots import Roots
from workers.tables.store import put_table
from workers.workdir import Workdir

CSV = b"id;x\n1;0.5\n2;1.5\n"


@pytest.fixture
def workdir(tmp_path):
    made = Workdir(tmp_path / "state", "9999")
    made.prepare()
    return made


@pytest.fixture
def allowed(tmp_path):
    folder = tmp_path / "allowed"
    folder.mkdir()
    return folder


@pytest.fixture
def ops(workdir, allowed):
    lock = Lock()
    found = make_file_ops(workdir, Roots((allowed,)), lambda args, body: put_table(workdir, args, body, lock=lock))
    return {name: (lambda args, op=op: op(args, iter(()))) for name, op in found.items()}


@pytest.fixture
def loaded(ops, allowed):
    (allowed / "a.csv").write_bytes(CSV)
    args = {"name": "t", "path": str(allowed / "a.csv"), "csv": {"delimiter": ";", "first_is_id": True}}
    return ops["table.load"](args).result


def test_a_body_becomes_a_file_once_and_only_where_it_may(workdir, allowed):
    save = make_file_ops(workdir, Roots((allowed,)), put_table)["file.save"]
    path = allowed / "below" / "model.zip"
    written = save({"path": str(path)}, iter((b"ab", b"c"))).result
    assert (written, path.read_bytes()) == ({"path": str(path), "size": 3}, b"abc")
    with pytest.raises(ConflictError):
        save({"path": str(path)}, iter((b"other",)))
    (allowed / "a.csv").write_bytes(b"kept")
    with pytest.raises(ConflictError, match="name another path"):
        save({"path": str(allowed / "a.csv")}, iter((b"other",)))
    with pytest.raises(ForbiddenError):
        save({"path": str(allowed.parent / "outside.zip")}, iter((b"x",)))
    assert sorted(each.name for each in allowed.rglob("*")) == ["a.csv", "below", "model.zip"]


def test_a_file_becomes_a_table(loaded, ops, allowed, workdir):
    assert (loaded["rows"], loaded["facts"]["id_column"]) == (2, "id")
    assert pyarrow.parquet.read_table(workdir.table("default", "t")).to_pydict() == {"id": [1, 2], "x": [0.5, 1.5]}
    with pytest.raises(ConflictError):
        ops["table.load"]({"name": "t", "path": str(allowed / "a.csv")})


def test_a_file_has_a_limit_and_must_be_allowed(ops, allowed):
    (allowed / "a.csv").write_bytes(CSV)
    with pytest.raises(TooLargeError, match="the limit is 5"):
        ops["table.load"]({"name": "t", "path": str(allowed / "a.csv"), "limit": 5})
    with pytest.raises(ForbiddenError):
        ops["table.load"]({"name": "t", "path": "/etc/hostname"})
    with pytest.raises(InvalidDocumentError):
        ops["table.load"]({"name": "t", "path": 7})


def test_a_table_is_saved_whole_or_not_at_all(loaded, ops, allowed):
    told = ops["table.save"]({"name": "t", "path": str(allowed / "out" / "b.csv"), "delimiter": ";"}).result
    assert (allowed / "out" / "b.csv").read_text() == "id;x\n1;0.5\n2;1.5\n"
    assert (told["rows"], told["path"]) == (2, str(allowed / "out" / "b.csv"))
    with pytest.raises(NotFoundError):
        ops["table.save"]({"name": "none", "path": str(allowed / "out" / "b.csv")})
    with pytest.raises(InvalidDocumentError):
        ops["table.save"]({"name": "t", "path": str(allowed / "out" / "b.csv"), "delimiter": "ab"})
    assert [file.name for file in (allowed / "out").iterdir()] == ["b.csv"]


def test_rows_are_streamed(loaded, ops, workdir):
    answer = ops["table.rows"]({"name": "t", "limit": 1, "header": False})
    body = b"".join(answer.body)
    assert (body, answer.result["size"], answer.result["columns"]) == (b"1,0.5\n", len(body), ["id", "x"])
    assert not list((workdir.root / "incoming").iterdir())


def test_a_table_is_copied_with_its_id(loaded, ops, workdir):
    told = ops["table.copy"]({"name": "t", "to_namespace": "n", "to_name": "c"}).result
    assert (told["rows"], told["facts"]) == (2, {"id_column": "id"})
    assert workdir.table("n", "c").exists()
    with pytest.raises(ConflictError):
        ops["table.copy"]({"name": "t", "to_namespace": "n", "to_name": "c"})


def test_outputs_of_tasks_are_read_alike(ops, workdir):
    folder = workdir.outputs("task1", 2)
    folder.mkdir(parents=True)
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), folder / "data")
    where = {"task": "task1", "seq": 2, "name": "data"}
    assert b"".join(ops["table.rows"](where).body) == b"a\n1\n"
    assert ops["table.copy"]({**where, "to_name": "kept"}).result["rows"] == 1
    with pytest.raises(NotFoundError):
        ops["table.rows"]({**where, "seq": 1})
