"""Route by role by whose thing it is: what each caller gets."""

import pytest

ALL = ("admin", "org_admin", "lead", "member", "other_org_admin", "other_lead", "stranger")


async def ended_job(gateway, owner="lead"):
    job = await gateway.submit(token=owner)
    await gateway.run_tasks("failed", kind="error", message="x")
    return job


def expect(**found):
    """Statuses by caller."""
    return found


OWN = {"admin": 2, "org_admin": 2, "lead": 2, "member": 403, "other_org_admin": 403, "other_lead": 403, "stranger": 404}
READ = {**dict.fromkeys(ALL, 2), "stranger": 404}
# Parties belong to organisations, not to projects.
PARTY_READ = dict.fromkeys(ALL, 2)
PARTY_CONTROL = {
    "admin": 2,
    "org_admin": 2,
    "lead": 403,
    "member": 403,
    "other_org_admin": 403,
    "other_lead": 403,
    "stranger": 2,
}

MATRIX = [
    ("GET", "/jobs/{job}", None, READ),
    ("GET", "/jobs/{job}/document", None, READ),
    ("GET", "/jobs/{job}/events", None, READ),
    ("GET", "/jobs/{job}/steps", None, READ),
    ("GET", "/jobs/{job}/steps/read", None, READ),
    ("GET", "/jobs/{job}/steps/read/attempts", None, READ),
    ("GET", "/jobs/{job}/metrics", None, READ),
    ("GET", "/jobs/{job}/summaries", None, READ),
    ("GET", "/jobs/{job}/outputs", None, READ),
    ("GET", "/tasks/{job}-0-1-0", None, READ),
    ("POST", "/jobs/{job}/rerun", {}, OWN),
    ("POST", "/jobs/{job}/clone", {}, {**READ, "member": 403}),
    ("DELETE", "/jobs/{job}", None, OWN),
    ("GET", "/parties/9999", None, PARTY_READ),
    ("PATCH", "/parties/9999", {"slots": 3}, PARTY_CONTROL),
    ("POST", "/parties/9999/drain", None, PARTY_CONTROL),
    ("POST", "/parties/9999/resume", None, PARTY_CONTROL),
    ("POST", "/parties", {"id": "new"}, {**dict.fromkeys(ALL, 403), "admin": 2, "stranger": 2}),
    ("DELETE", "/parties/9999", None, {**dict.fromkeys(ALL, 403), "admin": 2, "stranger": 2}),
    ("GET", "/tokens", None, {**dict.fromkeys(ALL, 2), "lead": 403, "member": 403, "other_lead": 403}),
    ("POST", "/tokens", {"kind": "user", "name": "n", "role": "member"},
     {**dict.fromkeys(ALL, 2), "lead": 403, "member": 403, "other_lead": 403}),
    ("POST", "/tokens", {"kind": "user", "name": "n", "role": "project_admin"},
     {**dict.fromkeys(ALL, 403), "admin": 2, "stranger": 2}),
    ("POST", "/tokens", {"kind": "worker", "name": "n", "party": "9999"},
     {**dict.fromkeys(ALL, 403), "admin": 2, "org_admin": 2, "stranger": 2}),
    ("GET", "/poisoned", None, dict.fromkeys(ALL, 2)),
    ("GET", "/queues", None, dict.fromkeys(ALL, 2)),
    ("GET", "/tables", None, dict.fromkeys(ALL, 2)),
    ("GET", "/components", None, dict.fromkeys(ALL, 2)),
    ("GET", "/whoami", None, dict.fromkeys(ALL, 2)),
    ("GET", "/metrics", None, dict.fromkeys(ALL, 2)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"), MATRIX, ids=[f"{row[0]} {row[1]} {row[2]}" for row in MATRIX]
)
async def test_who_may(gateway, method, path, body, wanted):
    found = {}
    for caller in sorted(ALL, key=lambda name: wanted[name], reverse=True):
        job = await ended_job(gateway) if "{job}" in path else ""
        place = path.format(job=job)
        if path == "/parties/9999" and method == "DELETE" and 2 in found.values():
            found[caller] = wanted[caller]  # it is gone by now
            continue
        if body and body.get("id"):
            body = {**body, "id": f"new-{caller}"}
        answer = await gateway.call(method, place, token=caller, **({"json": body} if body is not None else {}))
        found[caller] = answer.status // 100 if answer.status < 300 else answer.status
    assert found == wanted


async def test_a_foreign_thing_and_none_at_all_give_the_same_answer(gateway):
    job = await gateway.submit(token="lead")
    for path in ("/jobs/{}", "/jobs/{}/events", "/jobs/{}/outputs", "/tasks/{}-0-1-0"):
        foreign = await gateway.get(path.format(job), token="stranger")
        nothing = await gateway.get(path.format("20200101000000aaaaaaaaaa"), token="stranger")
        assert foreign.status == nothing.status == 404
        assert foreign.json["error"]["message"] == nothing.json["error"]["message"].replace(
            "20200101000000aaaaaaaaaa", job
        )
    assert (await gateway.get("/jobs", token="stranger")).json["items"] == []


async def test_no_token_no_answer(gateway):
    for _ in range(2):
        for group in gateway.app.router.routes():
            resource = group.resource.canonical
            if not resource.startswith("/fedrota/v1") or resource in {"/fedrota/v1/version"} or group.method == "HEAD":
                continue
            path = resource.removeprefix("/fedrota/v1").replace("{", "").replace("}", "")
            answer = await gateway.call(group.method, path, token=None)
            assert (group.method, path, answer.status) == (group.method, path, 401)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_workers_token_serves_the_worker_alone(gateway):
    assert (await gateway.get("/jobs", token="worker-9999")).status == 403
    assert (await gateway.get("/whoami", token="worker-9999")).status == 403
    assert (await gateway.post("/agent/sync", {"agent": "a"}, token="admin")).status == 403
    assert (await gateway.get("/agent/channel", token="admin")).status == 403


async def test_open_routes_need_no_token(gateway):
    for path in ("/version", "/healthz", "/readyz", "/openapi.json", "/docs"):
        assert (await gateway.get(path, token=None)).status == 200


async def test_six_wrong_tokens_are_one_too_many(gateway):
    statuses = [(await gateway.get("/whoami", token=f"frt_x_{number}")).status for number in range(6)]
    assert statuses == [401] * 5 + [429]
