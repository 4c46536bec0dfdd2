from api.dialects.fate.vocabulary.model_parts import render_part

MODEL = {
    "format": "f", "features": ["a", "b"], "coefficients": [1.0, 2.0], "intercept": 0.5, "scale": {"mean": [0]},
    "training": {"rounds": 7, "stopped_by": "loss", "params": {"l2": 0.1}},
}  # fmt: skip


def test_coefficients_stand_by_column():
    param, meta = render_part(MODEL, [0.5, 0.25])
    assert param["weight"] == {"a": 1.0, "b": 2.0}
    assert (param["header"], param["intercept"], param["iters"]) == (["a", "b"], 0.5, 7)
    assert (param["isConverged"], param["lossHistory"], param["scale"]) == (True, [0.5, 0.25], {"mean": [0]})
    assert meta == {"l2": 0.1, "stopped_by": "loss"}


def test_what_is_not_linear_stays_as_it_is():
    assert render_part({"bins": [1]}) == ({"bins": [1]}, {})
    odd = {"features": 3, "coefficients": 1, "intercept": 0}
    assert render_part(odd) == (odd, {})


def test_a_model_that_says_nothing_of_its_training():
    param, _ = render_part({key: MODEL[key] for key in ("features", "coefficients", "intercept")})
    assert (param["iters"], param["isConverged"]) == (None, False)
