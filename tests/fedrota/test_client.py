"""The blocking client against a gateway on a real port."""

import asyncio
import inspect
import io
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from fedrota import AsyncClient, Client, errors

DOCUMENT = {"name": "x", "parties": {"guest": ["9999"]}, "steps": []}


def test_job_comes_as_values(client, gateway):
    job = client.job("j-1")
    assert (job.id, job.state, job.is_over) == ("j-1", "success", True)
    assert job.parties == {"guest": ("9999",), "host": ("10000",)}
    assert job.steps[0].tasks[1].party == "10000"
    assert job.created.utcoffset().total_seconds() == 0
    assert gateway.last.headers["Authorization"] == "Bearer frt_a_b"


def test_submit_sends_document_and_a_key(client, gateway):
    assert client.submit(DOCUMENT).state == "waiting"
    assert gateway.last.json == DOCUMENT
    first = gateway.last.headers["Idempotency-Key"]
    client.submit(DOCUMENT)
    assert gateway.last.headers["Idempotency-Key"] != first


def test_submit_repeats_with_the_same_key_after_a_broken_connection():
    keys = []

    def answer(request):
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) < 3:
            raise httpx.ReadError("cut")
        return httpx.Response(201, json={"id": "j", "name": "x", "state": "waiting"})

    with Client("http://gw", "t", transport=httpx.MockTransport(answer)) as client:
        assert client.submit(DOCUMENT).id == "j"
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_what_is_not_repeatable_is_sent_once():
    count = []

    def answer(request):
        count.append(request)
        raise httpx.ReadError("cut")

    with Client("http://gw", transport=httpx.MockTransport(answer)) as client, pytest.raises(errors.NoGatewayError):
        client.stop("j-1")
    assert len(count) == 1


def test_dry_run_gives_a_job_without_id(client, gateway):
    gateway.on("POST", "/jobs", {"valid": True})
    job = client.submit(DOCUMENT, dry_run=True)
    assert (job.id, job.name) == ("", "x")
    assert gateway.last.query == {"dry_run": "true"}


def test_iterating_a_page_goes_through_all(client, gateway):
    pages = {None: (["a", "b"], "c1"), "c1": (["c"], "c2"), "c2": ([], None)}

    def answer(request):
        ids, cursor = pages[request.query.get("after")]
        return {"items": [{"id": each, "name": each, "state": "success"} for each in ids], "next": cursor}

    gateway.on("GET", "/jobs", answer)
    page = client.jobs(state=["failed", "timeout"], limit=2)
    assert [job.id for job in page.items] == ["a", "b"]
    assert len(gateway.asked) == 1
    assert [job.id for job in page] == ["a", "b", "c"]
    assert gateway.last.query == {"state": "failed", "limit": "2", "after": "c2"}


def test_refusal_becomes_its_error(client, gateway):
    problems = [{"where": "steps.0.params.rounds", "message": "must be an integer", "hint": "write 10"}]
    gateway.refuse("POST", "/jobs", 422, code="invalid", message="wrong document", problems=problems)
    with pytest.raises(errors.InvalidError, match="wrong document") as caught:
        client.submit(DOCUMENT)
    assert caught.value.problems[0].where == "steps.0.params.rounds"


def test_no_gateway_says_what_to_do():
    with Client("http://127.0.0.1:1") as client, pytest.raises(errors.NoGatewayError) as caught:
        client.stop("j-1")
    assert str(caught.value) == "no gateway at http://127.0.0.1:1: start one with `fedrota up`, or set FEDROTA_URL"


def test_closed_client_says_so(client):
    client.close()
    with pytest.raises(errors.FedrotaError, match="has been closed"):
        client.whoami()


def test_wait_follows_events_to_the_end(client, gateway):
    gateway.job["state"] = "running"
    gateway.after_stream = lambda: gateway.job.update(state="failed")
    assert client.wait("j-1").state == "failed"
    assert [asked.path for asked in gateway.asked] == ["/jobs/j-1", "/jobs/j-1/events", "/jobs/j-1"]


def test_wait_gives_up_in_time(client, gateway):
    async def silent(request):
        await asyncio.sleep(2)

    gateway.job["state"] = "running"
    gateway.on("GET", "/jobs/j-1/events", silent)
    with pytest.raises(errors.WaitTimeoutError, match=r"job j-1 has not ended within 0.2 s; it goes on"):
        client.wait("j-1", timeout_s=0.2)


def test_wait_goes_on_when_the_job_was_run_again(client, gateway):
    gateway.job["state"] = "running"
    ends = iter(["running", "success"])
    gateway.after_stream = lambda: gateway.job.update(state=next(ends))
    assert client.wait("j-1").state == "success"


def test_events_resume_after_a_break(client, gateway):
    gateway.break_after = [1, 0]
    assert [event.id for event in client.events("j-1")] == [1, 2]
    resumed = [asked.headers.get("Last-Event-ID") for asked in gateway.asked]
    assert resumed == [None, "1", "1"]


def test_events_begin_after_the_given_one(client):
    assert [event.id for event in client.events("j-1", after=1)] == [2]


def test_events_of_an_unknown_job_are_not_found(client):
    with pytest.raises(errors.NotFoundError):
        next(client.events("nope"))


def test_a_name_may_hold_any_character(client, gateway):
    with pytest.raises(errors.NotFoundError):
        client.component("a/b c?d")
    assert gateway.last.path == "/components/a%2Fb%20c%3Fd"


def test_logs_whole_and_from_the_end(client, gateway):
    assert "".join(client.logs("t-guest")) == gateway.log.decode()
    assert "".join(client.logs("t-guest", tail=7)) == "line 3\n"


def test_followed_log_resumes_where_it_broke(client, gateway):
    pieces = iter(client.logs("t-guest", follow=True))
    first = next(pieces)
    gateway.log += "größer\nend\n".encode()
    gateway.break_after = [3]  # in the middle of ö
    assert first + "".join(pieces) == gateway.log.decode()
    assert [asked.query["offset"] for asked in gateway.asked[:3]] == ["0", "25", "28"]


def test_followed_log_outlives_a_gateway_that_stops_in_good_order(client, gateway):
    states = iter(["running", "success"])

    def answer(_):
        gateway.log += b"more\n"
        return {**_task(), "state": next(states)}

    gateway.on("GET", "/tasks/t-guest", answer)
    assert "".join(client.logs("t-guest", follow=True)) == gateway.log.decode().removesuffix("more\n")


def test_followed_log_waits_for_a_party_that_is_coming_back(client, gateway):
    count = []

    async def answer(request):
        if request.query.get("follow"):
            count.append(request)
            if len(count) == 1:
                error = {"code": "unreachable", "message": "party 9999 is not connected", "problems": []}
                return web.json_response({"error": error}, status=503)
        return await gateway.send_log(request)

    gateway.on("GET", "/tasks/t-guest/logs", answer)
    assert "".join(client.logs("t-guest", follow=True)) == gateway.log.decode()
    assert len(count) == 2


def test_log_of_a_party_that_is_away_says_so_at_once(client, gateway):
    gateway.refuse("GET", "/tasks/t-guest/logs", 503, code="unreachable", message="party 9999 is not connected")
    gateway.on("GET", "/parties/9999", {"id": "9999", "online": False})
    for follow in (False, True):
        with pytest.raises(errors.UnreachableError, match="is not connected"):
            next(client.logs("t-guest", follow=follow))
    assert len([asked for asked in gateway.asked if asked.path.endswith("/logs")]) == 2


def test_followed_log_waits_for_its_first_page_while_the_gateway_restarts(client, gateway):
    gateway.hold_logs(2)
    assert "".join(client.logs("t-guest", follow=True)) == gateway.log.decode()


def test_followed_log_waits_no_longer_for_its_first_page_than_in_its_midst(client, gateway, monkeypatch):
    monkeypatch.setattr("fedrota.feeds.PAUSES_S", (0.0, 0.0))
    gateway.refuse("GET", "/tasks/t-guest/logs", 503, code="unreachable", message="party 9999 is not connected")
    with pytest.raises(errors.UnreachableError, match="is not connected"):
        next(client.logs("t-guest", follow=True))
    assert len([asked for asked in gateway.asked if asked.path.endswith("/logs")]) == 3


def _task():
    return {"id": "t-guest", "job": "j-1", "step": "lr", "role": "guest", "party": "9999"}


def test_download_checks_and_moves_into_place(client, tmp_path):
    seen = []
    checksum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    path = client.download_output("t-guest", "model", tmp_path, sha256=checksum, progress=lambda *p: seen.append(p))
    assert path == tmp_path / "model"
    assert path.read_bytes() == b"hello" == client.read_output("t-guest", "model")
    assert seen[-1] == (5, 5)


def test_damaged_download_leaves_nothing(client, tmp_path):
    with pytest.raises(errors.BrokenReplyError, match="arrived damaged"):
        client.download_output("t-guest", "model", tmp_path / "m", sha256="00")
    assert list(tmp_path.iterdir()) == []


def test_refused_download_leaves_nothing(client, tmp_path):
    with pytest.raises(errors.NotFoundError):
        client.download_output("t-guest", "nothing", tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_upload_streams_a_file(client, gateway, tmp_path):
    path = tmp_path / "breast.csv"
    path.write_bytes(b"id,y\n" + b"a,1\n" * 200_000)
    seen = []
    gateway.on("PUT", "/parties/9999/tables/breast", lambda _: _table(), 201)
    table = client.upload("9999", "breast", path, replace=True, label_column="y", progress=lambda *p: seen.append(p))
    assert table.rows == 2
    asked = gateway.last
    assert asked.body == path.read_bytes()
    assert asked.headers["Content-Type"] == "text/csv"
    assert asked.headers["Content-Length"] == str(path.stat().st_size)
    assert asked.query == {"replace": "true", "label_column": "y"}
    assert len(seen) > 1
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


def test_upload_takes_an_open_file(client, gateway):
    gateway.on("PUT", "/parties/9999/tables/t", lambda _: _table(), 201)
    client.upload("9999", "t", io.BytesIO(b"PAR1 and the rest"), namespace="n")
    assert gateway.last.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert gateway.last.query == {"namespace": "n"}


def test_upload_of_a_missing_file_names_it(client):
    with pytest.raises(errors.FedrotaError, match="cannot read nope.csv: No such file"):
        client.upload("9999", "t", Path("nope.csv"))


def test_a_model_is_exported_and_imported(client, gateway, tmp_path):
    path = client.export_model("guest-9999#model", "j-1", tmp_path)
    assert (path.name, path.read_bytes()) == ("model-j-1.zip", b"PK archive")
    gateway.on("POST", "/models", gateway.answers["GET", "/models/guest-9999%23model/j-1"][1], 201)
    model = client.import_model(path, replace=True)
    assert (gateway.last.body, gateway.last.headers["Content-Type"]) == (b"PK archive", "application/zip")
    assert (model.parts[0].task, model.members[0].party, model.deployed) == ("t-guest", "9999", True)


def _table():
    return {"party": "9999", "name": "breast", "rows": 2}


def test_both_clients_offer_the_same():
    def list_public(kind):
        return {name: _strip(value) for name, value in vars(kind).items() if not name.startswith("_")}

    def _strip(value):
        if isinstance(value, property):
            return "property"
        parameters = inspect.signature(value, follow_wrapped=True).parameters
        kept = [str(each) for name, each in parameters.items() if name != "self"]
        return kept, value.__doc__

    assert list_public(Client) == list_public(AsyncClient)


def attach(gateway, *ids):
    left = iter(ids)
    gateway.on("POST", "/attachments", lambda _: {"id": next(left), "size": 1, "sha256": "ab"}, 201)


def test_files_are_streamed_up_first_and_named_in_the_document(client, gateway, tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(bytes(1 << 20))
    attach(gateway, "b1", "b2")
    seen = []
    client.submit(
        DOCUMENT, attachments={"w": path, "notes": io.BytesIO(b"hello")}, progress=lambda *pair: seen.append(pair)
    )
    first, second, submitted = gateway.asked
    assert (first.body, second.body) == (path.read_bytes(), b"hello")
    assert first.headers["Content-Type"] == "application/octet-stream"
    assert first.headers["Content-Length"] == str(1 << 20)
    assert submitted.json["attachments"] == {"w": "b1", "notes": "b2"}
    assert len(seen) > 2
    assert seen[-1] == ((1 << 20) + 5,) * 2


def test_nothing_is_sent_where_a_file_is_missing_or_the_document_is_wrong(client, gateway, tmp_path):
    with pytest.raises(errors.FedrotaError, match="cannot read"):
        client.submit(DOCUMENT, attachments={"a": io.BytesIO(b"x"), "b": tmp_path / "none"})
    with pytest.raises(errors.InvalidError):
        client.submit("a: [", attachments={"a": io.BytesIO(b"x")})
    assert gateway.asked == []


def test_a_file_that_is_too_large_ends_the_submit(client, gateway):
    gateway.refuse("POST", "/attachments", 413, code="too_large", message="larger than the limit")
    with pytest.raises(errors.TooLargeError, match="larger than the limit"):
        client.submit(DOCUMENT, attachments={"a": io.BytesIO(b"x")})
    assert [asked.path for asked in gateway.asked] == ["/attachments"]


def test_what_a_job_carries_is_listed_and_downloaded(client, gateway, tmp_path):
    attach(gateway, "b1")
    assert client.upload_attachment(io.BytesIO(b"x")).id == "b1"
    gateway.on("GET", "/jobs/j-1/attachments", [{"name": "w", "id": "b1", "size": 5, "sha256": "ab"}])
    [found] = client.attachments("j-1")
    assert (found.name, found.id, found.size) == ("w", "b1", 5)
    gateway.on("GET", "/jobs/j-1/attachments/w", lambda _: web.Response(body=b"hello"))
    assert client.download_attachment("j-1", "w", tmp_path).read_bytes() == b"hello"
    gateway.on("GET", "/jobs/j-1/attachments", {"items": []})
    with pytest.raises(errors.BrokenReplyError):
        client.attachments("j-1")
