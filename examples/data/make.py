"""Makes the sample tables: the breast cancer set that scikit-learn ships, its samples split over three parties.

Run it from the tree: `python examples/data/make.py`. It gives the same files every time.
"""

import csv
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

PARTIES = ("9999", "10000", "10001")
TEST_SHARE = 0.2
SEED = 3


def main(folder: Path) -> None:
    """Write breast_train.csv and breast_test.csv of each party below `folder`."""
    for party, table, rows in make_tables():
        target = folder / party / f"{table}.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        print(f"{target}: {len(rows) - 1} rows")


def make_tables() -> Iterator[tuple[str, str, list[Sequence[Any]]]]:
    """Party, table name and rows (header first) of each table.

    Columns: id (number of the sample in the set), y (1 benign, 0 malignant), x0 ... x29 as measured.
    """
    from sklearn.datasets import load_breast_cancer

    samples, labels = load_breast_cancer(return_X_y=True)
    header = ["id", "y", *(f"x{number}" for number in range(samples.shape[1]))]
    order = list(range(len(labels)))
    random.Random(SEED).shuffle(order)
    for place, party in enumerate(PARTIES):
        mine = order[place :: len(PARTIES)]
        rows = [[number, int(labels[number]), *(f"{value:.6g}" for value in samples[number])] for number in mine]
        tests = round(TEST_SHARE * len(rows))
        yield party, "breast_train", [header, *rows[tests:]]
        yield party, "breast_test", [header, *rows[:tests]]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
