import asyncio

from api.app import make_app
from config.settings import Settings


async def test_a_job_runs_from_submit_to_success(gateway):
    job = await gateway.submit()
    tasks = await gateway.run_tasks()
    assert len(tasks) == 2
    found = (await gateway.get(f"/jobs/{job}")).json
    assert (found["state"], [task["state"] for task in found["steps"][0]["tasks"]]) == ("success", ["success"] * 2)


async def test_a_chain_goes_on_from_report_to_report(gateway):
    steps = [
        {"name": "a", "component": "noop"},
        {"name": "b", "component": "noop", "inputs": {"data": "a.data"}},
        {"name": "c", "component": "noop", "needs": ["b"]},
    ]
    job = await gateway.submit(steps=steps)
    for _ in steps:
        assert len(await gateway.run_tasks()) == 2
    assert (await gateway.get(f"/jobs/{job}")).json["state"] == "success"


async def test_two_gateways_share_one_store(serve):
    one, two = await serve(), await serve()
    for party in ("9999", "10000"):
        await one.hello(party)
    jobs = await asyncio.gather(*(gateway.submit() for gateway in (one, two) for _ in range(5)))
    assert {job["id"] for job in (await two.get("/jobs?limit=100")).json["items"]} == set(jobs)


async def test_what_was_accepted_survives_an_orderly_end(serve):
    one = await serve()
    for party in ("9999", "10000"):
        await one.hello(party)
    submits = [asyncio.create_task(one.submit(name=f"job-{number}")) for number in range(20)]
    await asyncio.gather(*submits)
    await one.server.close()
    two = await serve()
    assert len((await two.get("/jobs?limit=100")).json["items"]) == 20


def test_making_an_app_opens_nothing(tmp_path):
    make_app(Settings(state_dir=tmp_path / "none", broker_url="redis://127.0.0.1:1/0"))
    assert not (tmp_path / "none").exists()
