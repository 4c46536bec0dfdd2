from tests.sharing import rank, unit


def test_the_files_that_use_one_system_stay_together_and_others_go_alone():
    assert unit("tests/contract/dialects/fate/test_cli.py::test_a[1.5.0]") == "tests/contract/dialects/fate"
    assert unit("tests/e2e/test_fate_jobs.py::test_a") == unit("tests/e2e/test_fate_tables.py::test_a")
    assert unit("tests/e2e/test_up.py::test_a") == "tests/e2e/test_up.py"


def test_what_lasts_long_begins_first():
    paths = ["tests/api/test_app.py::a", "tests/e2e/test_up.py::a", "tests/faults/test_system.py::a"]
    assert sorted(paths, key=rank) == paths[::-1]


def test_every_place_named_as_long_is_there(repository):
    from tests.sharing import FATE, LONG, TOGETHER

    for place in (*LONG, TOGETHER, FATE):
        assert list(repository.glob(f"{place.rstrip('/')}*")), place
