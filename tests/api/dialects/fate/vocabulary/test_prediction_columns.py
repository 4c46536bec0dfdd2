from api.dialects.fate.vocabulary.prediction_columns import name_columns


def test_only_predictions_have_fates_names():
    known = ["id", "label", "predict_score", "predict_result", "split"]
    assert name_columns(known) == ["id", "label", "predict_score", "predict_result", "type"]
    assert name_columns(["id", "split"]) == ["id", "split"]
    assert name_columns(None) == []
