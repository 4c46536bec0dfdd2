import asyncio

import pytest

from tests.api.dialects.flare.routes.sites import answer

STATS = {
    "server": {"ScatterAndGather": {"current_round": 2}},
    "9999": {"ClientRunner": {}},
    "10000": {"ClientRunner": {}},
}


async def ask(site, claims, value, name, *words, **props):
    """Send a command while the job's process answers its question with `value`: the reply and the question."""
    folder = site.workdir.work(claims["server"]["task"], claims["server"]["seq"]) / "commands"
    answering = asyncio.create_task(answer(folder, value))
    reply = await site.console.send(name, *words, **props)
    return reply, await answering


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
    assert (reply["meta"]["status"], reply["meta"]["info"]) == (status, "words")


async def test_a_job_that_does_not_run_has_no_figures(server_site):
    console = server_site.console
    job = await console.submit()
    assert (await console.meta("show_stats", job, "all"))["status"] == "job_not_running"
    assert (await console.meta("show_stats", "none", "all"))["status"] == "invalid_job_id"
    running, _ = await server_site.begin()
    found = await console.meta("show_stats", running, "all")  # its process takes no questions yet
    assert (found["status"], "is not running" in found["info"]) == ("job_not_running", True)


async def test_wrong_words_are_refused(server_site):
    job, _ = await server_site.begin()
    meta = server_site.console.meta
    assert (await meta("show_stats", job, "client", "nope"))["status"] == "invalid_target"
    assert (await meta("show_stats", job, "everybody"))["status"] == "syntax_error"
    assert (await meta("app_command", job))["status"] == "syntax_error"
    assert (await meta("app_command", job, "x", cmd_props="y" * 40_000))["status"] == "error"


async def test_logs_are_read_at_the_parties(server_site):
    job, claims = await server_site.begin()
    server_site.write_log(claims["server"], "Round 0 started.\n")
    reply = await server_site.console.send("get_job_log", job, "server")
    assert reply["data"][0]["data"] == {"logs": {"server": "Round 0 started.\n"}}
    everywhere = (await server_site.console.send("get_job_log", job, "all"))["data"][0]["data"]
    assert set(everywhere["unavailable"]) == {"9999", "10000"}
    assert (await server_site.console.meta("get_job_log", job, "nope"))["status"] == "invalid_target"
    assert (await server_site.console.meta("get_job_log", job, "server", "../x"))["status"] == "syntax_error"
