"""Poisoned steps over HTTP: who sees them, and who gives them out again."""


async def make_poison(gateway, **given):
    job = await gateway.submit(**given)
    for _ in range(2):
        await gateway.run_tasks("failed", kind="lost", worker_died=True, detail="the log's end")
        with gateway.store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE step SET not_before = NULL, state = 'ready' WHERE state = 'waiting'")
    return job


async def test_poison_is_listed_with_the_reason_and_the_logs_end_and_requeued_by_an_admin(gateway):
    job = await make_poison(gateway)
    items = (await gateway.get("/poisoned", token="member")).json["items"]
    assert {(item["job"], item["job_name"], item["step"], item["attempt"]) for item in items} == {
        (job, "first", "read", 2)
    }
    assert {item["party"] for item in items} == {"9999", "10000"}
    assert all(item["reason"].startswith("poison: the worker of party") for item in items)
    failure = (await gateway.get(f"/tasks/{items[0]['task']}")).json["failure"]
    assert (failure["kind"], failure["detail"]) == ("poison", "the log's end")
    refused = await gateway.post(f"/jobs/{job}/rerun")
    assert (refused.status, "fedrota requeue" in refused.json["error"]["message"]) == (409, True)
    given = await gateway.post(f"/jobs/{job}/requeue", token="org_admin")
    assert (given.status, given.json["state"], given.json["steps"][0]["attempt"]) == (202, "waiting", 3)
    assert (await gateway.get("/poisoned")).json["items"] == []
    await gateway.run_tasks()
    assert (await gateway.get(f"/jobs/{job}")).json["state"] == "success"


async def test_its_owner_alone_may_not_requeue_it_nor_who_is_of_another_project(gateway):
    job = await make_poison(gateway, token="lead")
    assert (await gateway.post(f"/jobs/{job}/requeue", token="lead")).status == 403
    assert (await gateway.post(f"/jobs/{job}/requeue", token="other_org_admin")).status == 403
    assert (await gateway.post(f"/jobs/{job}/requeue", token="stranger")).status == 404
    assert (await gateway.get("/poisoned", token="stranger")).json["items"] == []


async def test_a_job_without_poison_is_not_requeued(gateway):
    job = await gateway.submit()
    answer = await gateway.post(f"/jobs/{job}/requeue")
    assert (answer.status, answer.json["error"]["message"]) == (409, f"no step of job {job} is poison: use a rerun")
    assert (await gateway.post("/jobs/none/requeue")).status == 404
