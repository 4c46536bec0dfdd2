import os
import zipfile

from workers.flare.pack import find_last_error, pack_folder


def test_plain_files_are_packed_and_nothing_else(tmp_path):
    folder = tmp_path / "site"
    for path in ("run/models/server.npy", "startup/client.key", "log.txt"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
    (folder / "run" / "link").symlink_to("/etc/passwd")
    pack_folder(folder, tmp_path / "out" / "workspace", without=frozenset({"startup"}))
    with zipfile.ZipFile(tmp_path / "out" / "workspace") as archive:
        assert sorted(archive.namelist()) == ["log.txt", "run/models/server.npy"]
        assert archive.read("log.txt") == b"log.txt"


def test_the_last_error_of_the_newest_log_counts(tmp_path):
    line = "2026-11-21 16:07:22,277 - {} - ERROR - [identity=server] - {}\n"
    for number, (name, said) in enumerate((("old", "first"), ("new", "second")), start=1):
        log = tmp_path / name / "error_log.txt"
        log.parent.mkdir()
        log.write_text(line.format("Adapter", "before") + line.format("ServerRunner", said) + "Traceback\n")
        os.utime(log, (number, number))
    assert find_last_error(tmp_path) == "second"


def test_that_somebody_is_gone_is_no_reason(tmp_path):
    line = "2026-11-21 16:07:22,277 - {} - ERROR - [identity=server] - {}\n"
    log = tmp_path / "error_log.txt"
    log.write_text(line.format("ServerRunner", "the model is broken") + line.format("CoreCell", "cannot send to j1"))
    assert find_last_error(tmp_path) == "the model is broken"


def test_without_errors_there_is_no_last_one(tmp_path):
    (tmp_path / "error_log.txt").write_text("nothing of note\n")
    assert find_last_error(tmp_path) == ""
