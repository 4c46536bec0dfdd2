"""`fedrota poisoned` and `fedrota requeue`."""

from tests.fedrota.conftest import JOB, TASK

POISON = {
    "job": JOB, "job_name": "breast", "step": "lr", "role": "guest", "party": "9999", "task": TASK, "attempt": 2,
    "reason": "poison: the worker of party 9999 died twice", "ended": "2026-01-01T00:00:00Z",
}  # fmt: skip


def test_the_list_says_why_where_and_what_to_do(fedrota, gateway):
    gateway.on("GET", "/poisoned", {"items": [POISON], "next": None})
    found = fedrota("poisoned", "--limit", "3")
    for words in (JOB, "guest 9999", "poison: the worker", f"fedrota logs {TASK}", f"fedrota requeue {JOB}"):
        assert words in found.out
    assert gateway.last.query == {"limit": "3"}
    assert fedrota("poisoned", "--json").json["items"][0]["task"] == TASK


def test_an_empty_list_is_good_news(fedrota, gateway):
    gateway.on("GET", "/poisoned", {"items": [], "next": None})
    assert fedrota("poisoned").out == "no step is poison\n"


def test_requeue_says_what_goes_on(fedrota, gateway):
    gateway.on("POST", f"/jobs/{JOB}/requeue", lambda _: gateway.job | {"state": "waiting"}, 202)
    assert f"job {JOB}" in fedrota("requeue", JOB).out
    assert fedrota("requeue", JOB, "--json").json["state"] == "waiting"


def test_a_refusal_is_passed_on(fedrota, gateway):
    gateway.refuse("POST", f"/jobs/{JOB}/requeue", 409, code="conflict", message="no step is poison: use a rerun")
    found = fedrota("requeue", JOB)
    assert (found.code, "use a rerun" in found.err) == (3, True)
