import io
import time
import zipfile
from dataclasses import replace

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.listener.console import read_props, split_command
from api.dialects.flare.routes.sessions import find_sessions
from tests.api.dialects.flare.listener import conftest
from tests.api.dialects.flare.requests.jobs import pack_job


async def test_login_is_by_certificate_and_name(client):
    assert (await client.send("_check_session"))["data"] == [{"type": "string", "data": "OK"}]
    assert (await client.send("_cert_login root@hq"))["data"] == [{"type": "string", "data": "REJECT"}]
    assert (await client.send("_cert_login"))["data"] == [{"type": "string", "data": "REJECT"}]
    unknown = replace(client, user="nobody@hq", token="")
    assert await unknown.log_in() == "REJECT"


async def test_without_a_session_no_command_is_done(client):
    for token in ("", "x", client.token[:-4] + "AAAA"):
        reply = await replace(client, token=token).send("list_jobs")
        assert reply["data"] == [{"type": "error", "data": "session_inactive"}]
        assert reply["meta"] == {}


async def test_a_session_belongs_to_the_certificate_that_opened_it(client):
    reply = await replace(client, user="root@hq").send("list_jobs")
    assert reply["data"][0]["data"] == "session_inactive"


async def test_a_revoked_certificate_ends_its_sessions(client, ground):
    from datetime import UTC, datetime

    ground.authority.revoke("lead@hq", datetime.now(UTC))
    assert (await client.send("list_jobs"))["data"][0]["data"] == "session_inactive"
    assert await client.log_in() == "REJECT"
    assert await replace(client, user="root@hq", token="").log_in() == "OK"


async def test_a_session_ends_with_the_certificate_that_opened_it(client, console):
    """Certificates of these tests count for a day; the HTTP door takes the session's token without one."""
    session = await find_sessions(console.gateway.app).read(client.token)
    assert session.expires <= time.time() + 86_400


async def test_logout_ends_the_session(client):
    assert (await client.send("_logout"))["data"] == [{"type": "string", "data": "OK"}]
    assert (await client.send("list_jobs"))["data"][0]["data"] == "session_inactive"


async def test_the_command_list_names_the_clients_own_handlers(client):
    rows = (await client.send("_commands"))["data"][0]["rows"]
    handlers = {row[1]: row[5] for row in rows}
    assert handlers["submit_job"] == "file_transfer.push_folder"
    assert handlers["pull_binary"] == "file_transfer.pull_binary"
    assert handlers["list_jobs"] is None


async def test_a_job_goes_in_and_is_read(client):
    reply = await client.upload("job.submit_job hello", pack_job(folder="hello"))
    assert reply["meta"]["status"] == "ok", reply
    job = reply["meta"]["job_id"]
    meta = (await client.send(f"get_job_meta {job}"))["meta"]["job_meta"]
    assert (meta["submitter_name"], meta["submitter_role"], meta["job_folder_name"]) == ("lead@hq", "lead", "hello")
    assert [row["job_id"] for row in (await client.send("list_jobs"))["meta"]["jobs"]] == [job]


async def test_states_that_clients_make_a_sentence_of_carry_the_id_alone(client):
    job = (await client.upload("submit_job hello", pack_job(folder="hello")))["meta"]["job_id"]
    reply = await client.send(f"delete_job {job}")
    assert reply["meta"]["status"] == "job_running"
    assert reply["meta"]["info"] == job


async def test_roles_are_those_of_the_certificate(client):
    guest = replace(client, user="guest@hq", token="")
    assert await guest.log_in() == "OK"
    meta = (await guest.upload("submit_job hello", pack_job(folder="hello")))["meta"]
    assert meta["status"] == "not_authorized"
    assert meta["info"].startswith("user 'guest@hq' is not authorized for 'submit_job'")


async def test_a_refused_upload_is_answered_with_the_reason(client):
    reply = await client.upload("submit_job hello", pack_job(folder="hello", deploy_map={}))
    assert reply["meta"] == {"status": "invalid_job_def", "info": "deploy_map is empty for job hello"}
    reply = await client.upload("no_such_command", b"x" * 100_000)
    assert reply["meta"]["status"] == "syntax_error"


async def test_a_damaged_upload_makes_no_job(client):
    reply = await client.upload("submit_job hello", pack_job(folder="hello"), crc=1)
    assert "checksum mismatch" in reply["meta"]["info"]
    assert (await client.send("list_jobs"))["meta"]["jobs"] == []


async def test_a_result_is_fetched_file_by_file(client, result):
    meta = (await client.send("job.fetch J1"))["meta"]
    assert meta["files"] == ["job.zip", "meta.json", "workspace.zip"]
    assert await client.pull(f"{meta['cmd_name']} {meta['tx_id']} J1 meta.json") == b'{"a": 1}'
    body = await client.pull(f"{meta['cmd_name']} {meta['tx_id']} J1 workspace.zip end")
    assert zipfile.ZipFile(io.BytesIO(body)).read("log.txt") == b"done\n"
    assert result == [["J1"]]


async def test_a_gateway_that_does_not_have_the_files_gets_them_again(client, result):
    body = await client.pull("pull_binary fetch.0000 J1 job.zip")
    assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["hello/meta.json"]
    assert result == [["J1"]]


async def test_a_result_that_is_no_zip_is_an_answer(client, result, monkeypatch):
    monkeypatch.setattr(conftest, "make_result", lambda: b"no zip")
    assert (await client.send("fetch J1"))["meta"]["status"] == "internal_error"


async def test_a_pull_of_what_is_not_there_is_refused(client, result):
    meta = (await client.send("fetch J1"))["meta"]
    for words in (f"{meta['tx_id']} J1 ../secret", f"{meta['tx_id']} J1 no.zip", "list_jobs.1 J1 x", "x"):
        assert (await client.send(f"pull_binary {words}"))["meta"]["status"] in {"error", "syntax_error"}
    other = replace(client, user="root@hq", token="")
    await other.log_in()
    await other.pull(f"pull_binary {meta['tx_id']} J1 meta.json")
    assert result == [["J1"], ["J1"]], "another user's files must not be handed out"


def test_command_lines_are_split_as_consoles_quote_them():
    assert split_command('grep site-1 "a b" log.txt') == ("grep", ["site-1", "a b", "log.txt"])
    assert split_command("job.list_jobs  -d   x") == ("list_jobs", ["-d", "x"])
    for wrong in ('cat "x', "", "x" + " y" * 300):
        with pytest.raises(FlareError):
            split_command(wrong)


def test_only_known_properties_are_passed_on():
    assert read_props({"cmd_timeout": 3, "cmd_props": {"a": 1}, "evil": 1}) == {"cmd_timeout": 3, "cmd_props": {"a": 1}}
