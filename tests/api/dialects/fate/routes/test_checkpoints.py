from tests.api.sites import MODEL_ID


async def test_a_known_component_has_none_and_an_unknown_one_is_named(signed, sites):
    job = await sites.train()
    body = {"role": "guest", "party_id": 9999, "model_id": MODEL_ID, "model_version": job, "component_name": "lr_0"}
    assert await signed.ok("checkpoint/list", body) == []
    code, message = await signed.refused("checkpoint/get", {**body, "step_index": 0})
    assert (signed.status, code, message) == (404, 404, "component lr_0 left no checkpoint 0")
    for wrong, expected in (
        ({"component_name": None}, 400),
        ({"party_id": None}, 400),
        ({"model_version": "7"}, 404),
        ({"party_id": 7}, 101),
        ({"component_name": "lr_1"}, 101),
    ):
        assert (await signed.refused("checkpoint/list", {**body, **wrong}))[0] == expected, wrong
    for wrong in ({}, {"step_index": 1, "step_name": "x"}):
        assert (await signed.refused("checkpoint/get", {**body, **wrong}))[0] == 400
