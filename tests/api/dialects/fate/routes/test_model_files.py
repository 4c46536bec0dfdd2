"""FATE's archives, stores and raw parts."""

import asyncio
import base64
import io
import json
import zipfile

import aiohttp
from yarl import URL

from api.native import archives
from tests.api.dialects.fate.routes.job_forms import make_chain
from tests.api.sites import MODEL_ID

TITLE = f"guest#9999#{MODEL_ID}"


async def export(gateway, body):
    """(status, headers, content) of a GET with a JSON body, as clients send it."""
    headers = {"Authorization": f"Bearer {gateway.tokens['admin']}"}
    url = gateway.server.make_url("/v1/model/export")
    async with gateway.session.get(url, json=body, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


async def import_form(gateway, content, *, file_name="x.zip", **fields):
    form = aiohttp.FormData()
    if content is not None:
        form.add_field("file", content, filename=file_name, content_type="application/zip")
    for name, text in fields.items():
        form.add_field(name, text)
    if content is not None:
        form.add_field("file", "models/x.zip")
    headers = {"Authorization": f"Bearer {gateway.tokens['admin']}"}
    url = gateway.server.make_url("/").join(URL("/v1/model/import"))
    async with gateway.session.post(url, data=form, headers=headers) as answer:
        return answer.status, await answer.json()


def named(version, **more):
    return {"model_id": MODEL_ID, "model_version": version, "role": "guest", "party_id": 9999, **more}


async def test_an_export_is_imported_elsewhere_or_over_itself(gateway, signed, sites):
    job = await sites.train()
    child = (await signed.ok("model/deploy", {"model_id": MODEL_ID, "model_version": job}))["model_version"]
    status, headers, content = await export(gateway, named(child))
    assert (status, headers["Content-Disposition"]) == (200, f"attachment; filename={TITLE}_{child}.zip")
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert names == ["fedrota-model.json", "parts/guest/9999/lr_0/model", "parts/host/10000/lr_0/model"]
    status, taken = await import_form(gateway, content)
    assert (status, taken["retcode"], taken["retmsg"][:21]) == (409, 409, "Model already exists.")
    fields = {"model_id": MODEL_ID, "model_version": child, "role": "host", "party_id": "10000", "force_update": "1"}
    status, taken = await import_form(gateway, content, **fields)
    assert status == 200, taken
    assert taken["data"] == {
        "job_id": taken["data"]["job_id"], "role": "host", "party_id": "10000", "model_id": MODEL_ID,
        "model_version": child,
    }  # fmt: skip
    (row, _) = await signed.ok("model/query", {"model_version": child})
    assert (row["f_imported"], row["f_job_id"], list(row["f_inference_dsl"]["components"])) == (
        1, taken["data"]["job_id"], ["reader_0", "lr_0"],
    )  # fmt: skip


async def test_an_archive_with_a_recipe_that_is_none_does_not_spoil_the_registry(gateway, signed, sites):
    job = await sites.train()
    child = (await signed.ok("model/deploy", {"model_id": MODEL_ID, "model_version": job}))["model_version"]
    _, _, content = await export(gateway, named(child))
    given = zipfile.ZipFile(io.BytesIO(content))
    kept = json.loads(given.read("fedrota-model.json"))
    wrong = ({"fate_job": {"dsl": 5}}, {"fate_job": {"passed": 7}}, {"fate_dsl": {"components": {"lr_0": "x"}}})
    for number, change in enumerate(wrong):
        made = io.BytesIO()
        changed = {**kept, "model_version": str(number), "recipe": {**kept["recipe"], **change}}
        with zipfile.ZipFile(made, "w") as archive:
            for name in given.namelist():
                archive.writestr(name, json.dumps(changed) if name == "fedrota-model.json" else given.read(name))
        assert (await import_form(gateway, made.getvalue()))[0] == 200
    found = await signed.ok("model/query", {"role": "guest"})
    assert {row["f_model_version"] for row in found} == {job, child, "0", "1", "2"}


async def submit(gateway, signed, body):
    """The id of a job that has come to its end."""
    sent = await signed.send("job/submit", body)
    assert sent["retcode"] == 0, sent
    job = sent["jobId"]
    async with asyncio.timeout(60):
        while (await gateway.get(f"/jobs/{job}")).json["state"] not in {"success", "failed"}:
            await asyncio.sleep(0.02)
    return job


async def test_a_model_with_inherited_components_is_whole_wherever_it_goes(gateway, signed, sites):
    first = await submit(gateway, signed, make_chain())
    wish = {"job_id": first, "component_list": ["reader_0", "dt_0"]}
    second = await submit(gateway, signed, make_chain(inheritance_info=wish))
    status, _, content = await export(gateway, named(second))
    assert status == 200, content
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == [
        "fedrota-model.json", "parts/guest/9999/dt_0/model", "parts/host/10000/dt_0/model",
    ]  # fmt: skip
    path = f"/models/{MODEL_ID.replace('#', '%23')}"
    assert (await gateway.call("DELETE", f"{path}/{first}")).status == 204
    kept = await gateway.call("DELETE", f"/jobs/{first}")
    assert (kept.status, f"parts of model {MODEL_ID} {second}" in str(kept.json)) == (409, True), kept.json
    for job in (second, first):
        if job == second:
            assert (await gateway.call("DELETE", f"{path}/{job}")).status == 204
        assert (await gateway.call("DELETE", f"/jobs/{job}")).status == 204
    status, taken = await import_form(gateway, content)
    assert status == 200, taken
    wanted = {"model_id": MODEL_ID, "model_version": second}
    child = await signed.ok("model/deploy", {**wanted, "cpn_list": ["reader_0", "dt_0"]})
    conf = make_chain(job_type="predict", **{**wanted, "model_version": child["model_version"]})
    predicting = await submit(gateway, signed, {"job_runtime_conf": conf["job_runtime_conf"]})
    inputs = {each["name"]: each["inputs"] for each in (await gateway.get(f"/jobs/{predicting}")).json["steps"]}
    assert inputs["dt_0"]["model"] == f"{taken['data']['job_id']}:dt_0.model"


async def test_what_export_refuses_comes_with_another_status(gateway, sites):
    job = await sites.train()
    for body, status, text in (
        (named("1"), 404, "does not exist"),
        ({**named(job), "party_id": 7}, 404, "does not exist"),
        ({**named(job), "role": {}}, 400, "role"),
        ({}, 400, "model_id"),
        ([], 400, "JSON object"),
    ):
        found, _, content = await export(gateway, body)
        assert (found, text in content.decode()) == (status, True), content
    await sites.disconnect("9999")
    status, _, content = await export(gateway, named(job))
    assert (status, b'"retcode":105' in content) == (500, True)


async def test_what_import_refuses(gateway, signed, sites, monkeypatch):
    job = await sites.train()
    _, _, content = await export(gateway, named(job))
    for given, text in (
        ({"content": None, "model_id": MODEL_ID}, "`file` is required"),
        ({"content": b"no zip"}, "no zip archive"),
        ({"content": content, "model_version": "7"}, f"holds model_version {job}, not 7"),
        ({"content": content, "role": "guest", "party_id": "7"}, "party id 7 is not in role guest"),
        ({"content": content, "hash": "0" * 64}, "damaged"),
        ({"content": content, "notes": "x" * 70_000}, "more than 65536 bytes"),
    ):
        status, answer = await import_form(gateway, **{"content": None, **given})
        assert (status, answer["retcode"], text in answer["retmsg"]) == (400, 400, True), answer
    assert (await signed.refused("model/import", {"model_id": "x"}))[0] == 400
    limited = gateway.settings.model_copy(update={"upload_limit_bytes": 100})
    monkeypatch.setitem(gateway.app._state, archives.SETTINGS, limited)
    status, answer = await import_form(gateway, content)
    assert (status, "FEDROTA_UPLOAD_LIMIT_BYTES" in answer["retmsg"]) == (400, True)


async def test_a_model_is_stored_and_restored(gateway, signed, sites):
    job = await sites.train()
    body = named(job)
    stored = await signed.send("model/store", body)
    assert (stored["retcode"], stored["data"]["model_info"]) == (0, {"model_id": MODEL_ID, "model_version": job})
    told = (await gateway.get(f"/jobs/{stored['jobId']}")).json
    assert (told["state"], told["parties"], told["steps"][0]["name"]) == ("success", {"local": ["9999"]}, "store_0")
    assert len(list(sites.store.rglob("manifest.json"))) == 2
    path = f"/models/{MODEL_ID.replace('#', '%23')}/{job}"
    assert (await gateway.call("DELETE", path)).status == 204
    restored = await signed.send("model/restore", body)
    assert restored["retcode"] == 0, restored
    parts = (await gateway.get(path)).json["parts"]
    assert {sites.find_file(part).read_bytes() for part in parts} == {b"lr_0 of 9999", b"lr_0 of 10000"}
    code, message = await signed.refused("model/restore", named("7"))
    assert (code, "stored model" in message) == (101, True)


async def test_raw_parts_are_given_to_what_serves_them(signed, sites):
    job = await sites.train()
    expected = {"lr_0.model": base64.b64encode(b"lr_0 of 10000").decode()}
    assert await signed.ok("model/transfer", {"namespace": f"host#10000#{MODEL_ID}", "name": job}) == expected
    assert await signed.ok(f"model/transfer/host~10000~{MODEL_ID.replace('#', '~')}/{job}") == expected
    for body, code in (({"name": job}, 400), ({"namespace": f"host#7#{MODEL_ID}", "name": job}, 404)):
        assert (await signed.refused("model/transfer", body))[0] == code
        assert signed.status == code
    assert (await signed.refused("model/transfer", {"namespace": TITLE, "name": "1"}))[0] == 404
