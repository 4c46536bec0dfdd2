import io
import json
import tarfile


async def download(site, path, method, **body):
    status, found, raw = await site.ask(
        method, path, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    return status, found, raw


def unpack(raw):
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
        return {each.name: archive.extractfile(each).read() for each in archive.getmembers()}


def write_log(site, task, text):
    log = site.workdir.log(task, 1)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(text)


async def test_logs_come_by_role_party_and_component_with_both_ages_of_the_route(site, trained):
    detail = (await site.gateway.get(f"/jobs/{trained}")).json
    tasks = {step["name"]: step["tasks"][0]["id"] for step in detail["steps"]}
    long = b"line\n" * 300_000
    write_log(site, tasks["reader_0"], b"read the table\n")
    write_log(site, tasks["hetero_lr_0"], long)
    for method, path in (("GET", "/job/log"), ("POST", "/job/log/download")):
        status, _, raw = await download(site, path, method, job_id=trained)
        assert status == 200
        files = unpack(raw)
        assert files["guest/9999/reader_0/INFO.log"] == b"read the table\n"
        assert files["guest/9999/hetero_lr_0/INFO.log"] == long
        assert files["guest/9999/INFO.log"] == b"read the table\n" + long
        assert files["guest/9999/evaluation_0/INFO.log"] == b""
        assert files["guest/9999/ERROR.log"] == b""


async def test_what_failed_and_what_cannot_be_read_stand_in_the_error_log(site):
    job = await site.gateway.submit(parties={"guest": ["10000"]})
    await site.gateway.run_tasks("failed", kind="error", message="no such column", detail="line 3")
    status, _, raw = await download(site, "/job/log/download", "POST", job_id=job)
    assert status == 200
    errors = unpack(raw)["guest/10000/ERROR.log"].decode()
    assert "[read] error: no such column\n[read] line 3\n" in errors
    assert "[read] the log could not be read at party 10000" in errors


async def test_an_error_is_no_archive(site):
    status, found, _ = await download(site, "/job/log", "GET", job_id="nope")
    assert (status, found["retcode"]) == (404, 404)
    _, found, _ = await download(site, "/job/log/download", "POST")
    assert (found["retcode"], found["retmsg"]) == (101, "required argument are missing: job_id; ")


async def test_the_name_of_the_file_is_not_quoted(site, trained):
    address = site.gateway.server.make_url("/v1/job/log/download")
    headers = {"Authorization": f"Bearer {site.gateway.tokens['admin']}"}
    async with site.gateway.session.post(address, json={"job_id": trained}, headers=headers) as answer:
        assert answer.headers["Content-Disposition"] == f"attachment; filename=job_{trained}_log.tar.gz"
        assert answer.content_type == "application/x-tar"


async def test_the_place_of_logs_is_a_name(signed, trained):
    assert await signed.ok("job/log/path", {"job_id": trained}) == {"logs_directory": f"logs/{trained}"}
    assert (await signed.refused("job/log/path", {"job_id": "nope"}))[0] == 404
