import pytest

from api.dialects.fate.routes.sources import Source, make_source
from scheduler.store.queries.tracking import OutputView, Where

LR = "hetero_lr_0"


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
