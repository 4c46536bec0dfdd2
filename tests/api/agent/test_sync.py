import asyncio
import json


async def test_hello_says_who_one_is(gateway):
    answer = await gateway.hello("9999", slots=7)
    assert answer.json == {"party": "9999", "slots": 7, "heartbeat_s": 5.0, "lease_s": 60.0, "run_id": "local"}
    assert (await gateway.get("/parties/9999")).json["slots"] == 7


async def test_another_protocol_is_refused_with_what_to_do(gateway):
    answer = await gateway.hello("9999", protocol=99)
    assert (answer.status, "same release" in answer.json["error"]["message"]) == (409, True)


async def test_offers_count_for_the_next_submit(gateway):
    await gateway.submit()
    await gateway.hello("9999", components=())
    answer = await gateway.post(
        "/jobs", {"name": "x", "parties": {"g": ["9999"]}, "steps": [{"name": "a", "component": "noop"}]}
    )
    assert "steps.0.component" in answer.problems


async def test_a_claim_is_granted_once_and_its_repeat_to_the_same_agent(gateway):
    await gateway.submit()
    knocks = gateway.dispatch()
    claim = {"task": knocks["9999"][0].task, "seq": knocks["9999"][0].seq}
    (first,) = (await gateway.sync("9999", claims=[claim]))["claims"]
    (again,) = (await gateway.sync("9999", claims=[claim]))["claims"]
    (other,) = (await gateway.sync("9999", claims=[claim], agent="agent-2"))["claims"]
    (foreign,) = (await gateway.sync("10000", claims=[claim]))["claims"]
    assert first["assignment"]["params"] == {"rounds": 3}
    assert again["assignment"] == first["assignment"]
    assert other["assignment"] is foreign["assignment"] is None


async def test_many_calls_at_once_each_get_their_own_answer(gateway):
    jobs = [await gateway.submit(name=f"job-{number}") for number in range(6)]
    knocks = gateway.dispatch()
    assert len(knocks["9999"]) == 6
    answers = await asyncio.gather(
        *(
            gateway.sync(party, claims=[{"task": knock.task, "seq": knock.seq}])
            for party in knocks
            for knock in knocks[party]
        )
    )
    assigned = [answer["claims"][0]["assignment"] for answer in answers]
    assert sorted(item["job"] for item in assigned) == sorted(jobs * 2)


async def test_a_wrong_call_is_refused_and_a_huge_one_too(gateway):
    assert (await gateway.post("/agent/sync", {"agent": 1}, token="worker-9999")).status == 422
    assert (await gateway.call("POST", "/agent/sync", data=b"{", token="worker-9999")).status == 400
    assert (await gateway.call("POST", "/agent/hello", data=b" " * (2 << 20), token="worker-9999")).status == 413


async def test_a_report_nudges_the_scheduler(gateway, broker_url):
    from redis.asyncio import Redis

    from scheduler.queues.names import NUDGES

    async with Redis.from_url(broker_url) as broker, broker.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(NUDGES)
        async with asyncio.timeout(60):
            while not (await broker.pubsub_numsub(NUDGES))[0][1]:
                await asyncio.sleep(0.01)
        await gateway.submit()
        async with asyncio.timeout(60):
            while await channel.get_message(timeout=0.1) is None:
                pass


async def test_a_report_that_names_an_output_twice_or_has_numbers_beyond_64_bits_ends_its_task(gateway):
    await gateway.submit()
    knock = gateway.dispatch()["9999"][0]
    named = {"task": knock.task, "seq": knock.seq}
    await gateway.sync("9999", claims=[named])
    output = {"name": "o", "kind": "file", "size": 1 << 70, "sha256": "", "facts": {"n": 1 << 70}}
    said = {**named, "outcome": "success", "outputs": [output] * 2, "summary": {"n": 1 << 70}, "log_size": 1 << 70}
    beat = {**named, "progress": 1e300, "log_size": 1 << 70, "batch": 1 << 70}
    raw = json.dumps({"agent": "agent-1", "beats": [beat], "reports": [said]})
    answer = await gateway.call("POST", "/agent/sync", data=raw.encode(), token="worker-9999")
    assert answer.status == 200, answer.raw
    assert answer.json["reports"][0]["accepted"]
    assert (await gateway.get(f"/tasks/{knock.task}")).json["state"] == "success"


async def test_a_reason_without_measure_is_cut_off(gateway):
    """It stands in the task, its step and its job, in their events, and in every list of jobs."""
    job = await gateway.submit(parties={"guest": ["9999"]})
    (knock,) = gateway.dispatch()["9999"]
    await gateway.sync("9999", claims=[{"task": knock.task, "seq": knock.seq}])
    words = {"kind": "k" * 100_000, "message": "m" * 4_000_000, "detail": "d" * 4_000_000 + "the end"}
    await gateway.sync("9999", reports=[{"task": knock.task, "seq": knock.seq, "outcome": "failed", **words}])
    assert len((await gateway.get("/jobs")).raw) < 20_000
    assert len((await gateway.get(f"/jobs/{job}/events")).raw) < 60_000
    failure = (await gateway.get(f"/tasks/{knock.task}")).json["failure"]
    assert (len(failure["kind"]), len(failure["message"])) == (100, 10_000)
    assert len(failure["detail"]) == 256 << 10
    assert failure["detail"].endswith("the end")
