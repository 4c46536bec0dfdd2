import pytest

from api.dialects.fate.v2.errors import FlowError
from api.dialects.fate.v2.requests.members import need


def test_what_is_missing_is_named_all_at_once():
    assert need({"job_id": 20, "role": "guest"}, "job_id", "role") == ["20", "guest"]
    with pytest.raises(FlowError, match=r"missing: role, party_id$") as wrong:
        need({"job_id": "1", "role": ""}, "job_id", "role", "party_id")
    assert wrong.value.number == 5001


async def test_a_query_and_a_body_say_the_same(offered):
    for found in (
        await offered.get("job/query", job_id="1"),
        await offered.send("GET", "job/query", json={"job_id": "1"}),
    ):
        assert found["code"] == 1001
    found = await offered.send("POST", "job/submit", data=b"[1]")
    assert (found["code"], found["message"]) == (5001, "the body must be a JSON object, not a list")
