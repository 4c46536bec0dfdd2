import sys


def test_a_command_runs_in_its_folder_with_a_clean_environment(workshop, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_WORKER", "1")
    run = workshop.command(
        "sh",
        "-c",
        'pwd; echo "$HOME"; env | cut -d= -f1 | sort | tr "\\n" " "; echo; cat $FEDROTA_PARAMS',
        params={"a": 1},
    )
    assert run.sink.wait().outcome == "success"
    folder, home, names, params = run.log.splitlines()
    assert folder == home == str(run.place.workdir)
    assert params == '{"a":1}'
    assert set(names.split()) <= {
        "PATH", "HOME", "LANG", "PWD", "SHLVL", "_", "OLDPWD",
        "FEDROTA_PARTY", "FEDROTA_ROLE", "FEDROTA_JOB", "FEDROTA_STEP", "FEDROTA_TASK", "FEDROTA_SEQ", "FEDROTA_ATTEMPT",
        "FEDROTA_WORKDIR", "FEDROTA_DATA", "FEDROTA_OUTPUT_DIR", "FEDROTA_METRICS", "FEDROTA_PARAMS", "FEDROTA_INPUTS",
        "FEDROTA_SITE",
    }  # fmt: skip


def test_a_python_command_does_not_find_our_packages(workshop):
    code = "import importlib.util as u; print([n for n in ('config', 'workers', 'scheduler') if u.find_spec(n)])"
    run = workshop.command(sys.executable, "-c", code)
    run.sink.wait()
    assert run.log == "[]\n"


def test_placeholders_fill_arguments_and_never_a_shell_line(workshop, tmp_path):
    (tmp_path / "in").write_text("x")
    run = workshop.command(
        "printf", "%s|", "{party}-{role}", "{param.text}", "{param.n}", "{param.list}", "{input.data}", "{ print $1 }", "{other}",
        params={"text": "a b; rm -rf $HOME `id`", "n": 3, "list": [1, "x"]},
        inputs={"data": tmp_path / "in"},
    )  # fmt: skip
    run.sink.wait()
    assert run.log.split("|")[:-1] == [
        "9999-guest", "a b; rm -rf $HOME `id`", "3", '[1,"x"]', str(tmp_path / "in"), "{ print $1 }", "{other}",
    ]  # fmt: skip
