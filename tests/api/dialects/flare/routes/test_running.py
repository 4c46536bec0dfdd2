import pytest

from tests.api.dialects.flare.routes.sites import ask

STATS = {
    "server": {"ScatterAndGather": {"current_round": 2}},
    "9999": {"ClientRunner": {}},
    "10000": {"ClientRunner": {}},
}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["all"], ["server", "9999", "10000"]),
        (["server"], ["server"]),
        (["client"], ["9999", "10000"]),
        (["client", "10000"], ["10000"]),
    ],
)
async def test_figures_come_from_the_running_job_for_the_targets_that_are_meant(server_site, words, names):
    job, claims = await server_site.begin()
    server_site.take_questions(claims["server"])
    reply, question = await ask(server_site, claims, {"value": STATS}, "show_stats", job, *words)
    assert question == {"op": "stats"}
    assert reply["meta"]["status"] == "ok"
    assert list(reply["data"][0]["data"]) == names


async def test_a_server_without_errors_says_so_in_words(server_site):
    job, claims = await server_site.begin()
    server_site.take_questions(claims["server"])
    reply, _ = await ask(server_site, claims, {"value": {"server": "", "9999": {}}}, "show_errors", job, "all")
    assert reply["data"][0]["data"] == {"server": "No Error", "9999": {}}
    reply, question = await ask(server_site, claims, {"value": None}, "reset_errors", job, "all")
    assert (question, reply["meta"]["status"]) == ({"op": "reset_errors"}, "ok")


async def test_a_command_of_the_app_reaches_it_and_its_refusal_comes_back(server_site):
    job, claims = await server_site.begin()
    server_site.take_questions(claims["server"])
    done = {"value": {"done": True}}
    reply, question = await ask(server_site, claims, done, "app_command", job, "tune", cmd_props={"rate": 1})
    assert question == {"op": "app_command", "topic": "tune", "data": {"rate": 1}}
    assert reply["data"][0]["data"] == {"done": True}
    refused = {
        "error": "error: rc='BAD_REQUEST_DATA' reason='no app command func for topic x'",
        "kind": "InternalError",
    }
    reply, _ = await ask(server_site, claims, refused, "app_command", job, "x")
    assert (reply["meta"]["status"], reply["meta"]["info"]) == ("error", refused["error"].removeprefix("error: "))


@pytest.mark.parametrize(
    ("kind", "status"),
    [("NoReply", "no_reply"), ("JobNotRunning", "job_not_running"), ("JobNotFound", "job_not_running")],
)
async def test_what_the_job_answers_with_is_told_apart(server_site, kind, status):
    job, claims = await server_site.begin()
    server_site.take_questions(claims["server"])
    reply, _ = await ask(server_site, claims, {"error": "words", "kind": kind}, "show_stats", job, "all")
    assert (reply["meta"]["status"], reply["data"][0]["data"]) == (status, "words")


async def test_a_job_that_does_not_run_has_no_figures(server_site):
    console = server_site.console
    job = await console.submit()
    assert (await console.meta("show_stats", job, "all"))["status"] == "job_not_running"
    assert (await console.meta("show_stats", "none", "all"))["status"] == "invalid_job_id"
    running, _ = await server_site.begin()
    reply = await console.send("show_stats", running, "all")  # its process takes no questions yet
    assert (reply["meta"]["status"], reply["meta"]["info"]) == ("job_not_running", running)
    assert "is not running" in reply["data"][0]["data"]


async def test_wrong_words_are_refused(server_site):
    job, _ = await server_site.begin()
    meta = server_site.console.meta
    assert (await meta("show_stats", job, "client", "nope"))["status"] == "invalid_target"
    assert (await meta("show_stats", job, "everybody"))["status"] == "syntax_error"
    assert (await meta("app_command", job))["status"] == "syntax_error"
    assert (await meta("app_command", job, "x", cmd_props="y" * 40_000))["status"] == "error"
