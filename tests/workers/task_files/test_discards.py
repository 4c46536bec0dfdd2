import pytest

from scheduler.domain.errors import InvalidDocumentError
from workers.task_files.discards import MAX_OUTPUTS, make_discard_ops
from workers.workdir import Workdir


@pytest.fixture
def workdir(tmp_path):
    workdir = Workdir(tmp_path, "9999")
    workdir.prepare()
    for seq, name in ((1, "data"), (2, "data"), (2, "model")):
        path = workdir.output("t1", seq, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return workdir


def drop(workdir, *outputs):
    given = [dict(zip(("task", "seq", "name"), each, strict=True)) for each in outputs]
    return make_discard_ops(workdir)["output.drop"]({"outputs": given}, iter(())).result["dropped"]


def list_left(workdir):
    return sorted(str(path.relative_to(workdir.root / "outputs")) for path in workdir.root.glob("outputs/*/*/*"))


def test_only_what_is_named_goes(workdir):
    assert drop(workdir, ("t1", 1, "data"), ("t1", 2, "data"), ("t1", 3, "data"), ("t9", 1, "x"), ("t1", 1, "y")) == 2
    assert list_left(workdir) == ["t1/2/model"]


def test_an_output_that_is_a_folder_goes_whole(workdir):
    folder = workdir.output("t1", 2, "folder")
    (folder / "below").mkdir(parents=True)
    assert drop(workdir, ("t1", 2, "folder")) == 1
    assert not folder.exists()


def test_no_link_leads_to_what_is_deleted(workdir, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    workdir.output("t1", 2, "link").symlink_to(outside)
    (workdir.root / "outputs" / "t2").symlink_to(outside.parent)
    workdir.outputs("t1", 5).symlink_to(outside)
    assert drop(workdir, ("t1", 2, "link"), ("t1", 5, "kept")) == 1
    assert (outside / "kept").read_text() == "x"


@pytest.mark.parametrize(
    "outputs",
    [
        None,
        "x",
        [1],
        [{"task": "../t1", "seq": 1, "name": "data"}],
        [{"task": "t1", "seq": -1, "name": "data"}],
        [{"task": "t1", "seq": 1, "name": "../data"}],
        [{"task": "t1", "seq": 1, "name": "data"}] * (MAX_OUTPUTS + 1),
    ],
)
def test_wrong_arguments_delete_nothing(workdir, outputs):
    before = list_left(workdir)
    with pytest.raises(InvalidDocumentError):
        make_discard_ops(workdir)["output.drop"]({"outputs": outputs}, iter(()))
    assert list_left(workdir) == before


def drop_tasks(workdir, *tasks):
    return make_discard_ops(workdir)["task.drop"]({"tasks": list(tasks)}, iter(())).result["dropped"]


def test_all_that_a_task_left_goes_and_nothing_of_others(workdir, tmp_path):
    for task in ("t1", "t2"):
        log = workdir.log(task, 1)
        log.parent.mkdir(parents=True)
        log.write_text("words")
    outside = tmp_path / "outside"
    outside.mkdir()
    (workdir.root / "outputs" / "t3").symlink_to(outside)
    assert drop_tasks(workdir, "t1", "t3", "t9") == 3
    assert list_left(workdir) == []
    assert [path.name for path in (workdir.root / "logs").iterdir()] == ["t2"]
    assert outside.is_dir()
    assert drop_tasks(workdir, "t1") == 0


@pytest.mark.parametrize("tasks", [None, "t1", [1], ["../t1"], ["t1"] * (MAX_OUTPUTS + 1)])
def test_tasks_that_are_none_are_refused(workdir, tasks):
    with pytest.raises(InvalidDocumentError):
        make_discard_ops(workdir)["task.drop"]({"tasks": tasks}, iter(()))
    assert len(list_left(workdir)) == 3
