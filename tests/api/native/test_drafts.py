from api.native.documents import JobDocument
from api.native.drafts import make_draft
from api.parsing import parse_body
from scheduler.domain.access import Principal, Role
from scheduler.domain.model import Retry

ANN = Principal(name="ann", kind="user", role=Role.LEAD, org="hq", project="p1")


def draft(**step):
    document = {"name": "x", "parties": {"guest": [9999]}, "steps": [{"name": "a", **step}]}
    return make_draft(parse_body(JobDocument, document), ANN, origin=document, key="k")


def test_a_document_becomes_the_callers_draft():
    found = draft(
        component="noop", needs=["b"], inputs={"data": "b.out"}, gang=True, retry={"attempts": 5, "on": ["error"]}
    )
    assert (found.owner, found.org, found.project, found.idempotency_key) == ("ann", "hq", "p1", "k")
    assert found.roles == {"guest": ("9999",)}
    assert found.origin["parties"] == {"guest": [9999]}
    (step,) = found.steps
    assert (step.run, step.needs, step.inputs, step.gang) == ({"component": "noop"}, ("b",), {"data": "b.out"}, True)
    assert (step.retry, step.roles) == (Retry(attempts=5, on=("error",)), None)


def test_what_is_left_out_has_the_cores_defaults():
    (step,) = draft(component="noop").steps
    assert (step.retry, step.slots, step.gang, step.timeout_s) == (Retry(), 1, None, None)


def test_a_command_with_image_and_outputs():
    (step,) = draft(command=["a", "b"], image="img", outputs={"m": "model"}).steps
    assert step.run == {"command": ["a", "b"], "image": "img", "outputs": {"m": "model"}}
    (step,) = draft(command=["a"]).steps
    assert step.run == {"command": ["a"]}
