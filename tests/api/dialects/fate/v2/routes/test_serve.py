import json
from pathlib import Path

import pytest

from api.dialects.fate.v2.routes.serve import SUBJECTS


def test_no_route_is_served_twice():
    paths = [(path, method) for subject in SUBJECTS for path, answers in subject.items() for method in answers]
    assert len(paths) == len(set(paths))


def test_every_route_that_the_client_sends_is_served():
    served = {f"{method} {path}" for subject in SUBJECTS for path, answers in subject.items() for method in answers}
    assert set(json.loads((Path(__file__).parent / "sent.json").read_text())) == served


async def test_what_is_not_there_is_told_in_the_envelope(flow):
    found = await flow.get("job/none")
    assert (found["code"], found["message"]) == (6003, "there is no /v2/job/none here")
    found = await flow.get("job/submit")
    assert (found["code"], found["message"]) == (6003, "/v2/job/submit knows no GET")


async def test_a_defect_is_told_in_the_envelope_and_explained_in_the_log_only(flow, monkeypatch):
    monkeypatch.setattr("api.dialects.fate.v2.routes.providers.list_servers", lambda _: 1 / 0)
    found = await flow.get("server/fateflow")
    assert (found["code"], flow.status) == (6000, 500)
    assert "ZeroDivision" not in found["message"]


@pytest.mark.parametrize("body", [b"[1]", b"\xff", b"{", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused_in_one_line(flow, body):
    found = await flow.send("POST", "job/submit", data=body)
    assert (found["code"], flow.status) == (5001, 200)


async def test_a_wrong_signature_is_refused(flow):
    headers = {"appId": "nobody", "Nonce": "1", "Timestamp": "1", "Signature": "x"}
    found = await flow.send("GET", "site/info/query", None, headers=headers)
    assert found["code"] == 5003
