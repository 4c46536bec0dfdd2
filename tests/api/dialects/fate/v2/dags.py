"""Small DAGs of FATE 2.x that its tests send."""

from typing import Any

MEMBERS = (("guest", "9999"), ("host", "10000"), ("arbiter", "10000"))
PAIR = MEMBERS[:2]


def parties(*members: tuple[str, str]) -> list[dict[str, Any]]:
    """Who takes part, as a DAG lists them."""
    return [{"role": role, "party_id": [party]} for role, party in members]


def leave(task: str, key: str) -> dict[str, Any]:
    """An output of another task as an input."""
    return {"task_output_artifact": {"producer_task": task, "output_artifact_key": key}}


def schema(tasks: dict[str, Any], *members: tuple[str, str], stage: str = "train", **more: Any) -> dict[str, Any]:
    """A DAG schema."""
    dag = {"parties": parties(*(members or PAIR)), "stage": stage, "tasks": tasks, **more}
    return {"dag": dag, "schema_version": "2.2.0", "kind": "fate"}


def toy(**params: Any) -> dict[str, Any]:
    """A job of one task at both parties."""
    return schema({"toy_0": {"component_ref": "toy_example", "parameters": {"data_num": 5, **params}}})


def reading(*members: tuple[str, str]) -> dict[str, Any]:
    """Each party's own table, as `party_tasks`."""
    return {
        f"{role}_{party}": {
            "parties": parties((role, party)),
            "tasks": {"reader_0": {"parameters": {"namespace": "experiment", "name": f"breast_{role}"}}},
        }
        for role, party in members or PAIR
    }


def train(**params: Any) -> dict[str, Any]:
    """Readers, the intersection, a vertical model and what measures it."""
    tasks = {
        "reader_0": {"component_ref": "reader", "stage": "default"},
        "psi_0": {"component_ref": "psi", "inputs": {"data": {"input_data": leave("reader_0", "output_data")}}},
        "lr_0": {
            "component_ref": "coordinated_lr",
            "parameters": params,
            "inputs": {"data": {"train_data": leave("psi_0", "output_data")}},
        },
        "evaluation_0": {
            "component_ref": "evaluation",
            "parties": parties(MEMBERS[0]),
            "inputs": {"data": {"input_datas": leave("lr_0", "train_output_data")}},
        },
    }
    return schema(tasks, *MEMBERS, party_tasks=reading())
