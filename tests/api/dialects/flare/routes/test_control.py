import asyncio

import pytest

from api.dialects.flare.routes import control
from workers.calls.serving import Answer


@pytest.fixture
async def told(connect):
    """Connected workers of all parties; what each was told."""
    heard = []
    for party in ("server", "9999", "10000"):

        def end(args, _body, party=party):
            heard.append((party, args["how"]))
            return Answer(result={"done": args["how"]})

        await connect(party, {"worker.end": end})
    return heard


@pytest.fixture
def admin(console):
    return console.__class__(console.gateway, "admin")


async def test_sites_are_restarted_by_name(admin, told):
    reply = await admin.send("restart", "client", "9999")
    assert reply["meta"] == {"status": "ok", "info": "", "client_status": {"9999": "Restart the client..."}}
    assert reply["data"][0]["data"] == "9999: Restart the client..."
    assert told == [("9999", "restart")]


async def test_all_means_the_server_too(admin, told):
    meta = await admin.meta("shutdown", "all")
    assert meta["server_status"] == "ok"
    assert set(meta["client_status"]) == {"9999", "10000"}
    assert sorted(told) == [("10000", "shutdown"), ("9999", "shutdown"), ("server", "shutdown")]


async def test_while_a_job_runs_the_server_is_left_alone(admin, console, told):
    await console.gateway.submit(token="lead")
    claims = {party: [{"task": one.task, "seq": one.seq} for one in knocks]
              for party, knocks in console.gateway.dispatch().items()}  # fmt: skip
    for party, mine in claims.items():
        await console.gateway.sync(party, claims=mine)
    running = (await admin.meta("list_jobs"))["jobs"][0]["job_id"]
    for command in ("restart", "shutdown"):
        reply = await admin.send(command, "all")
        assert (reply["meta"]["status"], reply["meta"]["info"]) == ("job_running", running)
        assert "still" in reply["data"][0]["data"]
    assert told == []


@pytest.mark.parametrize(("token", "status"), [("lead", "ok"), ("org_admin", "ok"), ("member", "not_authorized"),
                                               ("other_lead", "not_authorized")])  # fmt: skip
async def test_roles_reach_their_own_organisations_sites(console, told, token, status):
    meta = await console.__class__(console.gateway, token).meta("restart", "client", "9999")
    assert meta["status"] == status
    assert told == ([("9999", "restart")] if status == "ok" else [])


async def test_one_forbidden_site_stops_the_whole_command(console, told):
    assert (await console.meta("restart", "client"))["status"] == "not_authorized"
    assert told == []


async def test_wrong_targets(admin, told):
    assert (await admin.meta("restart", "client", "nosuch"))["info"] == "invalid client(s): nosuch"
    assert (await admin.meta("restart", "everything"))["status"] == "syntax_error"
    assert told == []


async def test_a_site_that_does_not_answer_is_named(admin, monkeypatch):
    monkeypatch.setattr(control, "RETURN_S", 0.0)
    meta = await admin.meta("restart", "client", "9999")
    assert meta["status"] == "no_reply"
    assert "9999" in meta["info"]


async def test_a_worker_that_was_here_a_moment_ago_is_waited_for(admin, connect, monkeypatch):
    """As after a restart: the worker is known to be alive, its channel comes a little later."""
    monkeypatch.setattr(control, "RETURN_S", 60.0)  # longer than a busy machine takes to connect it
    asking = asyncio.create_task(admin.meta("shutdown", "client", "9999"))
    await asyncio.sleep(0.3)
    heard = []

    def end(args, _body):
        heard.append(args["how"])
        return Answer(result={"done": args["how"]})

    await connect("9999", {"worker.end": end})
    assert (await asking)["status"] == "ok"
    assert heard == ["shutdown"]


async def test_a_removed_client_is_told_to_connect_again(admin, console, told):
    assert (await admin.meta("remove_client", "9999"))["status"] == "ok"
    assert told == [("9999", "reconnect")]
    assert (await admin.meta("remove_client", "server"))["status"] == "invalid_target"
    assert (await console.meta("remove_client", "9999"))["status"] == "not_authorized"


async def test_every_gateway_is_active(console, admin):
    found = (await console.send("list_sp"))["data"][0]["data"]
    assert found["system"] == "ready"
    assert found["sp_list"] == [found["primary_sp"]]
    active = (await console.send("get_active_sp"))["meta"]
    assert (active["primary"], active["name"]) == (True, "127.0.0.1")
    refused = await admin.meta("promote_sp", "a:1:2")
    assert refused["status"] == "internal_error"
    assert "active already" in refused["info"]
    assert (await console.meta("promote_sp", "a:1:2"))["status"] == "not_authorized"
