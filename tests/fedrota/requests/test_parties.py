"""The requests about parties, queues and components."""

import pytest

from fedrota.requests import parties


@pytest.mark.parametrize(
    ("call", "line", "body"),
    [
        (parties.parties(), "GET /parties", None),
        (parties.party("1"), "GET /parties/1", None),
        (parties.create_party("1"), "POST /parties", {"id": "1"}),
        (parties.create_party("1", org="o", slots=2), "POST /parties", {"id": "1", "org": "o", "slots": 2}),
        (parties.set_slots("1", 3), "PATCH /parties/1", {"slots": 3}),
        (parties.set_org("1", "o"), "PATCH /parties/1", {"org": "o"}),
        (parties.delete_party("1"), "DELETE /parties/1", None),
        (parties.drain("1"), "POST /parties/1/drain", None),
        (parties.resume("1"), "POST /parties/1/resume", None),
        (parties.queues(), "GET /queues", None),
        (parties.components(), "GET /components", None),
        (parties.component("c"), "GET /components/c", None),
    ],
)
def test_line_and_body(call, line, body):
    assert f"{call.method} {call.path}" == line
    assert call.body == body
