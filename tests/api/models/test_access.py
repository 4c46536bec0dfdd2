"""Access rules are tested through the routes; here what an archive says of a model's making."""

from api.models.access import describe_recipe
from scheduler.store.queries.models import get_model
from tests.api.sites import MODEL_ID, TRAINING


async def test_a_model_is_described_by_its_jobs_document_until_it_has_a_recipe(gateway, sites):
    job = await sites.train()
    with gateway.store.read() as tx:
        found = describe_recipe(tx, get_model(tx, "p1", MODEL_ID, job))
    assert found["dialect"] == "native"
    assert [step["name"] for step in found["origin"]["steps"]] == [step["name"] for step in TRAINING["steps"]]
    path = f"/models/{MODEL_ID.replace('#', '%23')}/{job}/deploy"
    child = (await gateway.post(path)).json["version"]
    with gateway.store.read() as tx:
        model = get_model(tx, "p1", MODEL_ID, child)
        assert describe_recipe(tx, model) == model.recipe == found
