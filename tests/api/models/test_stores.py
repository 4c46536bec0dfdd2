import pytest
from aiohttp.test_utils import make_mocked_request

from api.models.stores import recall_manifest, store_parts
from scheduler.domain.errors import InvalidDocumentError
from scheduler.service.models import ModelName
from scheduler.store.queries.models import get_model, list_parts
from tests.api.sites import MODEL_ID


async def test_each_party_keeps_its_part_and_the_manifest_of_the_whole(gateway, sites):
    job = await sites.train()
    with gateway.store.read() as tx:
        model = get_model(tx, "p1", MODEL_ID, job)
        parts = list_parts(tx, model)
    request = make_mocked_request("POST", "/", app=gateway.app)
    await store_parts(request, model, parts, recipe={}, exported_by=("guest", "9999"), replaces=False)
    held = {file.name: file.read_bytes() for file in sites.store.rglob("*.model")}
    assert held == {"guest.lr_0.model": b"lr_0 of 9999", "host.lr_0.model": b"lr_0 of 10000"}
    name = ModelName(project="p1", model_id=MODEL_ID, version=job)
    for party in ("9999", "10000"):
        manifest = await recall_manifest(request, name, party)
        assert [(each.role, each.party) for each in manifest.parts] == [("guest", "9999"), ("host", "10000")]
    for file in sites.store.rglob("manifest.json"):
        file.write_bytes(file.read_bytes().replace(job.encode(), b"7"))
    with pytest.raises(InvalidDocumentError, match="holds another model"):
        await recall_manifest(request, name, "9999")
