import io
import tarfile


async def test_logs_come_as_the_archive_that_the_client_opens(flow, trained):
    assert await flow.send("POST", "job/log/download", json={"job_id": trained}) is None
    assert flow.media == "application/gzip"
    with tarfile.open(fileobj=io.BytesIO(flow.raw), mode="r:gz") as tar:
        assert "guest/9999/INFO.log" in tar.getnames()
    found = await flow.post("job/log/download", job_id="1")
    assert (found["code"], flow.media) == (1001, "application/json")


async def test_lines_are_counted_and_shown(flow, trained):
    asked = {"log_type": "schedule_info", "job_id": trained}
    size = (await flow.get("log/count", **asked))["data"]["size"]
    assert size > 5
    found = (await flow.get("log/query", begin=2, end=3, **asked))["data"]
    assert [line["line_num"] for line in found] == [2, 3]
    assert (await flow.get("log/count", log_type="none", job_id=trained))["code"] == 5001
    assert (await flow.get("log/count", job_id=trained))["code"] == 5001
    assert (await flow.get("log/count", **{**asked, "log_type": "jobSchedule"}))["data"]["size"] == size


async def test_a_task_has_a_log_of_its_own(flow):
    job = await flow.gateway.submit(parties={"guest": ["9999"]}, steps=[{"name": "read", "component": "noop"}])
    await flow.gateway.run_tasks("failed", kind="error", message="no such column")
    place = {"job_id": job, "role": "guest", "party_id": "9999"}
    line = {"line_num": 1, "content": "read: no such column"}
    for name, lines in (("", [line]), ("read", [line]), ("other", [])):
        assert (await flow.get("log/query", log_type="task_error", task_name=name, **place))["data"] == lines
    assert (await flow.get("log/query", log_type="task_warning", **place))["data"] == []
    errors = (await flow.get("log/query", log_type="schedule_error", job_id=job))["data"]
    assert any("-> failed" in each["content"] for each in errors)
    refused = await flow.get("log/count", log_type="task_info", job_id=job)
    assert (refused["code"], "role" in refused["message"]) == (5001, True)
