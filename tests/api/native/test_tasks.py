import asyncio
import hashlib

import aiohttp
import pyarrow
import pyarrow.parquet
import pytest

from tests.api.hostile import answering, give, refuse, reply


async def claim(gateway, **given):
    """A job with one running task at 9999: job, task, seq."""
    job = await gateway.submit(parties={"guest": ["9999"]}, **given)
    (knock,) = gateway.dispatch()["9999"]
    await gateway.sync("9999", claims=[{"task": knock.task, "seq": knock.seq}])
    return job, knock.task, knock.seq


def write_log(workdir, task, seq, text):
    path = workdir.log(task, seq)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


async def finish(gateway, task, seq, **report):
    await gateway.sync("9999", reports=[{"task": task, "seq": seq, "outcome": "success", **report}])


async def test_a_task(gateway):
    job, task, seq = await claim(gateway)
    found = (await gateway.get(f"/tasks/{task}")).json
    assert (found["job"], found["step"], found["seq"], found["state"]) == (job, "read", seq, "running")
    assert (await gateway.get("/tasks/none")).status == 404


@pytest.mark.parametrize(
    ("query", "text", "offset"),
    [
        ("", "0123456789", "0"),
        ("?offset=4", "456789", "4"),
        ("?offset=2&limit=3", "234", "2"),
        ("?offset=-3", "789", "7"),
    ],
)
async def test_a_part_of_a_log(gateway, connected_party, query, text, offset):
    _, task, seq = await claim(gateway)
    write_log(connected_party, task, seq, "0123456789")
    answer = await gateway.get(f"/tasks/{task}/logs{query}")
    assert (answer.status, answer.raw.decode(), answer.headers["X-Log-Offset"]) == (200, text, offset)
    assert answer.headers["X-Log-Size"] == "10"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


async def test_the_log_of_a_task_that_has_not_begun_is_empty_without_asking_the_party(gateway):
    job = await gateway.submit()
    answer = await gateway.get(f"/tasks/{job}-0-1-0/logs")
    assert (answer.status, answer.raw, answer.headers["X-Log-Size"]) == (200, b"", "0")


async def test_a_log_at_a_party_that_is_not_connected(gateway):
    _, task, _ = await claim(gateway)
    answer = await gateway.get(f"/tasks/{task}/logs")
    assert (answer.status, answer.json["error"]["code"]) == (503, "unreachable")
    assert "9999" in answer.json["error"]["message"]


async def test_a_log_is_followed_until_the_task_ends(gateway, connected_party):
    _, task, seq = await claim(gateway)
    write_log(connected_party, task, seq, "one\n")
    following = asyncio.create_task(gateway.get(f"/tasks/{task}/logs?follow=true&offset=0"))
    await asyncio.sleep(0.1)
    write_log(connected_party, task, seq, "two\n")
    await asyncio.sleep(0.4)
    write_log(connected_party, task, seq, "three\n")
    await finish(gateway, task, seq)
    async with asyncio.timeout(60):
        assert (await following).raw == b"one\ntwo\nthree\n"


async def test_following_begins_before_the_task_does(gateway, connected_party):
    job = await gateway.submit(parties={"guest": ["9999"]})
    following = asyncio.create_task(gateway.get(f"/tasks/{job}-0-1-0/logs?follow=true"))
    await asyncio.sleep(0.05)
    (knock,) = gateway.dispatch()["9999"]
    await gateway.sync("9999", claims=[{"task": knock.task, "seq": knock.seq}])
    write_log(connected_party, knock.task, knock.seq, "hello\n")
    await finish(gateway, knock.task, knock.seq)
    async with asyncio.timeout(60):
        assert (await following).raw == b"hello\n"


@pytest.fixture
async def outputs(gateway, connected_party):
    """A task that left a table and a file at its party."""
    _, task, seq = await claim(gateway)
    folder = connected_party.outputs(task, seq)
    folder.mkdir(parents=True)
    pyarrow.parquet.write_table(pyarrow.table({"id": [1, 2, 3], "x": [0.5, None, 2.5]}), folder / "data")
    (folder / "model").write_bytes(b"m" * 3_000_000)
    await finish(
        gateway, task, seq,
        outputs=[
            {"name": name, "kind": kind, "size": (folder / name).stat().st_size, "sha256": digest(folder / name)}
            for name, kind in (("data", "table"), ("model", "model"))
        ],
    )  # fmt: skip
    return task


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_an_output_is_streamed(gateway, outputs):
    answer = await gateway.get(f"/tasks/{outputs}/outputs/model")
    assert (answer.status, answer.raw) == (200, b"m" * 3_000_000)
    assert answer.headers["Content-Length"] == "3000000"
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.raw).hexdigest()}"'


async def test_rows_of_an_output(gateway, outputs):
    answer = await gateway.get(f"/tasks/{outputs}/outputs/data?preview=true&offset=1&limit=1")
    assert answer.json == {"columns": ["id", "x"], "rows": [[2, None]], "total": 3}
    refused = await gateway.get(f"/tasks/{outputs}/outputs/model?preview=true")
    assert (refused.status, list(refused.problems)) == (422, ["query.preview"])


async def test_an_output_that_is_not_there(gateway, outputs, connected_party):
    assert (await gateway.get(f"/tasks/{outputs}/outputs/none")).status == 404
    found = await gateway.get(f"/tasks/{outputs}/outputs/data", token="other_lead")
    assert found.status == 403


async def test_an_output_that_breaks_off_is_not_taken_for_whole(gateway, outputs, connected_party):
    path = next(connected_party.root.glob("outputs/**/model"))
    path.write_bytes(b"short")
    answer = await gateway.get(f"/tasks/{outputs}/outputs/model")
    assert answer.raw == b"short"  # what the party has now; ETag and size say that it is not what was reported
    assert answer.headers["ETag"] != f'"{hashlib.sha256(b"short").hexdigest()}"'


async def leave_file(gateway, **output):
    """A task of 9999 that has left the file `data`."""
    _, task, seq = await claim(gateway)
    left = {"name": "data", "kind": "file", "size": 5, "sha256": "ab", **output}
    await finish(gateway, task, seq, outputs=[left])
    return task


@pytest.mark.parametrize("size", [-5, True, "5", 1.5, None, 10**400])
async def test_a_length_that_is_none_is_the_partys_fault(gateway, size):
    task = await leave_file(gateway)
    async with answering(gateway, give({"size": size}, b"hello")):
        answer = await gateway.get(f"/tasks/{task}/outputs/data")
    assert (answer.status, answer.json["error"]["code"]) == (503, "unreachable")


async def test_a_body_that_is_shorter_than_promised_breaks_off_at_once(gateway):
    task = await leave_file(gateway)
    async with answering(gateway, give({"size": 9}, b"hello")):
        with pytest.raises(aiohttp.ClientPayloadError):
            await gateway.get(f"/tasks/{task}/outputs/data")


async def test_a_body_that_is_longer_than_promised_is_not_read_on(gateway, caplog):
    task = await leave_file(gateway)
    async with answering(gateway, give({"size": 5}, b"hello", b" and more")):
        await gateway.get(f"/tasks/{task}/outputs/data")
        while "sends more than the 5 bytes" not in caplog.text:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("output", [{"sha256": "a\r\nX-Evil: 1"}, {"facts": {"file": "x" * 100_000}}])
async def test_a_partys_words_make_no_header_of_their_own(gateway, output):
    task = await leave_file(gateway, **output)
    async with answering(gateway, give({"size": 5}, b"hello")):
        answer = await gateway.get(f"/tasks/{task}/outputs/data")
    assert (answer.status, answer.raw) == (200, b"hello")
    assert "X-Evil" not in answer.headers


DEEP = [[]]
for _ in range(400):
    DEEP = [DEEP]


@pytest.mark.parametrize("rows", [[["\ud800"]], [DEEP]], ids=["half a character", "deep"])
async def test_rows_that_no_answer_can_hold_are_the_partys_fault(gateway, caplog, rows):
    task = await leave_file(gateway, kind="table")
    async with answering(gateway, reply({"columns": ["a"], "rows": rows})):
        answer = await gateway.get(f"/tasks/{task}/outputs/data?preview=true")
    assert (answer.status, answer.json["error"]["code"]) == (503, "unreachable")
    assert "Traceback" not in caplog.text


async def test_a_reason_with_half_a_character_is_told(gateway, caplog):
    _, task, _ = await claim(gateway)
    half = "\ud800"
    async with answering(gateway, refuse(code="invalid", error=half, problems=[[half, half, half]])):
        answer = await gateway.get(f"/tasks/{task}/logs")
    assert (answer.status, answer.problems) == (422, {"?": "?"})
    assert "Traceback" not in caplog.text


async def test_a_followed_log_ends_with_its_callers_token(gateway, connected_party, monkeypatch):
    monkeypatch.setattr("api.streams.CHECK_S", 0.0)
    issued = (await gateway.post("/tokens", {"kind": "user", "name": "guest", "role": "member"})).json
    _, task, seq = await claim(gateway)
    write_log(connected_party, task, seq, "one\n")
    following = asyncio.create_task(gateway.get(f"/tasks/{task}/logs?follow=true", token=issued["secret"]))
    await asyncio.sleep(0.1)
    assert not following.done()
    assert (await gateway.call("DELETE", f"/tokens/{issued['id']}")).status == 204
    async with asyncio.timeout(60):
        with pytest.raises(aiohttp.ClientError):
            await following
