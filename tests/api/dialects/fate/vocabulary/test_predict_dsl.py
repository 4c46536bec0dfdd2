import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.vocabulary.predict_dsl import add_code_paths, choose_deployed, derive_predict_dsl

TRAIN = {
    "components": {
        "reader_0": {"module": "Reader", "output": {"data": ["r"]}},
        "dt_0": {
            "module": "DataTransform",
            "input": {"data": {"data": ["reader_0.r"]}},
            "output": {"data": ["d"], "model": ["m"]},
        },
        "intersect_0": {"module": "Intersection", "input": {"data": {"data": ["dt_0.d"]}}, "output": {"data": ["i"]}},
        "lr_0": {
            "module": "HeteroLR",
            "input": {"data": {"validate_data": ["dt_1.d"], "train_data": ["intersect_0.i"]}},
            "output": {"data": ["o"], "model": ["m"]},
        },
        "dt_1": {
            "module": "DataTransform",
            "input": {"data": {"data": ["reader_0.r"]}, "model": ["dt_0.m"]},
            "output": {"data": ["d"]},
        },
        "evaluation_0": {"module": "Evaluation", "input": {"data": {"data": ["lr_0.o"]}}, "need_deploy": True},
    },
    "provider": "x",
}


def test_models_come_from_the_pipeline_and_training_data_become_test_data():
    derived = derive_predict_dsl(TRAIN, ["reader_0", "dt_0", "lr_0"])
    assert derived == {
        "components": {
            "reader_0": {"module": "Reader", "output": {"data": ["r"]}},
            "dt_0": {
                "module": "DataTransform",
                "input": {"data": {"data": ["reader_0.r"]}, "model": ["pipeline.dt_0.m"]},
                "output": {"data": ["d"]},
            },
            "lr_0": {
                "module": "HeteroLR",
                "input": {"data": {"test_data": ["dt_0.d"]}, "model": ["pipeline.lr_0.m"]},
                "output": {"data": ["o"]},
            },
        },
        "provider": "x",
    }


def test_an_input_from_nobody_is_left_out():
    assert derive_predict_dsl(TRAIN, ["lr_0"])["components"]["lr_0"]["input"] == {"model": ["pipeline.lr_0.m"]}


def test_a_model_that_is_only_read_comes_from_the_pipeline_too():
    derived = derive_predict_dsl(TRAIN, ["reader_0", "dt_1"])["components"]["dt_1"]
    assert derived["input"] == {"data": {"data": ["reader_0.r"]}, "model": ["pipeline.dt_0.m"]}


def test_the_first_version_has_its_own_words():
    train = {
        "components": {
            "dataio_0": {
                "module": "DataIO",
                "input": {"data": {"data": ["args.train_data"]}},
                "output": {"data": ["train"], "model": ["dataio"]},
            },
            "lr_0": {"module": "HeteroLR", "input": {"data": {"train_data": ["dataio_0.train"]}}},
        }
    }
    derived = derive_predict_dsl(train, ["dataio_0", "lr_0"], version=1)["components"]
    assert derived["dataio_0"]["input"] == {"data": {"data": ["args.eval_data"]}, "model": ["pipeline.dataio_0.dataio"]}
    assert derived["lr_0"]["input"] == {"data": {"eval_data": ["dataio_0.train"]}}


def test_unknown_components_are_refused():
    with pytest.raises(FateError, match="the DSL has no component nope; it has reader_0"):
        derive_predict_dsl(TRAIN, ["nope"])


def test_what_is_deployed_follows_the_dsl_and_else_the_module():
    dsl = {
        "components": {
            **TRAIN["components"],
            "evaluation_1": {"module": "Evaluation"},
            "dt_2": {"module": "DataTransform", "need_deploy": False},
            "own_0": {"module": "SomebodysOwn"},
        }
    }
    assert choose_deployed(dsl) == ["reader_0", "dt_0", "intersect_0", "lr_0", "dt_1", "evaluation_0", "own_0"]


def test_the_registrys_dsl_names_what_carries_components_out():
    added = add_code_paths(derive_predict_dsl(TRAIN, ["reader_0", "lr_0"]))
    assert [each["CodePath"] for each in added["components"].values()] == ["component/reader", "component/hetero_lr"]


def test_components_in_a_circle_do_not_hang_it():
    loop = {
        "components": {
            "a": {"module": "M", "input": {"data": {"data": ["b.d"]}}},
            "b": {"module": "M", "input": {"data": {"data": ["c.d"]}}},
            "c": {"module": "M", "input": {"data": {"data": ["b.d"]}}},
        }
    }
    assert "input" not in derive_predict_dsl(loop, ["a"])["components"]["a"]
