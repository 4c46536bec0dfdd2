import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.routes.job_access import list_texts, need


def test_what_is_missing_is_named_together():
    assert need({"job_id": 7, "role": "guest"}, "job_id", "role") == ["7", "guest"]
    with pytest.raises(FateError, match="required argument are missing: job_id,role; ") as refused:
        need({"role": ""}, "job_id", "role")
    assert refused.value.retcode == 101


def test_one_and_several_are_texts():
    assert [list_texts(each) for each in (None, "", "a", 1, ["a", 2])] == [[], [], ["a"], ["1"], ["a", "2"]]


async def test_only_jobs_that_the_caller_may_see_are_read(fate, gateway):
    job = await gateway.submit(token="lead")
    found = await fate.send("job/list/job", {}, headers={"Authorization": f"Bearer {gateway.tokens['lead']}"})
    assert {row["job_id"] for row in found["data"]["jobs"]} == {job}
    stranger = {"Authorization": f"Bearer {gateway.tokens['stranger']}"}
    assert (await fate.send("job/list/job", {}, headers=stranger))["data"] == {"count": 0, "jobs": []}
    assert (await fate.send("job/stop", {"job_id": job}, headers=stranger))["retcode"] == 102
