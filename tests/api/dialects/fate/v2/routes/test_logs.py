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
    asked = {"log_type": "jobSchedule", "job_id": trained}
    size = (await flow.get("log/count", **asked))["data"]["size"]
    assert size > 5
    found = (await flow.get("log/query", begin=2, end=3, **asked))["data"]
    assert [line["line_num"] for line in found] == [2, 3]
    assert (await flow.get("log/count", log_type="none", job_id=trained))["code"] == 5001
    assert (await flow.get("log/count", job_id=trained))["code"] == 5001
