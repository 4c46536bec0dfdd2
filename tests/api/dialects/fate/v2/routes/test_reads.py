import pytest

from api.dialects.fate.routes import job_access
from tests.api.dialects.fate.v2.dags import toy


async def test_jobs_are_found_by_their_columns(offered):
    job = await offered.submit(toy())
    found = await offered.get("job/query", job_id=job, role="host", party_id="10000", status="waiting")
    (row,) = found["data"]
    assert (row["party_id"], row["progress"], row["initiator_party_id"]) == ("10000", 0, "9999")
    assert row["dag"] == toy()
    assert row["parties"] == toy()["dag"]["parties"]
    assert (await offered.get("job/query", job_id=job, status="success"))["code"] == 1001
    assert (await offered.get("job/query", "stranger", job_id=job))["code"] == 1001


async def test_tasks_are_found_by_their_columns(offered):
    job = await offered.submit(toy())
    found = await offered.get("job/task/query", job_id=job, role="guest", task_name="toy_0")
    (row,) = found["data"]
    assert (row["task_name"], row["component"], row["status"], row["task_version"]) == (
        "toy_0",
        "toy_example",
        "waiting",
        0,
    )
    assert (await offered.get("job/task/query", job_id="1"))["code"] == 2000


async def test_a_native_job_is_a_dag_too(flow):
    job = await flow.gateway.submit()
    (row, _) = (await flow.get("job/query", job_id=job))["data"]
    assert row["dag"]["dag"]["tasks"]["read"] == {"component_ref": "noop", "parameters": {"rounds": 3}}
    tasks = (await flow.get("job/task/query", job_id=job))["data"]
    assert {(each["task_name"], each["component"]) for each in tasks} == {("read", "noop")}


async def test_pages_are_ordered_and_narrowed(offered):
    jobs = [await offered.submit(toy()) for _ in range(3)]
    found = (await offered.get("job/list/query", limit=2, page=1, role="guest"))["data"]
    assert (found["count"], [row["job_id"] for row in found["data"]]) == (3, jobs[:0:-1])
    found = (await offered.get("job/list/query", role="guest", order_by="create_time", order="asc", partner="10000"))[
        "data"
    ]
    assert [row["job_id"] for row in found["data"]] == jobs
    assert (await offered.get("job/list/query", partner="1"))["data"]["count"] == 0
    assert (await offered.get("job/list/query", role="judge"))["code"] == 5001
    found = (await offered.get("job/task/list/query", job_id=jobs[0], limit=1))["data"]
    assert (found["count"], len(found["data"])) == (2, 1)
    assert (await offered.get("job/list/query", page="x"))["code"] == 5001


async def test_the_graph_of_a_job(offered):
    job = await offered.submit(toy())
    found = await offered.get("job/dag/dependency", job_id=job, role="guest", party_id="9999")
    assert found["data"]["component_list"] == ["toy_0"]
    assert (await offered.get("job/dag/dependency", job_id=job))["code"] == 5001


async def test_an_upload_is_found_under_whatever_role_the_pipeline_asks_for(site, flow):
    table = {"namespace": "n", "table_name": "t", "head": 1, "partition": 1, "party_id": 9999}
    job = (await site.upload(b"id,x\n1,2\n", **table))["jobId"]
    found = await flow.get("job/query", job_id=job, role="guest", party_id="9999")
    assert found["data"][0]["role"] == "local"


@pytest.mark.parametrize("path", ["job/query", "job/list/query", "job/task/query", "job/task/list/query"])
async def test_an_answer_says_where_older_jobs_were_not_looked_at(offered, monkeypatch, path):
    jobs = [await offered.submit(toy()) for _ in range(2)]
    assert (await offered.get(path, role="guest"))["message"] == "success"
    monkeypatch.setattr(job_access, "MOST_JOBS", 1)
    found = await offered.get(path, role="guest")
    assert (found["code"], "only the newest 1 jobs were looked at" in found["message"]) == (0, True)
    assert jobs[0] not in str(found["data"])
    assert (await offered.get(path, role="guest", job_id=jobs[0]))["message"] == "success"
