"""The requests about jobs, word for word as the API has them."""

import pytest

from fedrota.errors import InvalidError
from fedrota.requests import jobs


@pytest.mark.parametrize(
    ("call", "line", "body"),
    [
        (jobs.job("a"), "GET /jobs/a", None),
        (jobs.document("a"), "GET /jobs/a/document", None),
        (jobs.stop("a"), "POST /jobs/a/stop", {}),
        (jobs.stop("a", reason="late"), "POST /jobs/a/stop", {"reason": "late"}),
        (jobs.rerun("a"), "POST /jobs/a/rerun", {}),
        (jobs.rerun("a", from_step="lr"), "POST /jobs/a/rerun", {"from_step": "lr"}),
        (jobs.clone("a"), "POST /jobs/a/clone", {}),
        (
            jobs.clone("a", name="b", params={"lr": {"rounds": 3}}),
            "POST /jobs/a/clone",
            {"name": "b", "params": {"lr": {"rounds": 3}}},
        ),
        (jobs.delete("a"), "DELETE /jobs/a", None),
        (jobs.steps("a"), "GET /jobs/a/steps", None),
        (jobs.step("a", "lr"), "GET /jobs/a/steps/lr", None),
        (jobs.attempts("a", "lr"), "GET /jobs/a/steps/lr/attempts", None),
        (jobs.summaries("a"), "GET /jobs/a/summaries", None),
        (jobs.schema(), "GET /schemas/job", None),
    ],
)
def test_line_and_body(call, line, body):
    assert f"{call.method} {call.path}" == line
    assert call.body == body
    assert call.repeatable is (call.method == "GET")


def test_submit_is_repeatable_by_its_key():
    call = jobs.submit({"name": "x", "steps": []}, attached={}, idempotency_key="k", dry_run=True)
    assert (call.method, call.path, call.query, call.headers) == (
        "POST", "/jobs", (("dry_run", "true"),), {"Idempotency-Key": "k"},
    )  # fmt: skip
    assert call.body == {"name": "x", "steps": []}
    assert call.repeatable
    assert jobs.submit({}, attached={}).headers != jobs.submit({}, attached={}).headers


def test_uploaded_files_stand_beside_those_that_the_document_names():
    document = {"attachments": {"a": "1", "b": "2"}}
    assert jobs.submit(document, attached={"b": "3"}).body == {"attachments": {"a": "1", "b": "3"}}
    assert jobs.submit(document, attached={}).body == document
    assert document == {"attachments": {"a": "1", "b": "2"}}
    with pytest.raises(InvalidError, match="attachments: is no mapping"):
        jobs.submit({"attachments": ["a"]}, attached={"b": "3"})


def test_filters():
    assert jobs.jobs(state=["running", "waiting"], label="a=b", name="x", party="1", owner="o", limit=5).query == (
        ("state", "running"), ("state", "waiting"), ("name", "x"), ("owner", "o"), ("label", "a=b"), ("party", "1"),
        ("limit", "5"),
    )  # fmt: skip
    assert jobs.metrics("a", step="lr", name="auc", party="1", limit=9, after="c").query == (
        ("step", "lr"), ("name", "auc"), ("party", "1"), ("limit", "9"), ("after", "c"),
    )  # fmt: skip
    assert jobs.outputs("a", step="lr").query == (("step", "lr"),)


def test_events_are_asked_for_as_json():
    call = jobs.list_events("a", after=3)
    assert (call.path, call.query, call.headers) == (
        "/jobs/a/events",
        (("after", "3"),),
        {"Accept": "application/json"},
    )
    assert call.after("9").headers == call.headers


@pytest.mark.parametrize("key", ["schl\u00fcssel", "a\nb"])
def test_a_key_that_no_header_can_hold_is_found_out_here(key):
    with pytest.raises(InvalidError, match="idempotency key: has 1 to 200 printable ASCII characters") as refused:
        jobs.submit({"name": "x"}, attached={}, idempotency_key=key)
    assert refused.value.status == 0
