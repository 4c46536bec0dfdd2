import pytest

from tests.api.dialects.flare.routes.sites import ask
from workers.calls.serving import Answer


async def test_logs_are_read_at_the_parties(server_site):
    job, claims = await server_site.begin()
    server_site.write_log(claims["server"], "Round 0 started.\n")
    reply = await server_site.console.send("get_job_log", job, "server")
    assert reply["data"][0]["data"] == {"logs": {"server": "Round 0 started.\n"}}
    everywhere = (await server_site.console.send("get_job_log", job, "all"))["data"][0]["data"]
    assert set(everywhere["unavailable"]) == {"9999", "10000"}
    assert (await server_site.console.send("get_job_log", job, "@ALL"))["data"][0]["data"] == everywhere
    assert (await server_site.console.meta("get_job_log", job, "nope"))["status"] == "invalid_target"
    assert (await server_site.console.meta("get_job_log", job, "server", "../x"))["status"] == "syntax_error"


@pytest.mark.parametrize(
    ("words", "targets"),
    [
        (["all"], ["all"]),
        (["server"], ["server"]),
        (["client"], ["10000", "9999"]),
        (["client", "10000"], ["10000"]),
    ],
)
async def test_a_running_job_is_told_how_much_to_log(server_site, words, targets):
    job, claims = await server_site.begin()
    server_site.take_questions(claims["server"])
    reply, question = await ask(server_site, claims, {"value": []}, "configure_job_log", job, *words, "DEBUG")
    assert question == {"op": "configure_log", "config": "DEBUG", "targets": targets}
    assert (reply["meta"]["status"], ", ".join(targets) in reply["meta"]["info"]) == ("ok", True)


async def test_what_flare_says_of_the_config_comes_back(server_site):
    job, claims = await server_site.begin()
    server_site.take_questions(claims["server"])
    refused = {"error": "error: 9999: Invalid logging level", "kind": "InternalError"}
    reply, _ = await ask(server_site, claims, refused, "configure_job_log", job, "all", "INFO")
    assert (reply["meta"]["status"], reply["meta"]["info"]) == ("error", "9999: Invalid logging level")


async def test_only_its_owner_changes_the_log_of_a_job_that_runs(server_site):
    job, _ = await server_site.begin()
    meta = server_site.console.meta
    member = server_site.console.__class__(server_site.console.gateway, "member")
    assert (await member.meta("configure_job_log", job, "all", "INFO"))["status"] == "not_authorized"
    assert (await meta("configure_job_log", job, "client", "nope", "INFO"))["status"] == "invalid_target"
    assert (await meta("configure_job_log", job, "all", "loud"))["status"] == "syntax_error"
    assert (await meta("configure_job_log", "none", "all", "INFO"))["status"] == "invalid_job_id"
    waiting = await server_site.console.submit()
    assert (await meta("configure_job_log", waiting, "all", "INFO"))["status"] == "job_not_running"


@pytest.fixture
async def told(connect):
    """Connected workers of both sites, of which 10000 refuses; which levels they were told."""
    heard = []
    for party in ("9999", "10000"):

        def change(args, _body, party=party):
            if party == "10000":
                raise ValueError("cannot")
            heard.append((party, args["level"], args["by"]))
            return Answer(result={"level": args["level"]})

        await connect(party, {"log.level": change})
    return heard


async def test_a_worker_is_told_its_level_and_the_trail_who_said_so(console, told):
    for words in (("client", "9999", "debug"), ("9999", "10")):
        meta = await console.meta("configure_site_log", *words)
        assert (meta["status"], meta["info"]) == ("ok", "configured the log of 9999: DEBUG")
    assert told == [("9999", "DEBUG", "lead")] * 2
    with console.gateway.store.read() as tx:
        rows = [tuple(row) for row in tx.session.connection().exec_driver_sql("SELECT who, action, object FROM audit")]
    assert rows.count(("lead", "configure_site_log", "9999")) == 2


async def test_a_worker_that_does_not_do_it_is_named(console, told):
    admin = console.__class__(console.gateway, "admin")
    meta = await admin.meta("configure_site_log", "client", "INFO")
    assert (meta["status"], meta["info"].startswith("10000: ")) == ("error", True)
    assert told == [("9999", "INFO", "admin")]


async def test_a_worker_s_level_is_its_organisation_s_and_a_level(console, told):
    assert (await console.meta("configure_site_log", "10000", "INFO"))["status"] == "not_authorized"
    assert (await console.meta("configure_site_log", "nope", "INFO"))["status"] == "invalid_target"
    assert (await console.meta("configure_site_log", "9999", "verbose"))["status"] == "error"
    assert (await console.meta("configure_site_log", "9999", "loud"))["status"] == "syntax_error"
    assert told == []
