"""Shell commands through the gateway to a real channel with the real readers."""

import asyncio

import pytest

from workers.channel import Channel, Orders, make_url
from workers.console.targets import make_target_ops
from workers.workdir import Workdir


@pytest.fixture
async def site(console, tmp_path):
    """Party 9999 with its channel; a job of two parties whose task there has a log."""
    gateway = console.gateway
    workdir = Workdir(tmp_path / "party", "9999")
    workdir.prepare()
    orders = Orders(knock=lambda _knocks: None, stop=lambda *_stop: None)
    url = make_url(str(gateway.server.make_url("/")), takes_knocks=False)
    channel = Channel(url, gateway.tokens["worker-9999"], orders=orders, ops=make_target_ops(workdir))
    running = asyncio.create_task(channel.run())
    async with asyncio.timeout(60):
        while not channel.is_connected:
            await asyncio.sleep(0.01)
    job = await gateway.submit()
    await gateway.run_tasks()
    tasks = (await gateway.get(f"/jobs/{job}")).json["steps"][0]["tasks"]
    task = next(task for task in tasks if task["party"] == "9999")
    workdir.log(task["id"], 1).parent.mkdir(parents=True)
    workdir.log(task["id"], 1).write_text("round 1\nround 2\n")
    workdir.job = job
    yield workdir
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def text_of(reply):
    assert reply["meta"]["status"] == "ok", reply
    return "".join(item["data"] for item in reply["data"] if item["type"] == "string")


async def test_a_site_shows_its_jobs_and_their_logs(console, site):
    assert text_of(await console.send("ls", "9999")) == f"{site.job}\nlog.txt\n"
    assert text_of(await console.send("pwd", "9999")) == f"{site.root}\n"
    assert text_of(await console.send("cat", "9999", f"{site.job}/log.txt")) == "round 1\nround 2\n"
    assert text_of(await console.send("tail", "9999", "-n", "1", "log.txt")) == "round 2\n"
    assert text_of(await console.send("grep", "9999", "-n", "2", "log.txt")) == "2:round 2\n"
    assert text_of(await console.send("cat", "9999", "no.txt")) == "cat: no.txt: No such file or directory\n"


async def test_another_projects_jobs_are_not_there(console, site):
    stranger = console.__class__(console.gateway, "stranger")
    assert text_of(await stranger.send("ls", "9999")) == ""
    shown = text_of(await stranger.send("cat", "9999", f"{site.job}/log.txt"))
    assert shown == f"cat: {site.job}/log.txt: No such file or directory\n"


@pytest.mark.parametrize(("token", "may"), [("admin", True), ("org_admin", True), ("lead", True), ("member", False),
                                            ("other_lead", False), ("other_org_admin", False)])  # fmt: skip
async def test_roles_are_those_of_flare(console, site, token, may):
    meta = await console.__class__(console.gateway, token).meta("ls", "9999")
    assert meta["status"] == ("ok" if may else "not_authorized")
    if not may:
        assert meta["info"].startswith(f"user '{token}' is not authorized for 'ls'")


async def test_targets_that_are_not_there(console, site):
    assert await console.meta("ls", "nosuch") == {"status": "invalid_target", "info": "invalid target: nosuch"}
    assert (await console.meta("ls", "all"))["status"] == "invalid_target"
    away = await console.meta("ls", "server")
    assert away["status"] in {"no_reply", "not_authorized"}


async def test_wrong_words_never_reach_the_site(console, site):
    meta = await console.meta("cat", "9999", "-z", "log.txt")
    assert meta == {"status": "error", "info": "unrecognized arguments: -z"}
