import pytest

from scheduler.domain.access import Role
from scheduler.service.tags import create_tag
from tests.api.conftest import ADMIN, issue, now
from tests.api.sites import MODEL_ID, TRAINING

PATH = f"/models/{MODEL_ID.replace('#', '%23')}"


async def test_a_model_is_listed_read_deployed_and_deleted(gateway, sites):
    job = await sites.train()
    (listed,) = (await gateway.get("/models")).json["items"]
    assert (listed["model_id"], listed["version"], listed["deployed"], listed["job"]) == (MODEL_ID, job, False, job)
    read = (await gateway.get(f"{PATH}/{job}")).json
    assert [(part["party"], part["step"], part["name"]) for part in read.pop("parts")] == [
        ("9999", "lr_0", "model"), ("10000", "lr_0", "model"),
    ]  # fmt: skip
    assert read == listed
    made = await gateway.post(f"{PATH}/{job}/deploy", {"components": ["lr_0"]})
    assert (made.status, made.json["deployed"], made.json["components"]) == (201, True, ["lr_0"])
    assert (made.json["parent_model_id"], made.json["parent_version"]) == (MODEL_ID, job)
    refused = await gateway.call("DELETE", f"/jobs/{job}")
    assert (refused.status, refused.json["error"]["code"]) == (409, "conflict")
    for version in (job, made.json["version"]):
        assert (await gateway.call("DELETE", f"{PATH}/{version}")).status == 204
    assert (await gateway.get(f"{PATH}/{job}")).status == 404
    assert (await gateway.call("DELETE", f"/jobs/{job}")).status == 204


async def test_deploying_all_or_an_unknown_step(gateway, sites):
    job = await sites.train()
    assert (await gateway.post(f"{PATH}/{job}/deploy")).json["components"] == ["reader_0", "lr_0"]
    refused = await gateway.post(f"{PATH}/{job}/deploy", {"components": ["lr_0", "lr"]})
    assert refused.status == 422
    assert refused.problems == {"components.1": "the model has no step 'lr'."}


async def test_models_are_narrowed_and_paged(gateway, sites):
    jobs = [await sites.train() for _ in range(2)]
    assert (await gateway.get(f"/models?version={jobs[0]}")).json["items"][0]["version"] == jobs[0]
    assert (await gateway.get("/models?party=7")).json["items"] == []
    assert len((await gateway.get("/models?role=host&party=10000")).json["items"]) == 2
    page = (await gateway.get("/models?limit=1")).json
    rest = (await gateway.get(f"/models?limit=1&after={page['next']}")).json
    assert [page["items"][0]["version"], rest["items"][0]["version"]] == jobs[::-1]


async def test_a_model_is_its_owners_and_its_projects(gateway, sites):
    job = await sites.train(token="lead")
    path = f"{PATH}/{job}"
    assert (await gateway.get(path, token="member")).status == 200
    assert (await gateway.get(path, token="stranger")).status == 404
    assert (await gateway.get("/models", token="stranger")).json["items"] == []
    for method, place in (("POST", f"{path}/deploy"), ("DELETE", path), ("PUT", f"{path}/tags/x")):
        assert (await gateway.call(method, place, token="other_lead")).status == 403, place
    assert (await gateway.call("POST", f"{path}/deploy", token="lead")).status == 201


async def test_tags(gateway, sites):
    path = f"{PATH}/{await sites.train()}"
    assert (await gateway.call("PUT", f"{path}/tags/in%20use")).json["name"] == "in use"
    assert (await gateway.get(path)).json["tags"] == ["in use"]
    assert [tag["name"] for tag in (await gateway.get("/tags")).json["items"]] == ["in use"]
    assert (await gateway.call("DELETE", f"{path}/tags/in%20use")).status == 204
    assert (await gateway.call("DELETE", f"{path}/tags/other")).status == 404
    assert (await gateway.call("PUT", f"{path}/tags/%0a")).status == 422
    assert (await gateway.call("DELETE", "/tags/in%20use")).status == 204
    assert (await gateway.get("/tags")).json["items"] == []


@pytest.mark.parametrize("labels", [{}, {"model": ""}])
async def test_a_job_without_the_label_makes_no_model(gateway, sites, labels):
    await sites.train(labels=labels)
    assert (await gateway.get("/models")).json["items"] == []
    assert TRAINING["labels"]


async def test_a_deployed_version_is_not_a_namesake_s_of_whoever_deployed_it(gateway, sites):
    for token, role, org in (("ann", Role.PROJECT_ADMIN, "other"), ("namesake", Role.LEAD, "hq")):
        gateway.tokens[token] = issue(gateway.store, "ann", role=role, org=org, project="p1")
    job = await sites.train(token="lead")
    made = await gateway.post(f"{PATH}/{job}/deploy", token="ann")
    assert made.status == 201
    for version in (job, made.json["version"]):
        assert (await gateway.post(f"{PATH}/{version}/deploy", token="namesake")).status == 403
        assert (await gateway.call("DELETE", f"{PATH}/{version}", token="namesake")).status == 403


async def test_every_tag_is_listed(gateway):
    with gateway.store.write() as tx:
        for number in range(1001):
            create_tag(tx, f"{number:04}", by=ADMIN, now=now())
    listed = (await gateway.get("/tags")).json
    assert (len(listed["items"]), listed["next"]) == (1001, None)
