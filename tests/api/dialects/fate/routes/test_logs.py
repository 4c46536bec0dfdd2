import pytest


async def find(site, path="cat", **body):
    return await site.post(f"/log/{path}", body)


@pytest.fixture
async def logged(site, trained):
    """An ended job whose first component has written three lines."""
    detail = (await site.gateway.get(f"/jobs/{trained}")).json
    task = next(step["tasks"][0]["id"] for step in detail["steps"] if step["name"] == "reader_0")
    log = site.workdir.log(task, 1)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("one\ntwo\nthree\n")
    return trained


async def test_a_components_lines_are_counted_and_cut(site, logged):
    place = {"job_id": logged, "role": "guest", "party_id": 9999, "component_name": "reader_0"}
    assert (await find(site, "size", log_type="componentInfo", **place))["data"] == {"size": 3}
    lines = (await find(site, log_type="componentInfo", begin=2, end=3, **place))["data"]
    assert lines == [{"line_num": 2, "content": "two"}, {"line_num": 3, "content": "three"}]
    assert len((await find(site, log_type="partyInfo", **place))["data"]) == 3
    other = {**place, "role": "host"}
    assert (await find(site, log_type="componentInfo", **other))["data"] == []


async def test_the_jobs_own_log_is_what_happened_to_it(site, logged):
    lines = [line["content"] for line in (await find(site, log_type="jobSchedule", job_id=logged))["data"]]
    assert any("reader_0 guest 9999" in line and "-> success" in line for line in lines)
    assert (await find(site, "size", log_type="jobScheduleError", job_id=logged))["data"] == {"size": 0}


async def test_what_failed_is_the_error_log(site):
    job = await site.gateway.submit(parties={"guest": ["9999"]}, steps=[{"name": "read", "component": "noop"}])
    await site.gateway.run_tasks("failed", kind="error", message="no such column", detail="line 3")
    place = {"job_id": job, "role": "guest", "party_id": "9999"}
    assert (await find(site, log_type="partyError", **place))["data"] == [
        {"line_num": 1, "content": "read: no such column"}
    ]
    assert (await find(site, log_type="partyWarning", **place))["data"] == []
    errors = (await find(site, log_type="jobScheduleError", job_id=job))["data"]
    assert any("-> failed" in line["content"] for line in errors)


async def test_what_is_wrong_is_told(site):
    for body, why in [
        ({}, "log_type"),
        ({"log_type": "jobSchedule"}, "job_id"),
        ({"log_type": "gossip", "job_id": "1"}, "there is no log type 'gossip'"),
        ({"log_type": "jobSchedule", "job_id": "1"}, "there is no job '1'"),
        ({"log_type": "jobSchedule", "job_id": "1", "begin": 0}, "begin must be the number of a line"),
        ({"log_type": "jobSchedule", "job_id": "1", "end": "x"}, "end must be the number of a line"),
    ]:
        found = await find(site, **body)
        assert (found["retcode"], why in found["retmsg"]) == (101, True), found


async def test_a_party_that_is_away_cannot_be_read(site):
    job = await site.gateway.submit(parties={"guest": ["10000"]})
    await site.gateway.run_tasks()
    found = await find(site, log_type="partyInfo", job_id=job, role="guest", party_id="10000")
    assert found["retcode"] == 105
