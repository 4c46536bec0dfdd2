"""Tags as FATE's clients handle them: outcomes in texts, every refusal with 100."""

from api.bridge import utc_now
from scheduler.domain.access import Principal
from scheduler.service.tags import create_tag
from tests.api.sites import MODEL_ID


async def test_tags_are_made_searched_changed_and_deleted(signed):
    await signed.ok("model/tag/create", {"tag_name": "good", "tag_desc": "well"})
    assert (await signed.refused("model/tag/create", {"tag_name": "good"}))[0] == 100
    assert await signed.ok("model/tag/retrieve", {"tag_name": "oo"}) == {
        "tags": [{"name": "good", "description": "well"}]
    }
    assert await signed.refused("model/tag/retrieve", {"tag_name": "zz"}) == (100, "No tags found.")
    await signed.ok("model/tag/update", {"tag_name": "good", "new_tag_name": "best", "new_tag_desc": "very"})
    for wrong in ({"tag_name": "best"}, {"tag_name": "good", "new_tag_name": "x"}):
        assert (await signed.refused("model/tag/update", wrong))[0] == 100
    await signed.ok("model/tag/create", {"tag_name": "alpha"})
    assert (await signed.refused("model/tag/update", {"tag_name": "best", "new_tag_name": "alpha"}))[0] == 100
    assert await signed.ok("model/tag/list", {"limit": 10}) == {
        "tags": [
            {"name": "alpha", "description": "", "model_count": 0},
            {"name": "best", "description": "very", "model_count": 0},
        ]
    }
    assert len((await signed.ok("model/tag/list", {"limit": "1"}))["tags"]) == 1
    await signed.ok("model/tag/destroy", {"tag_name": "best"})
    assert (await signed.refused("model/tag/destroy", {"tag_name": "best"}))[0] == 100
    for body in ({}, {"tag_name": ""}, {"tag_name": ["x"]}, {"tag_name": "a\nb"}):
        assert (await signed.refused("model/tag/create", body))[0] == 101, body
    assert (await signed.refused("model/tag/list", {"limit": -1}))[0] == 101
    assert (await signed.refused("model/tag/list", {"limit": "1".zfill(9) + "0" * 5000}))[0] == 101


async def test_models_bear_tags(signed, sites):
    job = await sites.train()
    body = {"job_id": job, "tag_name": "good"}
    await signed.ok("model/model_tag/create", body)
    assert (await signed.refused("model/model_tag/create", body))[0] == 100
    assert await signed.ok("model/model_tag/retrieve", {"job_id": job}) == {
        "tags": [{"name": "good", "description": ""}],
        "count": 1,
    }
    found = await signed.ok("model/tag/retrieve", {"tag_name": "good", "with_model": True})
    row = {"model_id": MODEL_ID, "model_version": job, "model_size": 12, "role": "guest", "party_id": "9999"}
    assert (found["count"], found["models"][0]) == (2, row)
    assert (await signed.refused("model/tag/retrieve", {"tag_name": "goo", "with_model": True}))[0] == 100
    assert (await signed.ok("model/tag/list", {"limit": 5}))["tags"][0]["model_count"] == 1
    await signed.ok("model/model_tag/remove", body)
    assert (await signed.refused("model/model_tag/remove", body))[0] == 100
    for path in ("create", "remove", "retrieve"):
        code, message = await signed.refused(f"model/model_tag/{path}", {"job_id": "7", "tag_name": "x"})
        assert (code, message) == (100, "Can not found model by job id 7.")


async def test_all_models_that_bear_a_tag_are_listed(signed, sites, monkeypatch):
    monkeypatch.setattr("api.dialects.fate.routes.tags.PAGE", 1)
    jobs = [await sites.train() for _ in range(3)]
    for job in jobs:
        await signed.ok("model/model_tag/create", {"job_id": job, "tag_name": "good"})
    found = await signed.ok("model/tag/retrieve", {"tag_name": "good", "with_model": True})
    assert (found["count"], {row["model_version"] for row in found["models"]}) == (6, set(jobs))
    (shown,) = (await signed.ok("model/tag/list"))["tags"]
    assert shown == {"name": "good", "description": "", "model_count": 3}


async def test_all_tags_with_a_word_are_found(signed, gateway):
    by = Principal(name="admin", kind="user", org="hq", project="p1")
    with gateway.store.write() as tx:
        for number in range(1001):
            create_tag(tx, f"t{number}", by=by, now=utc_now())
    assert len((await signed.ok("model/tag/retrieve", {"tag_name": "T"}))["tags"]) == 1001


async def test_who_may_not_submit_may_not_write_tags(fate, gateway, signed):
    headers = {"Authorization": f"Bearer {gateway.tokens['member']}"}
    assert (await signed.refused("model/tag/create", {"tag_name": "x"}, headers=headers))[0] == 108
    assert (await signed.ok("model/tag/list", {"limit": 5}, headers=headers))["tags"] == []
