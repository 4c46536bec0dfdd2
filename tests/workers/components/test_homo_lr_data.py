from dataclasses import replace

import numpy as np
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.homo_lr_data import PartyData, make_scaled, read_party_data
from workers.components.scaling import Scale
from workers.components.tables import WEIGHT_KEY

TRAIN = {"id": ["a", "b"], "y": [0, 1], "x": [1.0, 3.0]}


def read(**inputs) -> PartyData:
    found = []

    @component("reads", inputs={"train": "table", "validate": "table"})
    def reads(context):
        """Read the party's data."""
        found.append(read_party_data(context))

    simulate(reads, {"host": ["10000"]}, inputs={"host": inputs})
    return found[0]


def test_training_and_validation_samples_are_read():
    party = read(train=TRAIN, validate={"id": ["c"], "y": [1], "x": [5.0]})
    assert party.train_labels.tolist() == [0, 1]
    assert party.validate is not None
    assert party.validate.features.tolist() == [[5.0]]
    assert party.validate_labels.tolist() == [1]
    assert read(train=TRAIN).validate is None


def test_scaling_reaches_both_inputs_and_leaves_labels_alone():
    party = make_scaled(read(train=TRAIN, validate=TRAIN), Scale(mean=np.array([1.0]), deviation=np.array([2.0])))
    assert party.train.features.tolist() == party.validate.features.tolist() == [[0.0], [1.0]]
    assert party.train_labels.tolist() == [0, 1]
    same = read(train=TRAIN)
    assert make_scaled(same, None) is same


@pytest.mark.parametrize("labels", [[0, 2], [-1, 0], [0.5, 1.0]])
def test_labels_other_than_two_known_pairs_are_refused(labels):
    with pytest.raises(InvalidInputError, match="homo_lr needs 0 and 1"):
        read(train={**TRAIN, "y": labels})


def test_an_empty_training_table_is_refused():
    import pyarrow as pa

    with pytest.raises(InvalidInputError, match="training table of party 10000 has no rows"):
        read(train={"id": pa.array([], pa.string()), "y": pa.array([], pa.int64()), "x": pa.array([], pa.float64())})


def test_weights_count_relative_to_their_mean():
    party = read(train=TRAIN)
    assert (party.mass, party.sample_weights) == (2.0, None)
    weighted = replace(party, train=replace(party.train, weights=np.array([0.0, 5.0])))
    assert weighted.mass == 5.0
    assert weighted.sample_weights.tolist() == [0.0, 2.0]
    assert weighted.count_samples().tolist() == [2, 5, 1, 1]
    model = np.array([0.0, 0.0])
    assert weighted.measure_loss(model) == pytest.approx(np.log(2))
    nothing = replace(party, train=replace(party.train, weights=np.zeros(2)))
    assert nothing.sample_weights.tolist() == [0.0, 0.0]


def test_negative_weights_are_refused(tmp_path):
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({**TRAIN, "w": [1.0, -1.0]}).replace_schema_metadata({WEIGHT_KEY: b"w"})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(InvalidInputError, match="column 'w' of party 10000 has weights below 0"):
        read(train=tmp_path / "t.parquet")
