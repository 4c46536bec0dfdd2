import pytest

from api.dialects.fate.routes import job_access
from tests.api.dialects.fate.routes.job_forms import make_toy


@pytest.fixture
async def jobs(gateway, fate, offers):
    """The ids of two FATE jobs, the first of which has ended, and of a native one."""
    for party in ("9999", "10000"):
        await gateway.hello(party, components=offers)
    first = (await fate.send("job/submit", make_toy()))["jobId"]
    await gateway.run_tasks()
    second = (await fate.send("job/submit", make_toy()))["jobId"]
    return first, second


async def find(fate, **filters):
    return [(row["f_job_id"], row["f_role"]) for row in await fate.ok("job/query", filters)]


async def test_a_job_has_a_row_for_each_role_and_party(fate, jobs):
    first, _ = jobs
    rows = await fate.ok("job/query", {"job_id": first})
    assert [(row["f_role"], row["f_party_id"]) for row in rows] == [("guest", "9999"), ("host", "10000")]
    assert len(rows[0]) == 45
    assert {"f_runtime_conf", "f_dsl"} <= set(rows[0])
    assert (rows[0]["f_progress"], rows[0]["f_status"]) == (100, "success")


async def test_columns_narrow_and_noise_does_not(fate, jobs):
    first, second = jobs
    assert await find(fate, job_id=first, role="guest", party_id=9999, function="query_job") == [(first, "guest")]
    assert await find(fate, job_id=[first, second], role="host") == [(first, "host"), (second, "host")]
    assert await find(fate, status="waiting", is_initiator=1) == [(second, "guest")]
    assert await find(fate, status=["waiting", "success"], role="host", party_id="10000") == [
        (second, "host"),
        (first, "host"),
    ]
    (row,) = await fate.ok("job/query", {"job_id": first, "role": "guest"})
    at = row["f_create_time"]
    assert await find(fate, create_time=[at - 1, at], role="guest") == [(first, "guest")]


async def test_without_any_column_there_is_nothing(fate, jobs):
    for body in ({}, {"function": "query_job", "local": {"role": "guest"}}, {"job_id": None}, {"job_id": "nope"}):
        found = await fate.send("job/query", body)
        assert (found["retcode"], found["retmsg"], found["data"]) == (0, "no job could be found", [])
    assert (await fate.send("job/query"))["data"] == []


async def test_jobs_of_other_dialects_are_seen_too(fate, gateway, jobs):
    native = await gateway.submit(token="lead", steps=[{"name": "read", "component": "noop"}])
    headers = {"Authorization": f"Bearer {gateway.tokens['lead']}"}
    found = await fate.send("job/query", {"job_id": native}, headers=headers)
    assert [row["f_dsl"]["components"]["read"]["module"] for row in found["data"]] == ["noop", "noop"]
    stranger = {"Authorization": f"Bearer {gateway.tokens['stranger']}"}
    assert (await fate.send("job/query", {"job_id": native}, headers=stranger))["data"] == []


async def test_the_config_is_what_was_submitted(fate, jobs):
    first, _ = jobs
    found = await fate.ok("job/config", {"job_id": first, "role": "guest", "party_id": 9999, "output_path": "/tmp"})
    assert found["job_id"] == first
    assert found["dsl"] == make_toy()["job_dsl"]
    assert found["runtime_conf"]["role"] == {"guest": [9999], "host": [10000]}
    assert found["train_runtime_conf"] == {}
    assert found["model_info"]["model_version"] == first
    assert (await fate.refused("job/config", {"job_id": first, "role": "guest", "party_id": 10000}))[0] == 101
    assert (await fate.refused("job/config", {"job_id": "nope", "role": "guest", "party_id": 1}))[0] == 101
    assert (await fate.refused("job/config", {}))[0] == 101


async def test_a_list_is_a_page_with_a_count_and_partners(fate, jobs):
    first, second = jobs
    found = await fate.ok("job/list/job", {"limit": 2, "page": 2})
    assert found["count"] == 4
    assert [row["job_id"] for row in found["jobs"]] == [first, first]
    assert {row["party_id"]: row["partners"] for row in found["jobs"]} == {9999: [10000], 10000: [9999]}
    by_status = await fate.ok("job/list/job", {"status": ["waiting"], "role": "guest"})
    assert [row["job_id"] for row in by_status["jobs"]] == [second]
    oldest = await fate.ok("job/list/job", {"order_by": "create_time", "order": "asc", "limit": 1, "partner": 10000})
    assert oldest["jobs"][0]["job_id"] == first
    assert (await fate.ok("job/list/job", {"job_id": first[-6:]}))["count"] == 2
    assert (await fate.ok("job/list/job", {"description": "nothing like it"}))["jobs"] == []


async def test_a_bad_word_is_http_400(fate, jobs):
    for body in [{"status": "done"}, {"role": "boss"}, {"limit": -1}, {"order": "up"}, {"order_by": "nope"}]:
        assert (await fate.refused("job/list/job", body))[0] == 400
        assert fate.status == 400


@pytest.mark.parametrize("path", ["job/query", "job/list/job", "job/task/query", "job/list/task"])
async def test_an_answer_says_where_older_jobs_were_not_looked_at(fate, jobs, monkeypatch, path):
    wanted = {"role": "guest"}
    assert (await fate.send(f"{path}", wanted))["retmsg"] == "success"
    monkeypatch.setattr(job_access, "MOST_JOBS", 1)
    found = await fate.send(path, wanted)
    assert "only the newest 1 jobs were looked at" in found["retmsg"]
    assert jobs[0] not in str(found["data"])
    assert (await fate.send(path, {**wanted, "status": "success"}))["retcode"] == 0
    if path != "job/list/job":
        assert (await fate.send(path, {**wanted, "job_id": jobs[0]}))["retmsg"] == "success"
