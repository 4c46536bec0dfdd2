import json
from types import SimpleNamespace

import numpy as np
import pytest

from fedrota.component import InvalidInputError, Member
from workers.components.boosting_objective import make_objective
from workers.components.boosting_results import Ensemble, name_classes, parse_ensemble, show_labels
from workers.components.tables import Samples
from workers.components.tree_model import Leaf, Split

CONTEXT = SimpleNamespace(me=Member("guest", "9999", 0))


def make(classes=(0.0, 1.0), objective="cross_entropy", rounds=None):
    made = make_objective(objective, parameter=1.5, classes=len(classes))
    tree = [Split(left=1, right=2, owner="host.0", gain=1.0, record="r"), Leaf(weight=1.0), Leaf(weight=-2.0)]
    return Ensemble(
        objective=made,
        parameter=1.5,
        classes=classes,
        start=0.25,
        learning_rate=0.5,
        threshold=0.5,
        rounds=rounds or [[tree] * made.outputs, [[Leaf(weight=1.0)]] * made.outputs],
    )


def test_a_score_is_the_start_and_all_leaves_at_the_learning_rate():
    scores = make().score(lambda _split: np.array([True, False]), rows=2)
    assert scores.tolist() == [[0.25 + 0.5 * 2], [0.25 + 0.5 * -1]]


@pytest.mark.parametrize("classes", [(0.0, 1.0), (0.0, 1.0, 2.0), ()])
def test_trees_travel_through_their_file(classes):
    ensemble = make(classes, objective="cross_entropy" if classes else "huber")
    again = parse_ensemble(CONTEXT, json.loads(json.dumps(ensemble.to_json())))
    assert again.to_json() == ensemble.to_json()
    assert again.objective.outputs == ensemble.objective.outputs


@pytest.mark.parametrize("change", [{"rounds": [[]]}, {"objective": "x"}, {"start": None}, {"classes": 3}])
def test_a_damaged_file_is_named(change):
    with pytest.raises(InvalidInputError, match="the model of party 9999 lacks or garbles"):
        parse_ensemble(CONTEXT, {**make().to_json(), **change})


def test_predictions_name_the_tables_own_classes():
    _, two, _ = make((1.0, 2.0)).decide(np.array([[-1.0], [1.0]]))
    assert two.tolist() == [1, 2]
    _, three, details = make((0.0, 1.0, 5.0)).decide(np.array([[0.0, 1.0, 9.0]]))
    assert three.tolist() == [5]
    assert list(json.loads(details["predict_detail"][0])) == ["0", "1", "5"]
    assert name_classes((-1.0, 1.0)) == [0, 1]


def test_labels_of_minus_one_are_shown_as_zero_and_strange_ones_refused():
    samples = Samples(ids=["a", "b"], features=np.empty((2, 0)), names=(), labels=np.array([-1.0, 1.0]))
    assert show_labels(CONTEXT, (-1.0, 1.0), samples).tolist() == [0.0, 1.0]
    with pytest.raises(InvalidInputError, match="holds -1, a class that the trees do not know"):
        show_labels(CONTEXT, (0.0, 1.0), samples)
