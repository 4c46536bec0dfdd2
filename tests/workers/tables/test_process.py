import pytest

from scheduler.domain.errors import FedrotaError, InvalidDocumentError
from workers.tables import process
from workers.tables.process import run_convert, run_preview


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,y\n1,0\n")
    with path.open("rb") as file:
        yield file


def test_a_process_of_its_own_does_the_work(csv, tmp_path):
    facts = run_convert(csv, tmp_path / "out", form="csv", id_column="id", label_column="y")
    assert (facts["rows"], facts["id_column"], facts["label_column"]) == (1, "id", "y")
    assert run_preview(csv, offset=0, limit=5) == {"columns": ["id", "y"], "rows": [["1", "0"]], "total": 1}


def test_the_usual_columns_may_be_absent_and_others_not(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    with path.open("rb") as file:
        facts = run_convert(file, tmp_path / "out", form="csv", id_column="id", label_column="y")
        assert (facts["id_column"], facts["label_column"]) == ("", "")
        with pytest.raises(InvalidDocumentError, match="label_column: there is no column 'target'"):
            run_convert(file, tmp_path / "out", form="csv", id_column="id", label_column="target")


def test_a_process_that_dies_is_an_error_with_its_last_words(csv, tmp_path):
    with pytest.raises(FedrotaError, match="could not be read: .*No such file"):
        run_convert(csv, tmp_path / "absent" / "out", form="csv", id_column="", label_column="")


def test_a_process_that_hangs_is_given_up(csv, monkeypatch):
    monkeypatch.setattr(process, "PREVIEW_TIMEOUT_S", 0.01)
    with pytest.raises(FedrotaError, match=r"within 0\.01 s"):
        run_preview(csv, offset=0, limit=5)
