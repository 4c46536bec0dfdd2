"""The commands about jobs."""

import json


def test_jobs_passes_its_filters(fedrota, gateway):
    fedrota(
        "jobs", "--state", "failed", "--name", "x", "--label", "a=b", "--party", "1", "--owner", "o", "--limit", "3"
    )
    assert gateway.last.query == {
        "state": "failed", "name": "x", "label": "a=b", "party": "1", "owner": "o", "limit": "3",
    }  # fmt: skip


def test_jobs_says_that_there_are_more(fedrota, gateway):
    gateway.answers["GET", "/jobs"][1]["next"] = "c"
    assert "there are more: --limit 100" in fedrota("jobs").out
    assert fedrota("jobs", "--json").json["next"] == "c"


def test_job_shows_steps_parties_and_why(fedrota, gateway):
    gateway.job["steps"][0]["tasks"][0] |= {"state": "failed", "failure": {"kind": "error", "message": "boom"}}
    gateway.job |= {"state": "failed", "reason": "step lr failed"}
    out = fedrota("job", "j-1").out
    for words in ("step lr failed", "guest 9999, host 10000", "boom (error)", "t-host", "fedrota rerun j-1"):
        assert words in out
    assert "fedrota logs j-1 lr --party 9999" in out


def test_stop_rerun_clone_delete(fedrota, gateway):
    gateway.job |= {"state": "running", "ended": None}
    for path in ("stop", "rerun", "clone"):
        gateway.on("POST", f"/jobs/j-1/{path}", lambda _: gateway.job, 202)
    gateway.on("DELETE", "/jobs/j-1", None)
    assert fedrota("stop", "j-1", "--reason", "late").out.splitlines() == [
        "stopping: breast-lr, job j-1",
        "  fedrota watch j-1",
    ]
    assert gateway.last.json == {"reason": "late"}
    assert fedrota("rerun", "j-1", "--from", "lr").out.startswith("running again: breast-lr, job j-1")
    assert gateway.last.json == {"from_step": "lr"}
    assert fedrota("clone", "j-1", "--name", "b", "--set", "lr.rounds=9", "--json").json["id"] == "j-1"
    assert gateway.last.json == {"name": "b", "params": {"lr": {"rounds": 9, "rate": 1}}}
    assert fedrota("delete", "j-1").out == "deleted job j-1\n"
    assert fedrota("delete", "j-1", "--json").json == {"deleted": "j-1"}


def test_conflict_is_shown_as_the_gateway_says_it(fedrota, gateway):
    gateway.refuse("POST", "/jobs/j-1/stop", 409, code="conflict", message="job j-1 has ended: success")
    found = fedrota("stop", "j-1")
    assert (found.code, found.err) == (3, "error: job j-1 has ended: success\n")


def test_document_is_json(fedrota):
    assert fedrota("document", "j-1").json["name"] == "breast-lr"


def test_events_as_lines(fedrota, gateway):
    found = fedrota("events", "j-1")
    assert [line.split()[0] for line in found.out.splitlines()] == ["1", "2"]
    lines = [json.loads(line) for line in fedrota("events", "j-1", "--json", "--after", "1").out.splitlines()]
    assert [line["id"] for line in lines] == [2]
    followed = fedrota("events", "j-1", "--follow", "--json").out.splitlines()
    assert [json.loads(line)["id"] for line in followed] == [1, 2]
    assert fedrota("events", "j-1", "--after", "2").out == "no events after 2\n"
    gateway.events = []
    assert fedrota("events", "j-1").out == "no events yet\n"
