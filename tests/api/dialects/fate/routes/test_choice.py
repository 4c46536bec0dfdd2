import pytest

from tests.api.dialects.fate.routes.conftest import BUILT_IN, CSV, Site

CONF = {"namespace": "n", "table_name": "t", "head": 1, "partition": 1}


async def test_where_callers_must_have_tokens_the_party_must_be_named(serve, tmp_path):
    gateway = await serve(host="0.0.0.0", trust_network=True)
    answer = await Site(gateway, None, tmp_path).upload(CSV, **CONF)
    assert (answer["retcode"], "party_id, one of 10000, 9999" in answer["retmsg"]) == (101, True), answer


async def test_a_party_may_be_set_for_all(serve, tmp_path):
    gateway = await serve(fate_party="10000")
    assert (await gateway.hello("10000", components=BUILT_IN)).status == 200
    answer = await Site(gateway, None, tmp_path).upload(CSV, **CONF)
    assert (answer["retcode"], "10000" in answer["retmsg"]) == (105, True), answer


async def test_no_party_is_there(serve, tmp_path):
    gateway = await serve()
    answer = await Site(gateway, None, tmp_path).upload(CSV, **CONF)
    assert (answer["retcode"], "no party's worker is connected" in answer["retmsg"]) == (105, True), answer


@pytest.mark.parametrize("token", ["other_lead", "member"])
async def test_who_may_put_and_see_a_table(site, token):
    assert (await site.upload(CSV, **CONF, party_id=9999))["retcode"] == 0
    upload = await site.post("/data/upload", {**CONF, "use_local_data": 0, "file": "/x", "party_id": 9999}, token=token)
    assert upload["retcode"] == 108
    assert (await site.post("/table/table_info", {"namespace": "n", "name": "t"}, token=token))["data"]["exist"] == 1
    copy = {"namespace": "n", "table_name": "t", "output_namespace": "n", "output_name": "c"}
    assert (await site.post("/data/writer", copy, token=token))["retcode"] == 108
