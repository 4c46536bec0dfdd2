import io
import json
import zipfile


async def download(console, command, job):
    """The zip that a command answers with: contents by path."""
    call = {"words": [job], "props": {}}
    answer = await console.gateway.post(f"/flare/v1/commands/{command}", call, token=console.token)
    assert "X-Flare-Meta" in answer.headers, answer.raw
    assert json.loads(answer.headers["X-Flare-Meta"])["status"] == "ok"
    with zipfile.ZipFile(io.BytesIO(answer.raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_a_result_has_the_job_its_meta_and_the_servers_workspace(server_site):
    job, claims = await server_site.begin()
    left = server_site.leave_workspace(claims["server"], {"models/server.npy": b"12", "log.txt": b"done"})
    await server_site.end(claims, outputs=[left])
    found = await download(server_site.console, "download_job", job)
    assert set(found) == {
        "meta.json", "job/job/meta.json", "job/job/app/config/config_fed_server.json",
        "job/job/app/config/config_fed_client.json", "workspace/models/server.npy", "workspace/log.txt",
    }  # fmt: skip
    assert found["workspace/log.txt"] == b"done"
    assert json.loads(found["meta.json"])["status"] == "FINISHED:COMPLETED"


async def test_a_job_that_runs_has_no_result_yet(server_site):
    job, _ = await server_site.begin()
    found = await server_site.console.meta("download_job", job)
    assert (found["status"], found["info"]) == ("job_running", job)


async def test_a_job_that_failed_leaves_its_log_and_the_error_logs_of_its_sites(server_site):
    job, claims = await server_site.begin()
    server_site.write_log(claims["server"], "Traceback\n")
    failed = {"kind": "error", "message": "FLARE's job ended as X", "detail": ""}
    await server_site.end({"server": claims["server"]}, outcome="failed", **failed)
    await server_site.end({party: claims[party] for party in ("9999", "10000")}, outcome="canceled")
    found = await download(server_site.console, "download_job", job)
    assert found["workspace/log.txt"] == b"Traceback\n"
    listed = await server_site.console.meta("list_job", job)
    assert listed["job_components"] == ["ERRORLOG_server"]
    logs = await download(server_site.console, "download_job_components", job)
    assert logs == {"ERRORLOG_server": b"FLARE's job ended as X\n\nTraceback\n"}


async def test_only_those_who_may_read_results_get_them(server_site):
    job, claims = await server_site.begin()
    await server_site.end(claims)
    server_site.console.token = "member"
    assert (await server_site.console.meta("download_job", job))["status"] == "not_authorized"
