import hashlib
import os

import pytest

from workers.workdir import PathError, Workdir, check_name, seal_file, write_durably


@pytest.fixture
def workdir(tmp_path):
    made = Workdir(tmp_path, "9999")
    made.prepare()
    return made


@pytest.mark.parametrize("name", ["..", "", ".hidden", "a/b", "a\0", "-x", "ü", "a" * 129, "a\n"])
def test_a_piece_that_is_no_plain_name_is_refused_everywhere(workdir, name):
    for path in (
        lambda: workdir.work(name, 1),
        lambda: workdir.log(name, 1),
        lambda: workdir.output("t", 1, name),
        lambda: workdir.outputs(name, 1),
        lambda: workdir.table(name, "t"),
        lambda: workdir.table("n", name),
        lambda: check_name(name),
    ):
        with pytest.raises(PathError, match="plain name"):
            path()


def test_paths_lie_below_the_partys_folder(workdir, tmp_path):
    root = tmp_path / "party-9999"
    assert workdir.work("t", 2) == root / "work/t/2"
    assert workdir.log("t", 2) == root / "logs/t/2.log"
    assert workdir.output("t", 2, "model") == root / "outputs/t/2/model"
    assert workdir.table("default", "a.b") == root / "tables/default/a.b.parquet"
    assert workdir.table_facts("default", "a.b") == root / "tables/default/a.b.json"
    assert root.stat().st_mode & 0o077 == 0


def test_a_start_clears_working_folders_and_keeps_results(workdir):
    for folder in (workdir.work("t", 1), workdir.outputs("t", 1), workdir.arrival("key", "member", "step")):
        folder.mkdir(parents=True)
        (folder / "x").write_text("")
    workdir.down.write_text("")
    workdir.incoming().write_text("")
    workdir.prepare()
    assert not (workdir.root / "work").exists()
    assert not (workdir.root / "incoming").exists()
    assert not (workdir.root / "arrivals").exists()
    assert not workdir.down.exists()
    assert workdir.output("t", 1, "x").exists()


def test_dropping_removes_one_attempt_and_an_empty_parent(workdir):
    for seq in (1, 2):
        workdir.outputs("t", seq).mkdir(parents=True)
    workdir.drop_outputs("t", 1)
    assert workdir.outputs("t", 2).exists()
    workdir.drop_outputs("t", 2)
    workdir.drop_outputs("t", 3)
    assert not workdir.outputs("t", 2).parent.exists()


def test_an_attempt_has_outputs_where_a_file_lies_in_their_folder(workdir):
    assert not workdir.has_outputs("t", 1)
    workdir.outputs("t", 1).mkdir(parents=True)
    assert not workdir.has_outputs("t", 1)
    workdir.output("t", 1, "m").write_text("")
    assert workdir.has_outputs("t", 1)
    assert not workdir.has_outputs("t", 2)


def test_the_working_folder_of_one_attempt_is_dropped(workdir):
    for seq in (1, 2):
        workdir.work("t", seq).mkdir(parents=True)
    workdir.drop_work("t", 1)
    assert [path.name for path in workdir.work("t", 1).parent.iterdir()] == ["2"]


def test_an_output_is_sealed_with_its_size_and_hash(workdir):
    file = workdir.root / "output"
    file.write_bytes(b"x" * 3_000_000)
    assert seal_file(file, "m") == (3_000_000, hashlib.sha256(file.read_bytes()).hexdigest())


def test_a_link_or_a_folder_is_no_output(workdir):
    (workdir.root / "link").symlink_to(workdir.root / "secret")
    (workdir.root / "secret").write_text("")
    for name in ("link", "absent", "spool"):
        with pytest.raises(FileNotFoundError, match="output 'm'"):
            seal_file(workdir.root / name, "m")


def test_tables_are_listed_with_their_facts(workdir):
    workdir.write_facts("b", "two", {"rows": 2})
    for namespace, name in (("b", "two"), ("a", "one")):
        workdir.table(namespace, name).parent.mkdir(parents=True, exist_ok=True)
        workdir.table(namespace, name).write_text("")
    assert list(workdir.list_tables()) == [("a", "one", {}), ("b", "two", {"rows": 2})]


def test_a_durable_write_replaces_all_at_once(tmp_path):
    file = tmp_path / "f"
    write_durably(file, b"one")
    write_durably(file, b"two")
    assert file.read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_what_is_written_durably_is_on_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.append((os.readlink(f"/proc/self/fd/{handle}"), os.listdir(tmp_path)))
    )
    write_durably(tmp_path / "f", b"content")
    assert synced == [(str(tmp_path / "f.draft"), ["f.draft"]), (str(tmp_path), ["f"])]


def test_outputs_that_are_taken_away_are_gone_at_once_and_with_the_next_start(workdir):
    for seq in (1, 2):
        workdir.outputs("t", seq).mkdir(parents=True)
        workdir.output("t", seq, "m").write_text("x")
    place = workdir.take_away_outputs("t", 1)
    assert (place / "m").exists()
    assert [path.name for path in workdir.outputs("t", 1).parent.iterdir()] == ["2"]
    workdir.take_away_outputs("t", 2)
    assert list((workdir.root / "outputs").iterdir()) == []
    assert workdir.take_away_outputs("t", 2) is None
    workdir.prepare()
    assert not place.exists()
