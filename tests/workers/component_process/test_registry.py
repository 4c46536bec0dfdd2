import subprocess
import sys
import textwrap

import pytest

from workers.component_process import registry


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence (broken.py, line 1)"),
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("import os; os._exit(5)", "its import ended the process (status 5)"),
        ("import sys; sys.exit('bye')", "SystemExit: bye"),
        ("def (", "SyntaxError"),
        (
            "import threading, time; threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
            "starts threads",
        ),
    ],
)
def test_a_broken_module_is_left_out_with_the_reason(tmp_path, source, reason):
    file = tmp_path / "broken.py"
    file.write_text(source)
    assert reason in registry.try_import(str(file))


def test_an_import_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "TRIAL_S", 0.3)
    file = tmp_path / "slow.py"
    file.write_text("import time; time.sleep(60)")
    assert "did not end" in registry.try_import(str(file))


def test_our_own_modules_need_no_trial(repository):
    """They start no threads, and so they are loaded once."""
    program = (
        "import sys, threading; from workers.component_process import registry; "
        "registry.try_import = lambda *tried: sys.exit(f'{tried} tried'); found = registry.load_catalogue([]); "
        "sys.exit(str(found.broken or threading.enumerate()[1:] or '') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_module_of_ours_that_lacks_its_library_is_left_out_with_the_reason(monkeypatch):
    monkeypatch.setattr(registry, "MODULES", ("workers.components.noop", "workers.components.nothing"))
    found = registry.load_catalogue([])
    assert list(found.found) == ["noop"]
    assert "No module named 'workers.components.nothing'" in found.broken["workers.components.nothing"]


def test_a_trial_whose_zygote_was_killed_ends_without_a_traceback(repository):
    program = (
        "import os; from workers.component_process.registry import _run_trial; ends = os.pipe(); os.close(ends[0]); "
    )
    argv = [sys.executable, "-c", program + "_run_trial([], ends[1])"]
    done = subprocess.run(argv, cwd=repository, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_catalogue_holds_the_good_and_names_the_bad(make_workshop, tmp_path):
    good, twin, empty = (tmp_path / f"{name}.py" for name in ("good", "twin", "empty"))
    good.write_text(
        textwrap.dedent("""
            import config_of_mine
            from fedrota.component import component

            @component("mine", params={"x": {"type": "integer"}}, outputs={"model": "model"}, roles=["guest"])
            def mine(ctx):
                "Does my thing.\\n\\nMore words."
        """)
    )
    (tmp_path / "config_of_mine.py").write_text("")
    twin.write_text("from fedrota.component import component\n@component('mine')\ndef other(ctx): pass\n")
    empty.write_text("")
    workshop = make_workshop(modules=[str(good), str(twin), str(empty), "no.such.module"])
    offering = workshop.nursery.offering
    mine = offering.components["mine"]
    assert mine["summary"] == "Does my thing."
    assert (mine["roles"], mine["outputs"], mine["reusable"]) == (["guest"], {"model": "model"}, False)
    assert mine["params"]["required"] == ["x"]
    assert "noop" in offering.components
    assert set(offering.broken) == {"twin:mine", "empty", "no.such.module"}
    assert "is in good already" in offering.broken["twin:mine"]
    assert "@component" in offering.broken["empty"]


def test_a_module_named_in_the_settings_finds_its_own_neighbours_not_ours(make_workshop, tmp_path):
    (tmp_path / "config.py").write_text("WHOSE = 'mine'")
    file = tmp_path / "neighbourly.py"
    file.write_text(
        "import config\nfrom fedrota.component import component\n"
        "@component('whose')\ndef whose(ctx): print(config.WHOSE)\n"
    )
    workshop = make_workshop(modules=[str(file)])
    run = workshop.run("whose")
    run.sink.wait()
    assert run.log == "mine\n"
