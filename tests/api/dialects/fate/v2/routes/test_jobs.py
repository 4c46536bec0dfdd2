from tests.api.dialects.fate.v2.dags import toy, train


async def status(flow, job):
    (found,) = {row["status"] for row in (await flow.get("job/query", job_id=job))["data"]}
    return found


async def test_a_dag_is_a_job_of_every_interface(offered):
    found = await offered.post("job/submit", dag_schema=train(epochs=3))
    job = found["job_id"]
    assert found["data"] == {"model_id": "arbiter-10000#guest-9999#host-10000#model", "model_version": job}
    native = (await offered.gateway.get(f"/jobs/{job}")).json
    steps = (await offered.gateway.get(f"/jobs/{job}/steps")).json["items"]
    assert native["dialect"] == "fate"
    assert [step["name"] for step in steps] == ["reader_0", "psi_0", "lr_0", "evaluation_0"]
    rows = await offered.first("job/query", job_id=job)
    assert rows[0]["f_dsl"]["components"]["lr_0"]["module"] == "HeteroLR"
    where = {"job_id": job, "role": "guest", "party_id": "9999", "component_name": "lr_0"}
    params = await offered.first("tracking/component/parameters", **where)
    assert params["ComponentParam"]["max_iter"] == 3


async def test_a_refused_dag_says_what_to_change(offered):
    assert (await offered.post("job/submit"))["code"] == 5001
    found = await offered.post("job/submit", dag_schema=toy(data_nom=1))
    assert (found["code"], "Did you mean 'data_num'" in found["message"]) == (1002, True)
    found = await offered.post("job/submit", dag_schema=toy(data_num=0))
    assert found["code"] == 1002
    assert "component toy_0 params.length: 0 is less than the minimum" in found["message"]
    loop = toy()
    loop["dag"]["tasks"]["toy_0"]["dependent_tasks"] = ["toy_0"]
    assert "form a loop" in (await offered.post("job/submit", dag_schema=loop))["message"]
    found = await offered.post("job/submit", "member", dag_schema=toy())
    assert found["code"] == 5005


async def test_a_job_is_stopped_run_again_noted_and_forgotten(offered):
    job = await offered.submit(toy())
    for _ in range(2):
        assert (await offered.post("job/stop", job_id=job))["code"] == 0
        assert await status(offered, job) == "canceled"
    assert (await offered.post("job/rerun", job_id=job))["code"] == 0
    assert await status(offered, job) == "waiting"
    found = await offered.post("job/notes/add", job_id=job, role="guest", party_id="9999", notes="mine")
    assert found["code"] == 0
    assert (await offered.get("job/query", job_id=job))["data"][0]["description"] == "mine"
    found = await offered.post("job/queue/clean")
    assert found["data"] == {job: 0}
    assert await status(offered, job) == "canceled"
    assert (await offered.post("job/clean", job_id=job))["code"] == 0


async def test_what_is_not_there_has_a_code_of_its_own(offered):
    for path in ("job/stop", "job/rerun", "job/clean"):
        assert (await offered.post(path, job_id="1"))["code"] == 1001, path
        assert (await offered.post(path))["code"] == 5001, path
