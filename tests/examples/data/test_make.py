import csv
import importlib.util
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "examples" / "data"


@pytest.fixture
def make():
    spec = importlib.util.spec_from_file_location("examples_data_make", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_files_in_the_tree_are_what_the_script_makes(make, tmp_path):
    make.main(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.csv")}
    kept = {path.relative_to(FOLDER): path.read_bytes() for path in FOLDER.rglob("*.csv")}
    assert made == kept


def test_every_sample_is_at_exactly_one_party_and_every_table_has_both_labels(make):
    seen = []
    for party in make.PARTIES:
        for table in ("breast_train", "breast_test"):
            with (FOLDER / party / f"{table}.csv").open() as file:
                rows = list(csv.DictReader(file))
            assert list(rows[0]) == ["id", "y", *(f"x{number}" for number in range(30))]
            assert {row["y"] for row in rows} == {"0", "1"}
            seen += [row["id"] for row in rows]
    assert sorted(map(int, seen)) == list(range(569))
