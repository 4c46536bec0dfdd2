"""Makes the sample tables: the breast cancer set that scikit-learn ships, split over parties in two ways.

By samples: breast_train and breast_test of three parties, with the same columns. By features: breast_vertical_train
and breast_vertical_test of two, whose samples overlap; the guest 9999 has the labels.

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
GUEST_FEATURES = 10
ONLY_HERE = 0.06
"""Share of the samples that one of the two vertical parties lacks."""


def main(folder: Path) -> None:
    """Write each party's tables below `folder`."""
    for party, table, rows in (*make_tables(), *make_vertical_tables()):
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


def make_vertical_tables() -> Iterator[tuple[str, str, list[Sequence[Any]]]]:
    """Party, table name and rows (header first) of the split by features.

    Guest 9999: id, y, x0 ... x9; host 10000: id, x10 ... x29. Each lacks some samples that the other has, and has
    its rows in an order of its own.
    """
    from sklearn.datasets import load_breast_cancer

    samples, labels = load_breast_cancer(return_X_y=True)
    order = list(range(len(labels)))
    random.Random(SEED).shuffle(order)
    tests = round(TEST_SHARE * len(order))
    for table, part in (("breast_vertical_test", order[:tests]), ("breast_vertical_train", order[tests:])):
        lacking = round(ONLY_HERE * len(part))
        for party, mine, columns in (
            ("9999", part[lacking:], range(GUEST_FEATURES)),
            ("10000", part[:-lacking], range(GUEST_FEATURES, samples.shape[1])),
        ):
            is_guest = party == "9999"
            header = ["id", *(["y"] if is_guest else []), *(f"x{number}" for number in columns)]
            mixed = random.Random(f"{SEED}{party}").sample(mine, len(mine))
            rows = [
                [
                    f"sample-{number}",
                    *([int(labels[number])] if is_guest else []),
                    *(f"{samples[number][column]:.6g}" for column in columns),
                ]
                for number in mixed
            ]
            yield party, table, [header, *rows]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
