import json
import zipfile

import psutil

from workers.executors.flare_request import make_request


def give_order(folder, **changes):
    request = make_request("site-1", folder / "key")
    given = {"job": "j1", "host": "127.0.0.1", "requests": {"site-1": request}, "archive": "job.zip",
             "folder": "hello", "start_s": 6.0, "stall_s": 60.0, "output": str(folder / "outputs" / "workspace")}  # fmt: skip
    (folder / "order.json").write_text(json.dumps({**given, **changes}))
    with zipfile.ZipFile(folder / "job.zip", "w") as archive:
        archive.writestr("hello/meta.json", "{}")


def test_a_site_that_never_comes_fails_the_run_in_words_and_nothing_stays_behind(run_there, tmp_path):
    give_order(tmp_path)
    done = run_there("workers.flare.serve", tmp_path)
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert done.returncode == 1, done.stderr
    assert verdict["kind"] == "timeout"
    assert "no FLARE client of site-1 came within 6 s" in verdict["message"]
    assert (tmp_path / "kits" / "site-1.zip").is_file()
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if str(tmp_path) in line]


def test_names_that_flare_refuses_fail_the_run_before_anything_starts(run_there, tmp_path):
    give_order(tmp_path, requests={"no name": make_request("x", tmp_path / "key")})
    assert run_there("workers.flare.serve", tmp_path).returncode == 1
    assert "refuses the names" in json.loads((tmp_path / "verdict.json").read_text())["message"]
