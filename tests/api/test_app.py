async def test_a_job_runs_from_submit_to_success(gateway) -> None:
    job = await gateway.submit()
    tasks = await gateway.run_tasks()
    assert len(tasks) == 2
    found = (await gateway.get(f"/jobs/{job}")).json
    assert (found["state"], [task["state"] for task in found["steps"][0]["tasks"]]) == ("success", ["success"] * 2)
