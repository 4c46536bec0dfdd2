import json
import os

import pyarrow
import pyarrow.parquet
import pytest

from scheduler.domain.errors import InvalidDocumentError, NotFoundError
from workers.task_files.reads import make_read_ops
from workers.workdir import Workdir


@pytest.fixture
def workdir(tmp_path):
    workdir = Workdir(tmp_path, "9999")
    workdir.prepare()
    for seq, text in ((2, "older"), (10, "0123456789")):
        workdir.log("t1", seq).parent.mkdir(exist_ok=True)
        workdir.log("t1", seq).write_text(text)
    workdir.outputs("t1", 2).mkdir(parents=True)
    return workdir


@pytest.fixture
def ops(workdir):
    return make_read_ops(workdir)


def read(ops, op, **args):
    answer = ops[op](args, iter(()))
    return answer.result, b"".join(answer.body or ())


@pytest.mark.parametrize(
    ("args", "offset", "content"),
    [
        ({}, 0, b"0123456789"),
        ({"offset": 4}, 4, b"456789"),
        ({"offset": 4, "limit": 2}, 4, b"45"),
        ({"offset": -3}, 7, b"789"),
        ({"offset": -100}, 0, b"0123456789"),
        ({"offset": 50}, 10, b""),
        ({"limit": 0}, 0, b""),
    ],
)
def test_a_range_of_the_latest_log(ops, args, offset, content):
    assert read(ops, "log.read", task="t1", **args) == ({"seq": 10, "size": 10, "offset": offset}, content)


def test_the_log_of_a_given_dispatch(ops):
    assert read(ops, "log.read", task="t1", seq=2) == ({"seq": 2, "size": 5, "offset": 0}, b"older")


def test_a_task_that_printed_nothing_has_an_empty_log(ops):
    assert read(ops, "log.read", task="t9") == ({"seq": 0, "size": 0, "offset": 0}, b"")


@pytest.mark.parametrize("args", [{"task": "../t1"}, {"task": "t1", "offset": "x"}, {"task": "t1", "limit": -1}, {}])
def test_wrong_arguments_are_named(ops, args):
    with pytest.raises(InvalidDocumentError):
        read(ops, "log.read", **args)


def test_an_output_is_read_whole(ops, workdir):
    content = os.urandom(700_000)
    workdir.output("t1", 2, "model").write_bytes(content)
    assert read(ops, "output.read", task="t1", seq=2, name="model") == ({"size": 700_000}, content)


def test_links_pipes_and_folders_that_a_task_left_are_no_outputs(ops, workdir, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    folder = workdir.outputs("t1", 2)
    (folder / "link").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    workdir.outputs("t2", 1).parent.mkdir()
    workdir.outputs("t2", 1).symlink_to(tmp_path)
    for task, seq, name in (("t1", 2, "link"), ("t1", 2, "pipe"), ("t1", 2, "folder"), ("t2", 1, "secret")):
        with pytest.raises(NotFoundError):
            read(ops, "output.read", task=task, seq=seq, name=name)


def test_previews_of_parquet_csv_and_json(ops, workdir):
    folder = workdir.outputs("t1", 2)
    pyarrow.parquet.write_table(pyarrow.table({"a": list(range(10))}), folder / "p", row_group_size=3)
    (folder / "c").write_text("a,b\n1,2\n3,4\n")
    (folder / "j").write_text(json.dumps([{"a": 1}, {"a": 2, "b": [3]}]))
    (folder / "o").write_text(json.dumps({"auc": 0.5}))
    (folder / "x").write_bytes(b"\0\1\2")

    def preview(name, **args):
        return read(ops, "output.preview", task="t1", seq=2, name=name, **args)[0]

    assert preview("p", offset=2, limit=5) == {"columns": ["a"], "rows": [[2], [3], [4], [5], [6]], "total": 10}
    assert preview("c") == {"columns": ["a", "b"], "rows": [["1", "2"], ["3", "4"]], "total": 2}
    assert preview("c", offset=1, limit=1)["rows"] == [["3", "4"]]
    assert preview("j") == {"columns": ["a", "b"], "rows": [[1, None], [2, "[3]"]], "total": 2}
    assert preview("o") == {"columns": ["key", "value"], "rows": [["auc", 0.5]], "total": 1}
    with pytest.raises(InvalidDocumentError, match="no preview of binary files"):
        preview("x")
