import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.v2.requests.channels import parse_channels
from tests.api.dialects.fate.v2.dags import leave, parties


def test_tasks_tables_and_models_come_in():
    inputs = {
        "data": {
            "input_datas": {
                "task_output_artifact": [leave(name, "output_data")["task_output_artifact"] for name in "ab"]
            },
            "table": {"data_warehouse": {"namespace": "n", "name": "t", "parties": parties(("guest", "9999"))}},
        },
        "model": {
            "input_model": {
                "model_warehouse": {
                    "producer_task": "lr_0",
                    "output_artifact_key": "m",
                    "model_id": "i",
                    "model_version": "v",
                }
            }
        },
    }
    first, second, table, model = parse_channels("x", inputs)
    assert (first.task, second.task, first.key, first.kind) == ("a", "b", "input_datas", "data")
    assert (table.namespace, table.name, table.members) == ("n", "t", {("guest", "9999")})
    assert (model.kind, model.task, model.model) == ("model", "lr_0", ("i", "v"))


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"cache": {}}, "inputs has 'cache'"),
        ({"data": {"a": {"model_warehouse": {}}}}, "comes from 'model_warehouse'"),
        ({"data": {"a": {"task_output_artifact": {"producer_task": "b"}}}}, "needs output_artifact_key"),
        ({"data": {"a": {"data_warehouse": {"name": 1}}}}, "needs namespace, name"),
        ({"data": []}, "should be an object"),
    ],
)
def test_what_is_wrong_is_named(inputs, said):
    with pytest.raises(FateError, match=said):
        list(parse_channels("x", inputs))
