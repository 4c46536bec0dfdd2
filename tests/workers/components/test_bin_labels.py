import numpy as np
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.bin_labels import Labels, code_labels
from workers.components.frames import read_frame


def code(labels):
    found = []

    @component("codes", inputs={"data": "table"})
    def codes(context):
        """Code labels."""
        found.append(code_labels(context, read_frame(context, "data")))

    simulate(codes, {"guest": ["1"]}, inputs={"guest": {"data": {"id": list(range(len(labels))), "y": labels}}})
    return found[0]


def test_of_two_labels_the_larger_one_is_the_event():
    assert code([0, 1, 1]) == Labels(names=["1", "0"], codes=[1, 0, 0])
    assert code([-1.0, 1.0]).names == ["1", "-1"]
    assert code(["no", "yes"]).names == ["yes", "no"]
    assert code([2, 0, 1]) == Labels(names=["0", "1", "2"], codes=[2, 0, 1])


def test_one_label_is_refused():
    with pytest.raises(InvalidInputError, match="holds only the label 1"):
        code([1, 1])


def test_counts_and_verdicts_are_by_bin():
    labels = Labels(names=["1", "0"], codes=[0, 0, 1, 1, 0])
    counts = labels.count(np.array([0, 1, 1, 2, 0]), 3)
    assert counts.tolist() == [[2, 0], [1, 1], [0, 1]]
    (verdict,) = labels.judge(counts, adjustment=0.5)
    assert (verdict["label"], verdict["events"], verdict["others"]) == ("1", [2, 1, 0], [0, 1, 1])
    three = Labels(names=["0", "1", "2"], codes=[0, 1, 2])
    assert [each["label"] for each in three.judge(three.count(np.array([0, 1, 1]), 2), adjustment=0.5)] == [
        "0",
        "1",
        "2",
    ]
