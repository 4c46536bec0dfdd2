import pytest
from aiohttp.test_utils import make_mocked_request

from api.agent.channel import CHANNEL_HUB
from api.keys import SETTINGS
from api.models.packing import pack_model
from api.models.unpacking import Archive
from api.party_calls import GarbledAnswerError
from scheduler.domain.errors import TooLargeError
from scheduler.store.queries.models import get_model, list_parts
from tests.api.hostile import EndlessHub
from tests.api.sites import MODEL_ID


@pytest.fixture
async def packed(gateway, sites):
    job = await sites.train()
    with gateway.store.read() as tx:
        model = get_model(tx, "p1", MODEL_ID, job)
        return make_mocked_request("GET", "/", app=gateway.app), model, list_parts(tx, model)


async def test_what_is_packed_passes_every_check_of_unpacking(packed):
    request, model, parts = packed
    given = {"recipe": {"r": [1]}, "exported_by": ("host", "10000")}
    with await pack_model(request, model, parts, **given) as file:
        archive = Archive(file, limit_bytes=1 << 20)
        found = archive.manifest
        assert (found.model_id, found.model_version, found.recipe) == (MODEL_ID, model.version, {"r": [1]})
        assert (found.exported_by.role, found.exported_by.party) == ("host", "10000")
        contents = [b"".join(archive.read(part)) for part in found.parts]
    assert contents == [b"lr_0 of 9999", b"lr_0 of 10000"]


async def test_a_model_beyond_the_limit_is_refused_unread(gateway, packed, monkeypatch):
    request, model, parts = packed
    changed = gateway.settings.model_copy(update={"upload_limit_bytes": 20})
    monkeypatch.setitem(gateway.app._state, SETTINGS, changed)
    with pytest.raises(TooLargeError, match="limit of 20 bytes"):
        await pack_model(request, model, parts, recipe={}, exported_by=("guest", "9999"))


async def test_no_more_is_read_of_a_part_than_was_reported(gateway, packed, monkeypatch):
    request, model, parts = packed
    hub = EndlessHub(b"x" * 10)
    with monkeypatch.context() as patched:
        patched.setitem(gateway.app._state, CHANNEL_HUB, hub)
        with pytest.raises(GarbledAnswerError, match="otherwise than it was written"):
            await pack_model(request, model, parts, recipe={}, exported_by=("guest", "9999"))
    assert hub.sent == parts[0].output.size // 10 + 1
