async def test_steps_and_attempts(gateway):
    job = await gateway.submit()
    await gateway.run_tasks("failed", kind="error", message="it broke")
    await gateway.post(f"/jobs/{job}/rerun")
    (step,) = (await gateway.get(f"/jobs/{job}/steps")).json["items"]
    assert (await gateway.get(f"/jobs/{job}/steps/read")).json == step
    assert (step["attempt"], step["attempts_allowed"]) == (2, 3)
    first, second = (await gateway.get(f"/jobs/{job}/steps/read/attempts")).json["items"]
    assert (first["state"], second["state"]) == ("failed", "waiting")
    assert first["reason"].endswith("it broke")
    assert (await gateway.get(f"/jobs/{job}/steps/none")).status == 404
