import asyncio
import json
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from yarl import URL

from scheduler.store.queries.jobs import get_job

TEMPLATE = {
    "name": "template_01", "image_url": "local", "workdir": "/data/ocr/script", "command": ["python", "run.py"],
    "remark": None, "hyper_parameter": None,
}  # fmt: skip
JSON_HEAD = {"Content-Type": "application/json;charset=UTF-8"}


@dataclass
class Flow:
    """The interface as an old client calls it: without a token unless one is given, always a JSON content type."""

    gateway: Any
    token: str = ""

    async def send(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **given: Any) -> Any:
        content = raw if raw is not None else None if body is None else json.dumps(body).encode()
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers = {**JSON_HEAD, **bearer, **given.pop("headers", {})}
        url = self.gateway.server.make_url("/").join(self._address(path))
        async with self.gateway.session.request(method, url, data=content, headers=headers, **given) as answer:
            self.status, self.headers = answer.status, answer.headers
            assert answer.content_type == "application/json"
            return await answer.json()

    @staticmethod
    def _address(path: str) -> Any:
        return URL(f"/api/v1{path}", encoded=True)

    async def ok(self, method: str, path: str, body: Any = None, **given: Any) -> Any:
        found = await self.send(method, path, body, **given)
        assert (self.status, found["ret_code"], found["ret_msg"]) == (200, 0, "success"), found
        assert found.get("data") is not None or "data" not in found
        return found.get("data")

    async def refused(self, method: str, path: str, body: Any = None, **given: Any) -> tuple[int, str]:
        found = await self.send(method, path, body, **given)
        assert self.status == 200
        assert set(found) == {"ret_code", "ret_msg"}
        return found["ret_code"], found["ret_msg"]

    async def template(self, **changes: Any) -> str:
        return str((await self.ok("POST", "/template", {**TEMPLATE, **changes}))["template_id"])

    async def task(self, template: str, *parties: str, name: str = "testCase1") -> str:
        federates = [{"federated_id": party, "federated_data": ""} for party in parties or ("9999", "10000")]
        body = {"name": name, "template_id": template, "remark": "r", "federate_data": federates}
        return str((await self.ok("POST", "/task", body))["task_id"])

    async def state(self, task: str) -> Any:
        return (await self.ok("GET", f"/task/{task}"))["status"]


@pytest.fixture
def flow(gateway):
    return Flow(gateway)


@pytest.fixture
async def task(flow):
    return await flow.task(await flow.template())


# --- Templates


async def test_a_template_lives_as_the_document_says(flow):
    template = await flow.template()
    assert len(template) == 30
    assert int(template, 16) >= 0
    found = await flow.ok("GET", f"/template/{template}")
    assert {key: found[key] for key in TEMPLATE} == {**TEMPLATE, "remark": ""}
    assert found["create_time"].endswith(" -0000")
    assert (
        await flow.ok("PUT", f"/template/{template}", {**TEMPLATE, "name": "renamed", "hyper_parameter": ["epoch=1"]})
        is None
    )
    found = await flow.ok("GET", f"/template/{template}")
    assert (found["name"], found["hyper_parameter"]) == ("renamed", ["epoch=1"])
    assert await flow.ok("DELETE", f"/template/{template}") is None
    assert await flow.refused("GET", f"/template/{template}") == (10200, "template not found")


async def test_templates_are_listed_by_page_and_keyword_in_the_order_of_making(flow):
    for number in range(5):
        await flow.template(name=f"Name_{number}" if number % 2 else f"other{number}")
    found = await flow.ok("GET", "/template?keyword=&page=2&limit=2")
    assert [each["name"] for each in found["templates"]] == ["other2", "Name_3"]
    assert found["template_count"] == 5
    found = await flow.ok("GET", "/template?keyword=name_&page=1&limit=10")
    assert ([each["name"] for each in found["templates"]], found["template_count"]) == (["Name_1", "Name_3"], 2)
    for odd in ("%ff", "%ed%a0%80", "%27%22%25_", "\\"):
        assert (await flow.ok("GET", f"/template?keyword={odd}"))["template_count"] == 0
    assert await flow.ok("GET", "/template?page=99") == {"templates": [], "template_count": 5}
    assert await flow.ok("GET", "/template?limit=0") == {"templates": [], "template_count": 5}


async def test_a_template_s_name_is_taken_in_whatever_case(flow):
    await flow.template(name="Taken")
    other = await flow.template(name="other")
    assert await flow.refused("POST", "/template", {**TEMPLATE, "name": "tAKEN"}) == (10201, "duplicate template name")
    assert await flow.refused("PUT", f"/template/{other}", {**TEMPLATE, "name": "TAKEN"}) == (
        10201,
        "duplicate template name",
    )
    await flow.ok("PUT", f"/template/{other}", {**TEMPLATE, "name": "OTHER"})


async def test_an_update_looks_at_the_id_then_the_name_then_the_fields(flow):
    await flow.template(name="taken")
    mine = await flow.template(name="mine")
    wrong = {**TEMPLATE, "image_url": ""}
    assert (await flow.refused("PUT", "/template/nothing", {**wrong, "name": "taken"}))[0] == 10200
    assert (await flow.refused("PUT", f"/template/{mine}", {**wrong, "name": "taken"}))[0] == 10201
    assert (await flow.refused("PUT", f"/template/{mine}", wrong))[0] == 10000


async def test_the_name_s_lengths_are_the_original_s(flow):
    words = "Please set the name parameter length between 3 and 50"
    for name in ("", "ab", "x" * 51):
        assert await flow.refused("POST", "/template", {**TEMPLATE, "name": name}) == (10000, words)


async def test_text_of_any_language_is_kept(flow):
    template = await flow.template(name="联邦学习_模板", remark="任务模板备注 \U0001f600")
    found = await flow.ok("GET", f"/template/{template}")
    assert (found["name"], found["remark"]) == ("联邦学习_模板", "任务模板备注 \U0001f600")
    assert (await flow.ok("GET", "/template?keyword=%E5%AD%A6%E4%B9%A0"))["template_count"] == 1


# --- What gave the original a 500

BAD_BODIES = [b"", b"{", b"[]", b"null", b"name=abc&image_url=x", b"\xff\xfe", b'"text"']
BAD_QUERIES = ["page=0", "page=-1", "limit=-1", "page=abc", "limit=x", "page=1.5", "page="]


async def test_a_body_that_is_no_object_gets_a_number(flow):
    template = await flow.template()
    task = await flow.task(template)
    places = (("POST", "/template"), ("PUT", f"/template/{template}"), ("POST", "/task"), ("PUT", f"/task/{task}"))
    for (method, path), raw in product(places, BAD_BODIES):
        code, words = await flow.refused(method, path, raw=raw)
        assert (code, "JSON object" in words) == (10000, True)


async def test_a_page_that_is_none_gets_a_number(flow):
    for path, query in product(("/template", "/task"), BAD_QUERIES):
        code, words = await flow.refused("GET", f"{path}?{query}")
        assert (code, query.partition("=")[0] in words) == (10000, True)


BAD_TEMPLATES = [
    {"name": None}, {"name": 5}, {"workdir": "x" * 256}, {"command": "python run.py"}, {"command": [None]},
    {"image_url": None}, {"remark": 1}, {"hyper_parameter": "x"},
]  # fmt: skip


async def test_a_wrong_template_gets_a_number_and_spoils_no_list(flow):
    mine = await flow.template()
    for change in BAD_TEMPLATES:
        body = {**TEMPLATE, "name": "another", **change}
        assert (await flow.refused("POST", "/template", body))[0] == 10000
        assert (await flow.refused("PUT", f"/template/{mine}", body))[0] == 10000
    assert (await flow.ok("GET", "/template"))["template_count"] == 1


BAD_TASKS = [
    ({"name": "x" * 101}, 10000), ({"name": 1}, 10000), ({"name": ""}, 10302), ({"name": None}, 10302),
    ({"template_id": "x" * 33}, 10000), ({"federate_data": None}, 10000), ({"federate_data": [{}]}, 10000),
    ({"federate_data": [{"federated_id": "a"}]}, 10000), ({"federate_data": {"a": "b"}}, 10000),
    ({"federate_data": [{"federated_id": "a", "federated_data": ["/x"]}]}, 10000),
    ({"federate_data": [{"federated_id": "a", "federated_data": ""}] * 2}, 10000),
]  # fmt: skip


async def test_a_wrong_task_gets_a_number(flow, task):
    good = {"name": "good", "template_id": "t", "remark": "", "federate_data": []}
    for change, code in BAD_TASKS:
        assert (await flow.refused("POST", "/task", {**good, **change}))[0] == code
        assert (await flow.refused("PUT", f"/task/{task}", {**good, **change}))[0] == code
    for missing in ("name", "template_id", "federate_data"):
        body = {key: value for key, value in good.items() if key != missing}
        assert (await flow.refused("POST", "/task", body))[0] == 10000
    assert (await flow.ok("GET", "/task"))["task_count"] == 1


async def test_the_remark_may_be_left_out_or_null_in_both(flow, task):
    body = {"name": "good", "template_id": "t", "federate_data": []}
    made = (await flow.ok("POST", "/task", body))["task_id"]
    await flow.ok("PUT", f"/task/{made}", {**body, "remark": None})
    assert (await flow.ok("GET", f"/task/{made}"))["remark"] == ""


async def test_a_task_s_new_name_may_be_taken(flow, task):
    other = await flow.task("t", name="second")
    body = {"name": "TESTcase1", "template_id": "t", "remark": "", "federate_data": []}
    assert await flow.refused("PUT", f"/task/{other}", body) == (10301, "duplicate task name")
    assert await flow.refused("POST", "/task", body) == (10301, "duplicate task name")


async def test_wrong_verbs_and_unknown_paths_get_numbers_too(flow, task):
    for method, path in (
        ("PATCH", "/template"),
        ("GET", f"/task/{task}/start"),
        ("PUT", "/task"),
        ("DELETE", "/federate/"),
    ):
        found = await flow.send(method, path)
        assert (flow.status, found["ret_code"]) == (405, 10004)
        assert flow.headers["Allow"] in found["ret_msg"]
    for path in ("/nothing", f"/task/{task}/nothing", "/template/a/b", "/"):
        found = await flow.send("GET", path)
        assert (flow.status, found["ret_code"], path.rstrip("/") in found["ret_msg"]) == (404, 10004, True)


async def test_a_slash_at_the_end_is_accepted(flow, task):
    assert (await flow.ok("GET", "/task/?page=1&limit=5"))["task_count"] == 1
    assert (await flow.ok("GET", f"/task/{task}/"))["task_id"] == task
    assert (await flow.ok("GET", "/template/"))["template_count"] == 1


async def test_odd_ids_are_not_found(flow):
    odd = ("%00", "%ff", "%ed%a0%80", "nothing", "x" * 500, "%E4%BB%BB", "..%2f", "%27%20OR%201=1")
    for identity in odd:
        assert (await flow.refused("GET", f"/template/{identity}"))[0] == 10200
    calls = (("GET", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/stop"))
    for identity, (method, path) in product(odd, calls):
        assert (await flow.refused(method, f"/task/{identity}{path}"))[0] == 10300


async def test_a_task_is_no_template(flow, task):
    assert (await flow.refused("GET", f"/template/{task}"))[0] == 10200
    assert (await flow.refused("DELETE", f"/template/{task}"))[0] == 10200
    assert (await flow.ok("GET", f"/task/{task}"))["task_id"] == task


# --- A task's life


async def test_a_task_runs_from_start_to_success(flow, gateway, task):
    found = await flow.ok("GET", f"/task/{task}")
    assert (len(task), found["status"], found["party_status"]) == (32, None, None)
    assert await flow.ok("POST", f"/task/{task}/start") is None
    assert await flow.state(task) == "Started"
    knocks = gateway.dispatch()
    assert await flow.state(task) == "Pending"
    claims = {party: [{"task": knock.task, "seq": knock.seq} for knock in found] for party, found in knocks.items()}
    (granted,) = (await gateway.sync("9999", claims=claims["9999"]))["claims"]
    assert granted["assignment"]["run"]["engine"] == "iflearner"
    assert granted["assignment"]["params"] == {"data": ""}
    assert await flow.state(task) == "Pending"
    await gateway.sync("10000", claims=claims["10000"])
    assert await flow.state(task) == "Running"
    beat = {**claims["9999"][0], "progress": 0.3, "log_size": 0, "batch": 0, "metrics": []}
    await gateway.sync("9999", beats=[beat])
    found = await flow.ok("GET", f"/task/{task}")
    assert found["party_status"][0] == {
        "name": "9999", "ready": True, "complete": False, "current_epoch": 4, "total_epoch": 10,
    }  # fmt: skip
    for party, mine in claims.items():
        await gateway.sync(party, reports=[{**mine[0], "outcome": "success"}])
    found = await flow.ok("GET", f"/task/{task}")
    assert found["status"] == "Succeeded"
    assert [(each["complete"], each["current_epoch"]) for each in found["party_status"]] == [(True, 10), (True, 10)]


async def test_an_active_task_is_neither_started_nor_deleted_but_may_be_changed(flow, gateway, task):
    await flow.ok("POST", f"/task/{task}/start")
    busy = (10303, "status conflicit")
    assert await flow.refused("POST", f"/task/{task}/start") == busy
    assert await flow.refused("DELETE", f"/task/{task}") == busy
    federates = [{"federated_id": "9999", "federated_data": "/new"}]
    await flow.ok("PUT", f"/task/{task}", {"name": "new", "template_id": "t", "remark": "", "federate_data": federates})
    found = await flow.ok("GET", f"/task/{task}")
    assert (found["name"], found["status"], len(found["party_status"])) == ("new", "Started", 2)
    assert await flow.refused("POST", f"/task/{task}/start") == busy


async def test_stop_then_delete_works_also_while_the_parties_are_away(flow, gateway, task):
    await flow.ok("POST", f"/task/{task}/start")
    knocks = gateway.dispatch()
    for party, found in knocks.items():
        await gateway.sync(party, claims=[{"task": knock.task, "seq": knock.seq} for knock in found])
    assert await flow.ok("POST", f"/task/{task}/stop") is None
    assert await flow.state(task) == "Cancelled"
    assert await flow.refused("POST", f"/task/{task}/stop") == (10303, "status conflicit")
    await flow.ok("DELETE", f"/task/{task}")
    assert await flow.refused("GET", f"/task/{task}") == (10300, "task not found")


async def test_what_does_not_run_cannot_be_stopped(flow, task):
    assert await flow.refused("POST", f"/task/{task}/stop") == (10303, "status conflicit")


async def test_a_run_that_failed_may_be_started_again_and_both_stay_known(flow, gateway, task):
    await flow.ok("POST", f"/task/{task}/start", {"epochs": 3})
    await gateway.run_tasks("failed", kind="exit", message="the command ended with exit status 3")
    assert await flow.state(task) == "Failed"
    await flow.ok("POST", f"/task/{task}/start", {"epochs": 2, "hyper_parameter": ["lr=1"]})
    await gateway.run_tasks()
    found = await flow.ok("GET", f"/task/{task}/runs")
    assert [(run["status"], run["party_status"][0]["total_epoch"]) for run in found["runs"]] == [
        ("Succeeded", 2),
        ("Failed", 3),
    ]
    assert "exit status 3" in found["runs"][1]["reason"]
    assert found["run_count"] == 2


async def test_two_starts_at_once_make_one_run(flow, task):
    answers = await asyncio.gather(*(flow.send("POST", f"/task/{task}/start") for _ in range(8)))
    assert sorted(answer["ret_code"] for answer in answers) == [0] + [10303] * 7
    assert (await flow.ok("GET", f"/task/{task}/runs"))["run_count"] == 1


async def test_nothing_starts_where_one_party_is_unknown(flow, gateway):
    task = await flow.task(await flow.template(), "9999", "federate-1")
    assert await flow.refused("POST", f"/task/{task}/start") == (10304, "task party not found")
    assert "federate-1" in flow.headers["X-Fedrota-Detail"]
    assert (await flow.state(task), gateway.dispatch()) == (None, {})
    assert (await flow.refused("POST", f"/task/{await flow.task('t', name='none')}/start"))[0] == 10200


async def test_a_known_party_that_is_away_leaves_the_task_pending(serve):
    gateway = await serve()
    assert (await gateway.hello("9999")).status == 200
    flow = Flow(gateway)
    task = await flow.task(await flow.template())
    await flow.ok("POST", f"/task/{task}/start")
    assert "10000" not in gateway.dispatch()
    assert await flow.state(task) == "Pending"
    (run,) = (await flow.ok("GET", f"/task/{task}/runs"))["runs"]
    assert "10000" in run["reason"]


async def test_a_template_may_go_while_its_task_runs(flow, gateway):
    template = await flow.template()
    task = await flow.task(template)
    await flow.ok("POST", f"/task/{task}/start")
    await flow.ok("DELETE", f"/template/{template}")
    await gateway.run_tasks()
    assert await flow.state(task) == "Succeeded"
    assert await flow.refused("POST", f"/task/{task}/start") == (10200, "template not found")


async def test_a_wrong_start_leaves_the_task_as_it_was(flow, task):
    for body in ({"epochs": 0}, {"epochs": "x"}, {"enable_smpc": True}, {"hyper_parameter": 1}):
        assert (await flow.refused("POST", f"/task/{task}/start", body))[0] == 10000
    assert await flow.state(task) is None


async def test_tasks_are_listed_with_their_states_and_by_party(flow, gateway):
    template = await flow.template()
    tasks = [await flow.task(template, party, name=f"n{party}") for party in ("9999", "10000", "elsewhere")]
    await flow.ok("POST", f"/task/{tasks[0]}/start")
    found = await flow.ok("GET", "/task?page=1&limit=10")
    assert [each["task_id"] for each in found["tasks"]] == tasks
    assert [each["status"] for each in found["tasks"]] == ["Started", None, None]
    found = await flow.ok("GET", "/task?page=1&limit=10&federated_id=10000")
    assert ([each["task_id"] for each in found["tasks"]], found["task_count"]) == ([tasks[1]], 1)
    assert (await flow.ok("GET", "/task?page=2&limit=2"))["tasks"][0]["task_id"] == tasks[2]


async def test_a_job_is_seen_through_the_native_interface_too(flow, gateway, task):
    await flow.ok("POST", f"/task/{task}/start")
    (run,) = (await flow.ok("GET", f"/task/{task}/runs"))["runs"]
    with gateway.store.read() as tx:
        job = get_job(tx, run["job_id"])
    assert (job.dialect, job.labels["iflearner.task"], job.owner) == ("iflearner", task, "legacy")


async def test_logs_are_read_at_the_party_also_after_the_end(flow, gateway, connected_party, task):
    assert (await flow.ok("GET", f"/task/{task}/logs?federated_id=9999")) == {"logs": []}
    await flow.ok("POST", f"/task/{task}/start")
    for knocks in gateway.dispatch().values():
        for knock in knocks:
            connected_party.log(knock.task, knock.seq).parent.mkdir(parents=True, exist_ok=True)
            connected_party.log(knock.task, knock.seq).write_text("line1\nline2\n")
            for party in ("9999", "10000"):
                await gateway.sync(party, claims=[{"task": knock.task, "seq": knock.seq}])
                await gateway.sync(party, reports=[{"task": knock.task, "seq": knock.seq, "outcome": "success"}])
    assert (await flow.ok("GET", f"/task/{task}/logs?federated_id=9999")) == {"logs": ["line1", "line2", ""]}
    assert (await flow.refused("GET", f"/task/{task}/logs"))[0] == 10000
    assert (await flow.refused("GET", f"/task/{task}/logs?federated_id=zz"))[0] == 10304
    code, words = await flow.refused("GET", f"/task/{task}/logs?federated_id=10000")
    assert (code, "10000 is not connected" in words) == (10305, True)


async def test_federates_are_the_registered_parties(flow):
    found = await flow.ok("GET", "/federate?page=1&limit=10")
    assert [(each["id"], each["name"], each["online"]) for each in found["federates"]] == [
        ("10000", "10000", True), ("9999", "9999", True),
    ]  # fmt: skip
    assert found["federate_count"] == 2


async def test_postgresql_answers_as_sqlite_does(serve, postgres_url):
    gateway = await serve(database_url=postgres_url)
    for party in ("9999", "10000"):
        await gateway.hello(party)
    flow = Flow(gateway)
    template = await flow.template(name="模板_100%")
    assert (await flow.ok("GET", "/template?keyword=%E6%9D%BF_1"))["template_count"] == 1
    assert (await flow.ok("GET", "/template?keyword=x%25"))["template_count"] == 0
    task = await flow.task(template)
    answers = await asyncio.gather(*(flow.send("POST", f"/task/{task}/start") for _ in range(4)))
    assert sorted(answer["ret_code"] for answer in answers) == [0] + [10303] * 3
    await gateway.run_tasks()
    assert [run["status"] for run in (await flow.ok("GET", f"/task/{task}/runs"))["runs"]] == ["Succeeded"]
    assert (await flow.refused("GET", "/task/%00"))[0] == 10300


# --- Access


async def test_strict_servers_refuse_a_task_without_its_template(serve):
    strict = Flow(await serve(iflearner_strict=True))
    body = {"name": "a", "template_id": "nothing", "remark": "", "federate_data": []}
    assert (await strict.refused("POST", "/task", body))[0] == 10200


async def test_a_token_is_honoured_and_its_project_is_its_own(flow, gateway):
    await flow.template()
    lead = {"Authorization": f"Bearer {gateway.tokens['lead']}"}
    assert (await flow.ok("GET", "/template", headers=lead))["template_count"] == 0
    member = {"Authorization": f"Bearer {gateway.tokens['member']}"}
    found = await flow.send("POST", "/template", TEMPLATE, headers=member)
    assert (flow.status, found["ret_code"]) == (403, 10002)
    for header in ("Bearer frt_wrong_wrong", f"Bearer {gateway.tokens['worker-9999']}"):
        found = await flow.send("GET", "/template", headers={"Authorization": header})
        assert (flow.status, found["ret_code"]) in {(401, 10003), (403, 10002)}


async def test_a_run_is_stopped_by_those_who_may_stop_its_job(gateway):
    callers = {name: Flow(gateway, gateway.tokens[name]) for name in ("lead", "other_lead", "org_admin")}
    lead = callers["lead"]
    task = await lead.task(await lead.template())
    await lead.ok("POST", f"/task/{task}/start")
    found = await callers["other_lead"].send("POST", f"/task/{task}/stop")
    assert (callers["other_lead"].status, found["ret_code"]) == (403, 10002)
    assert (await gateway.get("/jobs")).json["items"][0]["stopping"] is False
    await callers["org_admin"].ok("POST", f"/task/{task}/stop")
    await lead.ok("POST", f"/task/{task}/start")
    await lead.ok("POST", f"/task/{task}/stop")


async def test_web_pages_and_other_names_are_kept_out_without_a_token(flow):
    for header in ({"Origin": "http://127.0.0.1"}, {"Host": "rebound.example"}, {"Host": "[::1"}):
        found = await flow.send("POST", "/template", TEMPLATE, headers=header)
        assert (flow.status, found["ret_code"]) == (403, 10002)


async def test_without_loopback_only_a_flag_lets_old_clients_in(serve):
    given = {"host": "0.0.0.0", "trust_network": True}
    closed = Flow(await serve(**given))
    found = await closed.send("GET", "/template")
    assert (closed.status, found["ret_code"]) == (401, 10003)
    opened = Flow(await serve(**given, legacy_open=True))
    await opened.ok("GET", "/template")
