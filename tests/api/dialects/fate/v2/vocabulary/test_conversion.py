import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.dsl import parse_dsl
from api.dialects.fate.v2.requests.dag import parse_schema
from api.dialects.fate.v2.vocabulary.conversion import convert_dag
from tests.api.dialects.fate.v2.dags import MEMBERS, PAIR, leave, parties, reading, schema, train


def convert(given):
    return convert_dag(parse_schema(given))


def params(sent, task, role="guest", at="0"):
    return sent.conf["component_parameters"]["role"][role][at].get(task)


def test_a_dag_is_a_conf_and_a_dsl():
    sent = convert(train(epochs=3))
    assert (sent.conf["initiator"], sent.conf["role"]["host"]) == ({"role": "guest", "party_id": 9999}, [10000])
    assert sent.dsl["components"]["lr_0"] == {
        "module": "HeteroLR",
        "input": {"data": {"train_data": ["psi_0.output_data"]}},
        "output": {"data": ["train_output_data"], "model": ["output_model"]},
    }
    assert params(sent, "reader_0", "host") == {"table": {"name": "breast_host", "namespace": "experiment"}}
    assert params(sent, "lr_0", "arbiter")["max_iter"] == 3
    assert params(sent, "evaluation_0", "host") == {"need_run": False}
    assert (sent.is_first, sent.needs_deployment) == (False, False)


def test_a_task_may_wait_for_one_that_it_does_not_read():
    tasks = {
        "toy_0": {"component_ref": "toy_example"},
        "toy_1": {"component_ref": "toy_example", "dependent_tasks": ["toy_0"]},
    }
    components = convert(schema(tasks)).dsl["components"]
    assert components["toy_0"]["output"] == {"cache": ["done"]}
    assert components["toy_1"]["input"] == {"cache": ["toy_0.done"]}


def test_a_table_that_a_task_names_itself_gets_a_reader():
    tables = [
        {"namespace": "n", "name": name, "parties": parties(member)} for member, name in zip(PAIR, "ab", strict=True)
    ]
    tasks = {"psi_0": {"component_ref": "psi", "inputs": {"data": {"input_data": {"data_warehouse": tables}}}}}
    sent = convert(schema(tasks))
    assert sent.dsl["components"]["psi_0"]["input"] == {"data": {"data": ["psi_0_input_data.output_data"]}}
    assert params(sent, "psi_0_input_data")["table"]["name"] == "a"
    assert params(sent, "psi_0_input_data", "host")["table"]["name"] == "b"


def test_what_measures_several_tables_does_so_one_by_one():
    given = train()
    tables = [
        {"producer_task": name, "output_artifact_key": key}
        for name, key in (("lr_0", "train_output_data"), ("psi_0", "output_data"))
    ]
    given["dag"]["tasks"]["evaluation_0"]["inputs"]["data"]["input_datas"] = {"task_output_artifact": tables}
    converted = convert(given).convert({})
    read = {name: converted.dsl["components"][name]["input"]["data"] for name in ("evaluation_0", "evaluation_0_1")}
    assert read == {
        "evaluation_0": {"data": ["lr_0.train_output_data"]},
        "evaluation_0_1": {"data": ["psi_0.output_data"]},
    }
    for name in read:
        assert converted.conf.get_params(name, "guest", 0) == {"eval_type": "binary"}
        assert converted.conf.get_params(name, "host", 0) == {"need_run": False}
    given["dag"]["tasks"]["evaluation_0_1"] = {"component_ref": "toy_example"}
    with pytest.raises(FateError, match="evaluation_0_1: its name is taken"):
        convert(given).convert({})


def predict(**conf):
    model = {"producer_task": "lr_0", "output_artifact_key": "output_model"}
    tasks = {
        "reader_0": {"component_ref": "reader"},
        "lr_0": {
            "component_ref": "coordinated_lr",
            "inputs": {
                "data": {"test_data": leave("reader_0", "output_data")},
                "model": {"input_model": {"model_warehouse": model}},
            },
        },
    }
    return schema(tasks, *MEMBERS, stage="predict", conf=conf, party_tasks=reading())


def test_a_model_of_an_earlier_job_makes_it_a_prediction():
    sent = convert(predict(model_warehouse={"model_id": "m", "model_version": "v"}))
    assert sent.conf["job_parameters"]["common"] == {"job_type": "predict", "model_id": "m", "model_version": "v"}
    assert sent.dsl["components"]["lr_0"]["input"]["model"] == ["pipeline.lr_0.output_model"]
    assert params(sent, "lr_0") == {}
    with pytest.raises(FateError, match="needs model_id and model_version"):
        convert(predict())


def test_what_was_learned_is_applied_with_what_it_was_learned_with():
    scale = {"component_ref": "feature_scale", "parameters": {"method": "min_max"}}
    tasks = {
        "reader_0": {"component_ref": "reader"},
        "scale_0": {**scale, "inputs": {"data": {"train_data": leave("reader_0", "output_data")}}},
        "scale_1": {
            "component_ref": "feature_scale",
            "stage": "predict",
            "inputs": {
                "data": {"test_data": leave("reader_0", "output_data")},
                "model": {"input_model": leave("scale_0", "output_model")},
            },
        },
    }
    sent = convert(schema(tasks, party_tasks=reading()))
    assert params(sent, "scale_1")["method"] == "min_max_scale"
    assert sent.dsl["components"]["scale_1"]["input"] == {
        "data": {"data": ["reader_0.output_data"]},
        "model": ["scale_0.output_model"],
    }


def spoil(task="lr_0", **changes):
    made = train()
    made["dag"]["tasks"][task] |= changes
    return made


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            train(epoch=3),
            r"task lr_0 at guest 9999: parameter epoch: there is no such parameter. Did you mean 'epochs'",
        ),
        (train(optimizer={"method": "sdg"}), r"parameter optimizer\.method: 'sdg' is not supported here"),
        (spoil(component_ref="coordinated"), "no component 'coordinated'"),
        (
            spoil(inputs={"data": {"train": leave("psi_0", "output_data")}}),
            "has no input train here; it has train_data",
        ),
        (spoil(inputs={"data": {"train_data": leave("none", "x")}}), "task 'none', which is not in dag.tasks"),
        (spoil(inputs={"data": {"train_data": leave("psi_0", "x")}}), "data outputs are output_data"),
        (spoil("evaluation_0", inputs={"data": {"input_datas": leave("lr_0", "test_output_data")}}), "in stage train"),
        (spoil(dependent_tasks=["none"]), "depends on 'none'"),
        (
            spoil(
                inputs={
                    "data": {
                        "train_data": {
                            "task_output_artifact": [
                                leave(name, "output_data")["task_output_artifact"] for name in ("psi_0", "reader_0")
                            ]
                        }
                    }
                }
            ),
            "has two sources",
        ),
    ],
)
def test_what_cannot_be_done_is_named(given, said):
    with pytest.raises(FateError, match=said):
        convert(given)


def test_a_reader_without_a_table_says_where_it_is_set():
    given = train()
    del given["dag"]["party_tasks"]["host_10000"]
    with pytest.raises(FateError, match="task reader_0 at host 10000: parameter name: give each party its own table"):
        convert(given)


def warm(*makers, **given):
    source = [{"producer_task": maker, "output_artifact_key": "output_model"} for maker in makers]
    inputs = {"inputs": {"model": {"input_model": {"task_output_artifact": source}}}} if makers else {}
    return {"component_ref": "coordinated_lr", "parameters": given, **inputs}


def test_parameters_are_handed_on_once_however_often_a_model_is_named():
    tasks = {"t0": warm(epochs=7), **{f"t{number}": warm(*[f"t{number - 1}"] * 2) for number in range(1, 200)}}
    sent = convert(schema(dict(reversed(tasks.items())), *MEMBERS))
    assert params(sent, "t199")["max_iter"] == 7


def test_models_in_a_circle_are_refused():
    given = schema({"a": warm("b"), "b": warm("a")}, *MEMBERS)
    with pytest.raises(FateError, match="form a loop"):
        parse_dsl(convert(given).dsl)


def test_a_job_that_is_far_too_large_is_refused_at_once():
    given = schema({f"t{number}": {"component_ref": "toy_example"} for number in range(1000)})
    given["dag"]["parties"] = [{"role": "guest", "party_id": ["9999"] * 100_000}]
    with pytest.raises(FateError, match="1000 components at 100000 parties are too many"):
        convert(given)


def test_a_model_warehouse_is_an_object():
    with pytest.raises(FateError, match="conf.model_warehouse should be an object"):
        convert(schema({"toy_0": {"component_ref": "toy_example"}}, conf={"model_warehouse": "m"}))


def test_what_a_dag_does_not_get_is_said_with_the_job():
    sent = convert(schema({"toy_0": {"component_ref": "toy_example"}}, conf={"core": 4}))
    assert sent.convert({}).conf.warnings == ("[WARN]conf.core does not take effect: there is no such setting",)
