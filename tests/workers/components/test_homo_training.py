import numpy as np
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.homo_lr_data import read_party_data
from workers.components.homo_lr_params import PARAMS
from workers.components.homo_training import train_once
from workers.components.secure_sum import plan_sums

TABLE = {"id": ["a", "b", "c"], "y": [0, 1, 1], "x": [0.0, 2.0, 4.0]}


def train(tables, **params):
    """Each member's fit and scale."""
    found = {}

    @component("trains", params=PARAMS, inputs={"train": "table"}, exchange=True)
    def trains(context):
        """Train."""
        party = read_party_data(context) if context.has_input("train") else None
        _, fit, scale = train_once(context, plan_sums(context), party, width=1)
        found[context.me.address] = fit, scale

    parties = {"guest": ["1"], "host": ["2"], "arbiter": ["3"]}
    inputs = {address: {"train": table} for address, table in tables.items()}
    simulate(trains, parties, params=params, inputs=inputs)
    return found


def test_all_members_find_the_same_also_one_that_only_adds_up():
    found = train({"guest": TABLE, "host": TABLE}, rounds=5)
    fits = [fit for fit, _ in found.values()]
    assert len(fits) == 3
    assert all(np.array_equal(fit.weights, fits[0].weights) for fit in fits)
    assert {(fit.rounds, fit.stopped_by, fit.rows) for fit in fits} == {(5, "rounds", 6)}
    assert {scale.mean.tolist()[0] for _, scale in found.values()} == {2.0}


def test_a_training_that_runs_away_says_what_to_change():
    far = {**TABLE, "x": [0.0, 1e12, 1e12]}
    with pytest.raises(InvalidInputError, match="training at party . has diverged: lower `learning_rate`"):
        train({"guest": far, "host": far}, rounds=20, learning_rate=100.0, scale=False)


def test_one_label_everywhere_is_refused():
    with pytest.raises(InvalidInputError, match="all 6 training rows of all parties have the label 1"):
        train({"guest": {**TABLE, "y": [1, 1, 1]}, "host": {**TABLE, "y": [1, 1, 1]}})
