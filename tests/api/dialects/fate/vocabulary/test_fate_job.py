import json
from datetime import UTC, datetime

from api.dialects.fate.vocabulary.fate_job import FateJob, find_initiator, make_model_id, number_party
from scheduler.domain.model import Job, Retry, Step
from scheduler.domain.states import State
from scheduler.store.queries.jobs import JobDetail, StepDetail

AT = datetime(2026, 11, 21, tzinfo=UTC)


def make_job(**given):
    return Job(**{
        "id": "7", "name": "n", "owner": "o", "org": "", "project": "p", "state": State.SUCCESS, "reason": "",
        "priority": 0, "dialect": "fate", "roles": {"guest": ("9999",), "host": ("10000",)}, "labels": {},
        "created": AT, "started": AT, "ended": AT, "deadline": None, **given,
    })  # fmt: skip


def make_step(name, **given):
    return Step(**{
        "id": name, "job_id": "7", "name": name, "position": 0, "state": State.SUCCESS, "reason": "",
        "run": {"component": "reader"}, "needs": (), "inputs": {}, "params": {}, "overrides": {}, "retry": Retry(),
        "timeout_s": None, "slots": 1, "gang": False, "attempt": 1, "spent": 0, "not_before": None, "created": AT,
        "started": AT, "ended": AT, **given,
    })  # fmt: skip


def test_what_was_rendered_and_stored_as_json_is_read_again_the_same():
    job = FateJob(
        sent_conf={"a": [1]},
        dsl={"components": {"lr_0": {"module": "HeteroLR"}}},
        model_id="m",
        model_version="v",
        initiator=("guest", "9999"),
        passed={"e_0": (("host", "10000"),)},
        inherited={"r_0": (("guest", "9999"),)},
        inherits_from="1",
        holders={"r_0": "0"},
        warnings=("w",),
    )
    again = FateJob.of(JobDetail(make_job(), []), json.loads(json.dumps(job.render())))
    assert again == job
    assert (again.get_module("lr_0"), again.get_module("x")) == ("HeteroLR", "")
    assert (again.find_holder("r_0", "7"), again.find_holder("lr_0", "7")) == ("0", "7")


def test_a_model_that_is_made_has_its_jobs_id_as_version():
    assert FateJob.of(JobDetail(make_job(), []), FateJob(model_id="m").render()).model_version == "7"


def test_a_job_of_another_dialect_is_described_from_its_steps():
    steps = (
        make_step("read", overrides={"guest": {"table": "g"}, "host.0": {"table": "h"}}, params={"namespace": "n"}),
        make_step("train", run={"component": "hetero_lr"}, inputs={"train": "read.data"}),
        make_step("use", run={"command": ["x"]}, inputs={"data": "read.data", "model": "train.model", "old": "1:a.b"}),
    )
    found = FateJob.of(
        JobDetail(make_job(dialect="native"), [StepDetail(step, []) for step in steps]), {"dsl": "no FATE job"}
    )
    assert found.initiator == ("guest", "9999")
    assert found.model_id == "guest-9999#host-10000#model"
    assert found.conf["role"] == {"guest": [9999], "host": [10000]}
    assert found.conf["component_parameters"] == {
        "common": {"read": {"namespace": "n"}},
        "role": {"guest": {"all": {"read": {"table": "g"}}}, "host": {"0": {"read": {"table": "h"}}}},
    }
    assert found.dsl == {
        "components": {
            "read": {"module": "reader", "output": {"data": ["data"]}},
            "train": {
                "module": "hetero_lr",
                "input": {"data": {"train": ["read.data"]}},
                "output": {"model": ["model"]},
            },
            "use": {"module": "Command", "input": {"data": {"data": ["read.data"]}, "model": ["train.model"]}},
        }
    }


def test_names_of_models_sort_roles_and_parties():
    roles = {"host": ["10001", "10000"], "guest": ["9999"], "arbiter": ["10000"]}
    assert make_model_id(roles) == "arbiter-10000#guest-9999#host-10000_10001#model"


def test_the_guest_begins_a_job_that_does_not_say_who():
    assert find_initiator({"host": ("1",), "guest": ("2",)}) == ("guest", "2")
    assert find_initiator({"worker": ("1",)}) == ("worker", "1")
    assert find_initiator({}) == ("", "")


def test_a_party_is_a_number_where_it_can_be():
    assert [number_party(each) for each in ("9999", "bank-a", "²")] == [9999, "bank-a", "²"]
