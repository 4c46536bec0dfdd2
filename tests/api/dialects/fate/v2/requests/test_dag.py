import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.v2.requests.dag import parse_schema
from tests.api.dialects.fate.v2.dags import MEMBERS, parties, schema, toy, train


def test_a_dag_is_read_with_each_party_s_own_parameters():
    dag = parse_schema(train(epochs=3))
    assert dag.roles == {"guest": ("9999",), "host": ("10000",), "arbiter": ("10000",)}
    assert (dag.stage, dag.tasks["reader_0"].stage, dag.tasks["lr_0"].stage) == ("train", "default", "train")
    reader = dag.tasks["reader_0"]
    assert reader.get_params(("guest", "9999")) == {"namespace": "experiment", "name": "breast_guest"}
    assert reader.get_params(("arbiter", "10000")) == {}
    assert dag.tasks["lr_0"].get_params(("guest", "9999")) == {"epochs": 3}
    assert dag.tasks["evaluation_0"].members == {MEMBERS[0]}
    assert dag.tasks["lr_0"].members is None


def change(**dag):
    made = toy()
    return {**made, "dag": {**made["dag"], **dag}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "dag_schema should be an object"),
        ({**toy(), "kind": "bfia"}, "kind 'bfia' is not supported"),
        (change(tasks={}), "dag.tasks is empty"),
        (change(parties=[]), "dag.parties is empty"),
        (change(parties=[{"role": "guest"}]), "each has a role, and party_id"),
        (change(stage="deploy"), "stage should be one of"),
        (schema({"a.b": {"component_ref": "psi"}}), "task name 'a.b'"),
        (schema({"a": {}}), "task a has no component_ref"),
        (schema({"a": {"component_ref": "psi", "parties": parties(("guest", "1"))}}), "not in dag.parties"),
        (change(party_tasks={"x": {"tasks": {"none": {}}}}), "task 'none'"),
    ],
)
def test_what_is_wrong_is_named(given, said):
    with pytest.raises(FateError, match=said):
        parse_schema(given)
