"""Commands on the system, as the gateway knows it."""

import pytest

SITES = {"app": ["server", "9999", "10000"]}


async def start(console):
    job = await console.submit(deploy_map=SITES)
    for party, knocks in console.gateway.dispatch().items():
        await console.gateway.sync(party, claims=[{"task": knock.task, "seq": knock.seq} for knock in knocks])
    return job


async def test_a_running_job_is_seen_at_server_and_sites(console):
    job = await start(console)
    meta = await console.meta("check_status", "all")
    assert (meta["server_status"], meta["jobs"]) == ("started", [{"app_name": "app", "job_id": job}])
    assert {row["client_name"]: row["status"] for row in meta["client_status"]} == {
        "9999": "started",
        "10000": "started",
    }
    assert {row["app_name"] for row in meta["client_status"]} == {"app"}
    assert "clients" not in await console.meta("check_status", "client", "9999")


async def test_who_reads_the_console_sees_the_state(console):
    job = await start(console)
    engine, jobs, clients, table, sites, _ = (await console.send("check_status", "all"))["data"]
    assert engine["data"] == "Engine status: started"
    assert jobs["rows"] == [["JOB_ID", "APP_NAME"], [job, "app"]]
    assert clients["data"] == "Registered clients: 2"
    assert table["rows"][0] == ["CLIENT_NAME", "FQCN"]
    assert ["9999", "app", job, "started"] in sites["rows"]


async def test_resources_are_the_slots(console):
    await start(console)
    rows = (await console.send("report_resources", "client", "9999"))["data"][0]["rows"]
    assert rows == [["SITES", "RESOURCES"], ["9999", "{'slots': 4, 'in_use': 1, 'free': 3}"]]


async def test_a_disabled_site_is_drained_until_it_is_enabled(console):
    console.token = "admin"
    first = (await console.meta("disable_client", "9999"))["clients"][0]
    again = (await console.meta("disable_client", "9999"))["clients"][0]
    assert (first["state"], first["already_disabled"], again["already_disabled"]) == ("disabled", False, True)
    assert (await console.gateway.get("/parties/9999")).json["drained"]
    assert (await console.meta("enable_client", "9999"))["clients"][0]["was_disabled"]
    assert not (await console.gateway.get("/parties/9999")).json["drained"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["nonsense"], "syntax_error"),
        (["server", "9999"], "syntax_error"),
        (["client", "nope"], "invalid_target"),
        (["client", "server"], "invalid_target"),
    ],
)
async def test_wrong_targets_are_refused(console, words, status):
    for command in ("check_status", "report_resources", "report_version"):
        assert (await console.meta(command, *words))["status"] == status


async def test_only_who_rules_a_site_disables_it(console):
    assert (await console.meta("disable_client", "9999"))["status"] == "not_authorized"
    console.token = "other_org_admin"
    assert (await console.meta("disable_client", "9999"))["status"] == "not_authorized"
    assert (await console.meta("disable_client", "nope"))["status"] == "invalid_target"


async def test_a_site_s_process_is_told_from_its_successor(console):
    async def look(**facts):
        await console.gateway.hello("9999", facts=facts)
        clients = (await console.meta("check_status", "server"))["clients"]
        return next(client["process"] for client in clients if client["client_name"] == "9999")

    first = await look(host="h", pid=1)
    assert first == await look(host="h", pid=1, other=2)
    assert len({first, await look(host="h", pid=2), await look(host="i", pid=1)}) == 3
