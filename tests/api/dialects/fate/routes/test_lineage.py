BREAST = {"namespace": "experiment", "table_name": "breast"}


def wrote(job, step):
    return {"namespace": f"output_data_{job}_{step}_0", "table_name": "guest.9999.data"}


async def test_where_a_table_comes_from(site, trained):
    assert (await site.post("/table/tracking/source", BREAST))["data"] == []
    source = {"source_table_name": "breast", "source_table_namespace": "experiment"}
    (found,) = (await site.post("/table/tracking/source", wrote(trained, "reader_0")))["data"]
    assert found == {"parent_table_name": "breast", "parent_table_namespace": "experiment", **source}
    (found,) = (await site.post("/table/tracking/source", wrote(trained, "hetero_lr_0")))["data"]
    read = wrote(trained, "reader_0")
    assert found == {
        "parent_table_name": read["table_name"], "parent_table_namespace": read["namespace"], **source
    }  # fmt: skip


async def test_which_jobs_read_a_table_and_which_made_it(site, trained):
    found = (await site.post("/table/tracking/job", BREAST))["data"]
    assert (found["count"], found["job"]) == (1, [trained])
    (made,) = found["made_by"]
    assert (await site.gateway.get(f"/jobs/{made}")).json["labels"] == {"fate": "upload"}
    found = (await site.post("/table/tracking/job", wrote(trained, "hetero_lr_0")))["data"]
    assert (found["job"], found["made_by"]) == ([trained], [trained])


async def test_a_copy_has_a_parent(site, trained):
    await site.post("/data/writer", {**BREAST, "output_namespace": "experiment", "output_name": "copy"})
    (found,) = (await site.post("/table/tracking/source", {**BREAST, "table_name": "copy"}))["data"]
    assert found["parent_table_name"] == "breast"


async def test_unknown_tables_are_said(site):
    for path in ("/table/tracking/source", "/table/tracking/job"):
        found = await site.post(path, BREAST)
        assert (found["retcode"], "no found table" in found["retmsg"]) == (100, True)
        found = await site.post(path, wrote("1", "a"))
        assert found["retcode"] == 101


async def test_the_tables_of_a_job(site, trained):
    found = (await site.post("/table/list", {"job_id": trained, "role": "guest", "party_id": 9999}))["data"]
    assert found["reader_0"]["input"] == {"table": {"namespace": "experiment", "name": "breast"}}
    read = {"name": "guest.9999.data", "namespace": f"output_data_{trained}_reader_0_0"}
    assert found["reader_0"]["output"] == {"data": read}
    assert found["hetero_lr_0"]["input"] == {"data": read}
    assert found["evaluation_0"]["output"] == {}
