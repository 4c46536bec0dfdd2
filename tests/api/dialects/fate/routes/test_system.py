from api.dialects.fate.requests.job_settings import parse_settings
from api.dialects.fate.vocabulary.slots import fit_slots
from api.native.system import find_version


async def test_versions_say_what_is_spoken_and_what_runs(fate):
    assert await fate.ok("version/get", {"module": "FATE"}) == {"FATE": "1.11.2", "API": "v1"}
    assert await fate.ok("version/get", method="POST") == {"FATE": "1.11.2", "API": "v1"}
    assert (await fate.ok("server/version/get", {}))["fedrota"] == find_version()
    assert await fate.ok("server/version/get", {"module": "PYTHON"}) == await fate.ok(
        "version/get", {"module": "PYTHON"}
    )
    code, message = await fate.refused("version/get", {"module": "EGGROLL"})
    assert (fate.status, code, "EGGROLL" in message) == (404, 404, True)


async def test_capacity_is_that_of_all_parties_and_follows_what_runs(fate):
    before = await fate.ok("resource/query", {})
    engine = before["computing_engine_resource"]
    assert before["use_resource_job"] == []
    assert (engine["f_cores"], engine["f_remaining_cores"], engine["f_nodes"]) == (8, 8, 2)
    job = await fate.gateway.submit()
    for party, knocks in fate.gateway.dispatch().items():
        await fate.gateway.sync(party, claims=[{"task": knock.task, "seq": knock.seq} for knock in knocks])
    admin = {"headers": {"Authorization": f"Bearer {fate.gateway.tokens['admin']}"}}
    after = await fate.ok("resource/query", {}, **admin)
    assert [(each["job_id"], each["role"], each["core"]) for each in after["use_resource_job"]] == [
        (job, "guest", 1),
        (job, "host", 1),
    ]
    assert after["computing_engine_resource"]["f_remaining_cores"] == 6
    assert (await fate.ok("resource/query"))["use_resource_job"] == []  # another project's
    rows = await fate.ok("resource/return", {"job_id": job}, **admin)
    assert [(row["resource_in_use"], row["resource_return_status"]) for row in rows] == [(True, False)] * 2
    assert await fate.ok("resource/return", {"job_id": "1"}) == []
    assert (await fate.refused("resource/return", {}))[0] == 101


async def test_servers_and_parties_are_told(fate):
    servers = await fate.ok("server/get")
    assert servers["FATEFLOW"]["http_port"] == fate.gateway.settings.port
    assert await fate.ok("server/fateflow/get") == servers["FATEFLOW"]
    assert (await fate.refused("server/mysql/get"))[0] == 101
    assert (await fate.ok("info/common"))["version"] == "1.11.2"
    assert (await fate.ok("info/fateboard"))["port"] == fate.gateway.settings.port
    assert (await fate.ok("info/version"))["API"] == "v1"
    party = await fate.ok("info/party/9999")
    assert (party["online"], party["cores"]) == (True, 4)
    assert (await fate.refused("info/party/1"))[0] == 101


async def test_the_defaults_told_are_those_that_a_job_gets(fate):
    told = await fate.ok("server/config/job/default")
    assert (told["job_timeout"], told["auto_retry_delay"], told["task_cores"]) == (259_200, 1, 1)
    # A job that says nothing has the same as one that says what is told.
    named = {"timeout": told["job_timeout"], "auto_retry_delay": told["auto_retry_delay"]}
    assert parse_settings(named) == parse_settings({})
    assert fit_slots(told["task_cores"], {"guest": ("9999",)}, {"9999": 4}) == fit_slots(None, {}, {})


async def test_what_only_fate_s_own_servers_need_is_refused_in_a_sentence(fate):
    for path in [
        "version/set",
        "server/reload",
        "server/x/register",
        "service/registry",
        "key/public/save",
        "key/query",
    ]:
        code, message = await fate.refused(path, {})
        assert (code, fate.status, len(message) > 20) == (103, 200, True)


async def test_unknown_paths_and_methods_are_answered_as_fate_does(fate):
    assert (await fate.refused("nothing/here", {}))[0] == 100
    assert fate.status == 200
    assert (await fate.refused("version/get", method="GET"))[0] == 100
