"""An iFLearner trainer: logistic regression in numpy on one party's CSV file; runs with iflearner 0.1.0."""

import csv
import os
import random
from pathlib import Path
from typing import Any

import numpy as np

# iflearner 0.1.0 seeds `random` with a datetime, which Python 3.11 refuses.
_seed = random.seed
random.seed = lambda value=None, version=2: _seed(str(value), version)

from iflearner.business.homo.argument import parser  # noqa: E402
from iflearner.business.homo.train_client import Controller  # noqa: E402
from iflearner.business.homo.trainer import Trainer  # noqa: E402

STEPS = 20


def read_table(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features (scaled), with a column of ones, and labels; the columns are id, y, then the features."""
    with Path(path).open() as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name not in {"id", "y"}]
    table = np.array([[float(row[name]) for name in names] for row in rows])
    scaled = (table - table.mean(axis=0)) / (table.std(axis=0) + 1e-9)
    return np.hstack([scaled, np.ones((len(rows), 1))]), np.array([float(row["y"]) for row in rows])


class LogisticTrainer(Trainer):
    """Some steps of gradient descent in each epoch; the aggregator averages the weights in between."""

    def __init__(self, path: Path, lr: float) -> None:
        self._x, self._y = read_table(path)
        self._lr = lr
        self._weights = np.zeros(self._x.shape[1])

    def config(self) -> dict[str, float]:
        """What the strategies of the engine may ask for."""
        return {"learning_rate": self._lr, "batch_num": 1, "sample_num": len(self._y)}

    def get(self, param_type: Any = None) -> dict[str, np.ndarray]:  # noqa: ARG002  the engine's signature
        """The weights, for the aggregator."""
        return {"weights": self._weights.astype(np.float32)}

    def set(self, parameters: dict[str, Any], param_type: Any = None) -> None:  # noqa: ARG002  the same
        """The average, from the aggregator."""
        self._weights = np.asarray(parameters["weights"], dtype=float).reshape(-1)

    def _predict(self) -> np.ndarray:
        return 1 / (1 + np.exp(-self._x @ self._weights))

    def fit(self, epoch: int) -> None:  # noqa: ARG002  the same
        """One epoch."""
        for _ in range(STEPS):
            self._weights -= self._lr * self._x.T @ (self._predict() - self._y) / len(self._y)

    def evaluate(self, epoch: int) -> dict[str, float]:
        """How good it is on this party's own data."""
        accuracy = float(((self._predict() > 0.5) == self._y).mean())
        print(f"epoch {epoch}: accuracy {accuracy:.4f}", flush=True)
        return {"accuracy": accuracy}


def main() -> None:
    """Train as the command line says."""
    # The engine writes logs and curves into the current folder, which all parties of this host share.
    os.chdir(Path.home())
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--file", default="breast_train.csv")
    args = parser.parse_args()
    trainer = LogisticTrainer(Path(os.environ["FEDROTA_DATA"]) / args.file, args.lr)
    Controller(args, trainer).run()


if __name__ == "__main__":
    main()
