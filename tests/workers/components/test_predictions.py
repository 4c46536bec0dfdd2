import numpy as np
import pyarrow

from workers.components.predictions import Predicted, make_predictions
from workers.components.tables import Samples

SAMPLES = Samples(ids=["7", "b"], features=np.zeros((2, 0)), names=())
SCORES = np.array([0.25, 0.75])


def test_classes_are_whole_numbers_and_ids_text():
    predicted = Predicted(
        split="train", samples=SAMPLES, labels=np.array([1.0, 0.0]), scores=SCORES, results=np.array([0.0, 1.0])
    )
    table = make_predictions(predicted, whole=True)
    assert table.column_names == ["id", "label", "predict_score", "predict_result", "split"]
    assert table.to_pydict() == {
        "id": ["7", "b"], "label": [1, 0], "predict_score": [0.25, 0.75], "predict_result": [0, 1],
        "split": ["train", "train"],
    }  # fmt: skip
    assert table.schema.field("label").type == table.schema.field("predict_result").type == pyarrow.int64()


def test_without_labels_the_column_is_empty_but_of_the_same_type():
    predicted = Predicted(
        split="predict", samples=SAMPLES, labels=None, scores=SCORES, results=SCORES, details={"more": ["x", "y"]}
    )
    table = make_predictions(predicted, whole=False)
    assert table.column("label").to_pylist() == [None, None]
    assert table.schema.field("label").type == pyarrow.float64()
    assert table.column_names[-2:] == ["more", "split"]
    assert pyarrow.concat_tables([table, table]).num_rows == 4
