import numpy as np

from fedrota.simulate import simulate
from tests.workers.components.test_homo_secureboost import make_parties
from tests.workers.components.vertical import THREE
from workers.components.homo_secureboost import homo_secureboost


def test_losses_are_those_over_all_parties_after_each_round():
    inputs, *_ = make_parties()
    run = simulate(homo_secureboost, THREE, params={"trees": 3}, inputs=inputs)
    tables = [run[member].read_table("data") for member in run]
    chance = np.concatenate([table["predict_score"] for table in tables])
    labels = np.concatenate([table["label"] for table in tables])
    loss = -np.log(np.where(labels == 1, chance, 1 - chance)).mean()
    curve = run["guest"].metrics["loss"]
    assert [number for number, _ in curve] == [1, 2, 3]
    assert np.isclose(curve[-1][1], loss)
    assert run["guest"].progress[-1] == 1.0
