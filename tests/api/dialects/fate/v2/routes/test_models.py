import aiohttp

from tests.api.sites import MODEL_ID


def named(version, **more):
    return {"model_id": MODEL_ID, "model_version": version, **more}


async def test_a_model_is_forgotten_as_a_whole(flow, sites):
    job = await sites.train()
    found = await flow.post("model/delete", **named(job, task_name="lr_0"))
    assert (found["code"], "leave task_name out" in found["message"]) == (6001, True)
    assert (await flow.post("model/delete", "member", **named(job)))["code"] == 5005
    assert (await flow.post("model/delete", **named(job)))["data"] == {"count": 2}
    assert (await flow.post("model/delete", **named(job)))["data"] == {"count": 0}
    assert (await flow.get("job/query", job_id=job))["code"] == 0


async def test_what_names_no_model_is_told_what_is_missing(flow):
    for name in ("load", "store", "restore", "delete", "export", "migrate"):
        found = await flow.post(f"model/{name}")
        assert (found["code"], "missing" in found["message"]) == (5001, True), name


async def test_a_model_is_loaded_once_deployed(flow, sites):
    job = await sites.train()
    assert (await flow.post("model/load", **named(job)))["code"] != 0
    version = (await flow.first("model/deploy", **named(job)))["model_version"]
    found = await flow.post("model/load", **named(version))
    assert found["code"] == 0, found
    assert found["data"]["guest"] == {"9999": 0}


async def test_an_export_needs_a_member_of_the_model(flow, sites, tmp_path):
    job = await sites.train()
    given = {**named(job), "role": "guest", "party_id": "1", "path": str(tmp_path / "x")}
    assert (await flow.post("model/export", **given))["code"] == 5001


async def test_an_import_needs_an_archive(flow):
    form = aiohttp.FormData(named("1"))
    form.add_field("file", b"no zip", filename="a.zip")
    assert (await flow.send("POST", "model/import", data=form))["code"] == 5001
