import datetime
import json

import pyarrow
import pyarrow.parquet
import pytest

from workers.tables.csv_checks import TableError
from workers.tables.preview import MAX_BYTES, render_preview


def preview(path, offset=0, limit=20):
    with path.open("rb") as file:
        return render_preview(file, {"offset": offset, "limit": limit})


def test_every_value_becomes_plain_json(tmp_path):
    day = datetime.date(2026, 1, 2)
    columns = {
        "f": [float("nan")],
        "i": [1 << 60],
        "b": [b"\1\xff"],
        "d": [day],
        "l": [[1, 2]],
        "t": ["x" * 600],
        "n": [None],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "p")
    (row,) = preview(tmp_path / "p")["rows"]
    assert row == [None, 1 << 60, "01ff", "2026-01-02", "[1, 2]", "x" * 500 + "...", None]
    json.dumps(row, allow_nan=False)


def test_wide_and_long_answers_are_cut_to_fit(tmp_path):
    table = pyarrow.table({f"c{number}": ["y" * 400] * 100 for number in range(300)})
    pyarrow.parquet.write_table(table, tmp_path / "p")
    found = preview(tmp_path / "p", limit=100)
    assert len(found["columns"]) == 200
    assert 0 < len(found["rows"]) < 100
    assert len(json.dumps(found["rows"])) <= MAX_BYTES + 1000


@pytest.mark.parametrize(("offset", "expected"), [(0, ["0", "1"]), (3, ["3"]), (9, [])])
def test_a_range_of_a_csv_and_its_total(tmp_path, offset, expected):
    (tmp_path / "c").write_text("a\n" + "".join(f"{number}\n" for number in range(4)))
    found = preview(tmp_path / "c", offset=offset, limit=2)
    assert [row[0] for row in found["rows"]] == expected
    assert found["total"] == 4


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"PAR1 broken", "no sound Parquet"), (b"\0\0", "binary"), (b"{broken", "no JSON"), (b"a\n\xff\xff\n", "no CSV")],
)
def test_what_cannot_be_shown_says_why(tmp_path, content, says):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(TableError, match=says):
        preview(tmp_path / "x")


def test_a_list_of_plain_values_has_one_column(tmp_path):
    (tmp_path / "j").write_text("[1, [2], null]")
    assert preview(tmp_path / "j") == {"columns": ["value"], "rows": [[1], ["[2]"], [None]], "total": 3}
