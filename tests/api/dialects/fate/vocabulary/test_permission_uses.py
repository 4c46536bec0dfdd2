from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.permission_uses import list_uses
from scheduler.domain.grants import Use
from scheduler.domain.model import StepPlan, Submission


def test_every_party_is_used_in_its_role_by_module_and_table():
    members = (("guest", "a"), ("host", "b"))
    own = {"guest": {"table": "g"}, "host.0": {"table": "h"}}
    read = StepPlan(
        name="reader_0", run={"component": "reader"}, members=members, params={"namespace": "n"}, overrides=own
    )
    train = StepPlan(name="lr_0", run={"component": "homo_lr"}, members=members[:1])
    fate = FateJob(dsl={"components": {"reader_0": {"module": "Reader"}, "lr_0": {"module": "HomoLR"}}})
    job = Submission(name="j", owner="me", project="p", roles={"guest": ("a",), "host": ("b",)}, steps=(read, train))
    found = list_uses(job, fate)
    assert {str(use) for use in found if use.party == "b"} == {
        "role host of party b", "command create of party b", "component reader of party b", "dataset n/h of party b",
    }  # fmt: skip
    assert Use(party="a", kind="component", name="homolr") in found
    assert Use(party="a", kind="dataset", namespace="n", name="g") in found
    assert len(found) == len(set(found))
