import asyncio
import threading

import pytest
import yaml

from api.native import drafts
from api.native.yaml_documents import parse_yaml
from scheduler.domain.access import Role
from tests.api.conftest import issue


def job_document(**changes):
    return {
        "name": "first",
        "parties": {"guest": ["9999"], "host": ["10000"]},
        "steps": [{"name": "read", "component": "noop", "params": {"rounds": 3}}],
        **changes,
    }


def with_step(**changes):
    return job_document(steps=[{"name": "read", "component": "noop", **changes}])


async def test_submitting_makes_a_job_that_looks_as_if_it_were_read(gateway):
    answer = await gateway.post("/jobs", job_document(labels={"team": "risk"}, priority=3, deadline_s=60))
    assert answer.status == 201
    job = answer.json
    assert answer.headers["Location"] == f"/fedrota/v1/jobs/{job['id']}"
    assert (await gateway.get(f"/jobs/{job['id']}")).json == job
    assert job["reason"] == "step read: queued: the scheduler looks at it next"
    assert job["created"].endswith("Z")


async def test_nobody_waits_while_somebody_s_yaml_is_read(gateway, monkeypatch):
    readers = []

    def read(raw):
        readers.append(threading.current_thread())
        return parse_yaml(raw)

    monkeypatch.setattr(drafts, "parse_yaml", read)
    body = yaml.safe_dump(job_document())
    answer = await gateway.call("POST", "/jobs", data=body, headers={"Content-Type": "application/yaml"})
    assert answer.status == 201, answer.json
    assert len(readers) == 1
    assert threading.current_thread() not in readers


async def test_yaml_is_the_same_document(gateway):
    body = yaml.safe_dump(job_document(parties={"guest": [9999], "host": ["10000"]}))
    answer = await gateway.call("POST", "/jobs", data=body, headers={"Content-Type": "application/yaml"})
    assert answer.status == 201, answer.raw
    assert answer.json["parties"] == {"guest": ["9999"], "host": ["10000"]}
    assert (await gateway.get(f"/jobs/{answer.json['id']}/document")).json["parties"]["guest"] == [9999]


async def test_a_key_makes_a_submit_repeatable(gateway):
    first = await gateway.post("/jobs", job_document(), headers={"Idempotency-Key": "k1"})
    again = await gateway.post("/jobs", job_document(), headers={"Idempotency-Key": "k1"})
    other = await gateway.post("/jobs", job_document(name="other"), headers={"Idempotency-Key": "k1"})
    assert (first.status, again.status, other.status) == (201, 200, 409)
    assert first.json["id"] == again.json["id"]
    assert "use a new key" in other.json["error"]["message"]


async def test_two_submits_with_one_key_at_once_make_one_job(gateway):
    answers = await asyncio.gather(
        *(gateway.post("/jobs", job_document(), headers={"Idempotency-Key": "k2"}) for _ in range(8))
    )
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


async def test_a_dry_run_stores_nothing(gateway):
    answer = await gateway.post("/jobs?dry_run=true", job_document())
    assert (answer.status, answer.json["id"], answer.json["steps"][0]["id"]) == (200, "", "")
    assert (await gateway.get("/jobs")).json["items"] == []


@pytest.mark.parametrize(
    ("document", "where", "said"),
    [
        (job_document(parties={"guest": ["9998"]}), "parties.guest.0", "not registered"),
        (job_document(parties={}), "parties", "at least 1"),
        (job_document(steps=[]), "steps", "at least 1"),
        (job_document(nam="x"), "nam", "no such field"),
        (job_document(priority=11), "priority", "less than or equal to 10"),
        (job_document(priority="1"), "priority", "integer"),
        (job_document(deadline_s=0), "deadline_s", "greater than 0"),
        (job_document(deadline_s=10**300), "deadline_s", "less than"),
        (job_document(labels={"a b": "x"}), "labels.a b", "pattern"),
        (with_step(component="nope"), "steps.0.component", "offers no component 'nope'"),
        (with_step(params={"rounds": 0}), "steps.0.params.rounds", "minimum"),
        (with_step(params={"round": 1}), "steps.0.params.round", "no such parameter"),
        (with_step(overrides={"guest": {"rounds": "x"}}), "steps.0.params.rounds", "not of type"),
        (with_step(overrides={"gast": {}}), "steps.0.overrides.gast", "no role"),
        (with_step(needs=["scale"]), "steps.0.needs.0", "no step 'scale'"),
        (with_step(needs=["read"]), "steps", "circle"),
        (with_step(inputs={"data": "read"}), "steps.0.inputs.data", "step.output"),
        (with_step(roles=["arbiter"]), "steps.0.roles.0", "no role"),
        (with_step(command=["x"]), "steps.0", "exactly one"),
        (with_step(image="x"), "steps.0", "belong to a command"),
        (with_step(retry={"attempts": 0}), "steps.0.retry.attempts", "greater than or equal to 1"),
        (with_step(timeout_s=-1), "steps.0.timeout_s", "greater than 0"),
        (job_document(steps=[{"name": "a"}]), "steps.0", "exactly one"),
        (job_document(steps=[{"name": "a b", "component": "noop"}]), "steps.0.name", "pattern"),
        (job_document(steps=[{"name": "a", "component": "noop"}] * 2), "steps.1.name", "there already"),
        ([], "body", "no object"),
        ("text", "body", "no object"),
    ],
)
async def test_what_is_wrong_is_named_with_its_place(gateway, document, where, said):
    answer = await gateway.post("/jobs", document)
    assert answer.status == 422
    assert said in answer.problems[where], answer.problems
    assert (await gateway.get("/jobs")).json["items"] == []


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        (b"", 400, "is empty"),
        (b"{", 400, "not JSON"),
        (b'{"name": "\xff"}', 400, "not UTF-8"),
        (b'{"name": NaN}', 400, "NaN"),
        (b'{"name": "a", "name": "b"}', 400, "stands twice"),
        (b'{"name": "a\\u0000"}', 422, "NUL"),
        (b'{"a":' * 50 + b"1" + b"}" * 50, 422, "deeper than 32"),
        (b"[" * 200_000, 422, "deeper than 32"),
    ],
)
async def test_a_body_that_cannot_be_read(gateway, raw, status, said):
    answer = await gateway.call("POST", "/jobs", data=raw, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.json["error"]["code"]) == (status, "invalid")
    assert said in answer.json["error"]["message"]


async def test_ten_megabytes_are_too_large(gateway):
    answer = await gateway.call("POST", "/jobs", data=b" " * (10 << 20))
    assert (answer.status, answer.json["error"]["code"]) == (413, "too_large")

    async def chunks():
        for _ in range(10):
            yield b" " * (1 << 20)

    answer = await gateway.call("POST", "/jobs", data=chunks())
    assert answer.status == 413


async def test_lists_are_filtered_and_paged(gateway):
    ids = [await gateway.submit(name=f"job-{number}", labels={"n": str(number % 2)}) for number in range(5)]
    await gateway.submit(name="50%", token="lead")
    assert [job["id"] for job in (await gateway.get("/jobs?owner=admin&limit=1000")).json["items"]] == ids[::-1]
    assert [job["name"] for job in (await gateway.get("/jobs?name=%25")).json["items"]] == ["50%"]
    assert len((await gateway.get("/jobs?label=n%3D1")).json["items"]) == 2
    assert len((await gateway.get("/jobs?state=waiting&state=failed")).json["items"]) == 6
    assert (await gateway.get("/jobs?state=failed")).json["items"] == []
    assert len((await gateway.get("/jobs?party=9999")).json["items"]) == 6
    page = (await gateway.get("/jobs?limit=4")).json
    rest = (await gateway.get(f"/jobs?limit=4&after={page['next']}")).json
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (4, 2, None)


@pytest.mark.parametrize(
    "query", ["state=open", "limit=0", "limit=1001", "after=%21", "after=W10", "label=x", "colour=red"]
)
async def test_a_wrong_filter_is_named(gateway, query):
    answer = await gateway.get(f"/jobs?{query}")
    assert answer.status == 422
    assert query.partition("=")[0] in next(iter(answer.problems))


async def test_stopping_stops_and_a_second_time_conflicts(gateway):
    job = await gateway.submit()
    stopped = await gateway.post(f"/jobs/{job}/stop", {"reason": "enough"})
    assert (stopped.status, stopped.json["state"], stopped.json["reason"]) == (202, "canceled", "enough")
    again = await gateway.post(f"/jobs/{job}/stop")
    assert (again.status, again.json["error"]["code"]) == (409, "conflict")


async def test_a_running_task_is_told_to_stop_through_its_channel(gateway, connected_party):
    job = await gateway.submit(parties={"guest": ["9999"]})
    (knock,) = gateway.dispatch()["9999"]
    await gateway.sync("9999", claims=[{"task": knock.task, "seq": knock.seq}])
    answer = await gateway.post(f"/jobs/{job}/stop")
    assert (answer.json["state"], answer.json["stopping"]) == ("running", True)
    async with asyncio.timeout(60):
        while not connected_party.stops:
            await asyncio.sleep(0.01)
    assert connected_party.stops == [(knock.task, knock.seq, "canceled")]


async def test_an_ended_job_is_rerun_cloned_and_deleted(gateway):
    job = await gateway.submit()
    assert (await gateway.post(f"/jobs/{job}/rerun")).status == 409
    assert (await gateway.call("DELETE", f"/jobs/{job}")).status == 409
    await gateway.run_tasks("failed", kind="error", message="it broke")
    failed = (await gateway.get(f"/jobs/{job}")).json
    assert (failed["state"], failed["steps"][0]["tasks"][0]["failure"]["message"]) == ("failed", "it broke")
    rerun = await gateway.post(f"/jobs/{job}/rerun", {"from_step": "read"})
    assert (rerun.status, rerun.json["state"], rerun.json["steps"][0]["attempt"]) == (202, "waiting", 2)
    clone = await gateway.post(f"/jobs/{job}/clone", {"name": "copy", "params": {"read": {"rounds": 9}}})
    assert (clone.status, clone.json["name"], clone.json["steps"][0]["params"]) == (201, "copy", {"rounds": 9})
    assert (await gateway.post(f"/jobs/{job}/clone", {"params": {"nope": {}}})).status == 404
    wrong = await gateway.post(f"/jobs/{job}/clone", {"params": {"read": {"rounds": 0}}})
    assert "steps.0.params.rounds" in wrong.problems
    await gateway.post(f"/jobs/{job}/stop")
    assert (await gateway.call("DELETE", f"/jobs/{job}")).status == 204
    assert (await gateway.get(f"/jobs/{job}")).status == 404


async def test_a_user_has_a_limit_of_open_jobs(serve):
    gateway = await serve(open_jobs_per_user=1)
    await gateway.hello("9999")
    await gateway.hello("10000")
    await gateway.submit()
    answer = await gateway.post("/jobs", job_document())
    assert (answer.status, answer.json["error"]["code"], answer.headers["Retry-After"]) == (429, "busy", "5")
    assert (await gateway.post("/jobs", job_document(), token="lead")).status == 201


async def test_it_is_the_same_on_postgresql(postgres_url, serve):
    gateway = await serve(database_url=postgres_url)
    await gateway.hello("9999")
    await gateway.hello("10000")
    answer = await gateway.post("/jobs", job_document(labels={"a": "b"}))
    job = answer.json["id"]
    assert (await gateway.get(f"/jobs/{job}")).json == answer.json
    await gateway.run_tasks(summary={"auc": 0.9})
    assert (await gateway.get(f"/jobs/{job}")).json["state"] == "success"
    assert [item["id"] for item in (await gateway.get("/jobs?label=a%3Db&name=FIR")).json["items"]] == [job]
    assert (await gateway.get("/jobs/%00")).status == 404
    assert (await gateway.get("/jobs?name=%00")).status == 422


@pytest.mark.parametrize("elsewhere", [{"org": "hq", "project": "p2"}, {"org": "other", "project": "p1"}])
async def test_a_namesake_elsewhere_uses_the_same_key_for_a_job_of_their_own(gateway, elsewhere):
    here = issue(gateway.store, "ci", role=Role.LEAD, org="hq", project="p1")
    there = issue(gateway.store, "ci", role=Role.LEAD, **elsewhere)
    headers = {"Idempotency-Key": "release-1"}
    first = await gateway.post("/jobs", job_document(), token=here, headers=headers)
    second = await gateway.post("/jobs", job_document(), token=there, headers=headers)
    assert (first.status, second.status) == (201, 201)
    assert second.json["project"] == elsewhere["project"]
    again = await gateway.post("/jobs", job_document(), token=there, headers=headers)
    assert (again.status, again.json["id"]) == (200, second.json["id"])
