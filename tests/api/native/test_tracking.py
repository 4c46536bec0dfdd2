async def test_what_tasks_leave_behind(gateway):
    job = await gateway.submit(parties={"guest": ["9999"]})
    (knock,) = gateway.dispatch()["9999"]
    me = {"task": knock.task, "seq": knock.seq}
    await gateway.sync("9999", claims=[me])
    points = [{"name": "loss", "step": number, "value": 1 / (number + 1), "at": 1.0} for number in range(3)]
    beats = [{**me, "progress": 0.5, "log_size": 7, "batch": 1, "metrics": points}]
    await gateway.sync("9999", beats=beats)
    await gateway.sync("9999", beats=beats)  # a repeat adds nothing
    output = {"name": "model", "kind": "model", "size": 3, "sha256": "ab", "facts": {"rounds": 3}}
    await gateway.sync("9999", reports=[{**me, "outcome": "success", "summary": {"auc": 0.9}, "outputs": [output]}])

    page = (await gateway.get(f"/jobs/{job}/metrics?limit=2")).json
    rest = (await gateway.get(f"/jobs/{job}/metrics?limit=2&after={page['next']}")).json
    assert [(point["x"], point["value"]) for point in (*page["items"], *rest["items"])] == [
        (0, 1.0),
        (1, 0.5),
        (2, 1 / 3),
    ]
    assert (
        page["items"][0].items()
        >= {"step": "read", "role": "guest", "party": "9999", "attempt": 1, "name": "loss"}.items()
    )
    assert (await gateway.get(f"/jobs/{job}/metrics?name=acc")).json["items"] == []
    (summary,) = (await gateway.get(f"/jobs/{job}/summaries")).json["items"]
    assert summary["values"] == {"auc": 0.9}
    (found,) = (await gateway.get(f"/jobs/{job}/outputs?step=read")).json["items"]
    assert found.items() >= {**output, "task": knock.task}.items()
    assert (await gateway.get(f"/jobs/{job}/outputs?step=other")).json["items"] == []
