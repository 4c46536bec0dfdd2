import pytest

from api.dialects.fate.routes.table_access import Source, make_source
from scheduler.store.queries.tracking import OutputView, Where
from tests.api.dialects.fate.routes.conftest import BUILT_IN, CSV, Site

LR = "hetero_lr_0"
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


def test_an_output_is_named_as_its_party_knows_it():
    where = Where(step="s", role="guest", party="9999", attempt=1, task="t1")
    source = make_source(OutputView(where=where, seq=3, name="data", kind="table", size=1, sha256="x", facts={}))
    assert (source.party, source.args) == ("9999", {"task": "t1", "seq": 3, "name": "data"})
    assert source.preview_op == "output.preview"
    assert Source(party="9999", args={}).preview_op == "output.preview"


async def test_a_name_may_mean_what_a_job_wrote_or_a_table(site, trained):
    wrote = {"namespace": f"output_data_{trained}_{LR}_0", "table_name": "guest.9999.data"}
    assert (await site.post("/table/preview", wrote))["data"]["total"] == 3
    assert (await site.post("/table/preview", {"namespace": "experiment", "table_name": "breast"}))["data"][
        "total"
    ] == 3


@pytest.mark.parametrize(
    ("token", "retcode", "said"), [("member", 108, "may not"), ("stranger", 210, "no found table")]
)
async def test_only_who_may_read_the_jobs_outputs_reads_them(site, trained, token, retcode, said):
    wrote = {"namespace": f"output_data_{trained}_{LR}_0", "table_name": "guest.9999.data"}
    found = await site.post("/table/preview", wrote, token=token)
    assert (found["retcode"], said in found["retmsg"]) == (retcode, True), found
