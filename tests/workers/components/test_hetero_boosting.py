import numpy as np
import pytest

from fedrota.simulate import simulate
from tests.workers.components.boosting import make_tables
from tests.workers.components.vertical import FAST, TWO
from workers.components import cipher_sums, forks
from workers.components.hetero_secureboost import hetero_secureboost


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    for module in (forks, cipher_sums):
        monkeypatch.setattr(module, "count_cores", lambda: 1)


def test_hosts_hear_of_each_rounds_start_and_of_the_end():
    run = simulate(
        hetero_secureboost, TWO, params={**FAST, "trees": 3, "early_stop": False}, inputs=make_tables((1, 2))
    )
    orders = [m.value for m in run.messages if m.name == "order"]
    assert [order["round"] for order in orders if order["do"] == "progress"] == [1, 2, 3]
    assert [order["do"] for order in orders].count("end") == 1
    assert orders[-1] == {"do": "end", "rounds": 3, "stopped_by": "trees"}
    assert run["host"].progress == [0.0, 1 / 3, 2 / 3, 1.0]


def test_the_scores_written_are_those_of_the_kept_trees_and_the_loss_too():
    run = simulate(hetero_secureboost, TWO, params={**FAST, "trees": 2}, inputs=make_tables((2, 2)))
    table = run["guest"].read_table("data")
    chance, labels = np.array(table["predict_score"]), np.array(table["label"])
    loss = -np.log(np.where(labels == 1, chance, 1 - chance)).mean()
    assert run["guest"].summary["loss"] == pytest.approx(loss)
    assert [number for number, _ in run["guest"].metrics["loss"]] == [1, 2]
