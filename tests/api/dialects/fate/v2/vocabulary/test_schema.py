from datetime import UTC, datetime
from types import SimpleNamespace

from api.dialects.fate.v2.requests.dag import parse_schema
from api.dialects.fate.v2.vocabulary.conversion import convert_dag
from api.dialects.fate.v2.vocabulary.schema import describe_schema
from api.dialects.fate.vocabulary.fate_job import FateJob
from tests.api.dialects.fate.v2.dags import train

JOB = SimpleNamespace(
    id="1", roles={"guest": ("9999",), "host": ("10000",), "arbiter": ("10000",)}, created=datetime.now(UTC)
)


def test_what_was_sent_is_shown_as_sent():
    assert describe_schema(JOB, FateJob(dag=train())) == train()


def test_a_job_of_fate_1_is_a_dag_too_which_could_be_sent():
    sent = convert_dag(parse_schema(train()))
    made = describe_schema(JOB, FateJob(conf=sent.conf, dsl=sent.dsl, initiator=("guest", "9999")))
    tasks = made["dag"]["tasks"]
    assert {name: task["component_ref"] for name, task in tasks.items()} == {
        "reader_0": "reader", "psi_0": "psi", "lr_0": "coordinated_lr", "evaluation_0": "evaluation",
    }  # fmt: skip
    (artifact,) = tasks["lr_0"]["inputs"]["data"]["train_data"]["task_output_artifact"]
    assert artifact == {"producer_task": "psi_0", "output_artifact_key": "output_data"}
    assert tasks["lr_0"]["dependent_tasks"] == ["psi_0"]
    assert made["dag"]["party_tasks"]["host_10000"]["tasks"]["lr_0"]["parameters"]["max_iter"] == 20
    assert parse_schema(made).roles == JOB.roles
