async def test_only_jobs_that_the_caller_may_see_are_read(fate, gateway):
    job = await gateway.submit(token="lead")
    found = await fate.send("job/list/job", {}, headers={"Authorization": f"Bearer {gateway.tokens['lead']}"})
    assert {row["job_id"] for row in found["data"]["jobs"]} == {job}
    stranger = {"Authorization": f"Bearer {gateway.tokens['stranger']}"}
    assert (await fate.send("job/list/job", {}, headers=stranger))["data"] == {"count": 0, "jobs": []}
    assert (await fate.send("job/stop", {"job_id": job}, headers=stranger))["retcode"] == 102
