async def test_points_of_an_earlier_attempt_do_not_show(site, trained):
    wish = {"job_id": trained, "role": "guest", "party_id": 9999, "component_name": "hetero_lr_0"}
    assert (await site.post("/tracking/component/metrics", wish))["data"]["train"] == ["loss", "deviation"]
    again = await site.gateway.post(f"/jobs/{trained}/rerun", {"from_step": "hetero_lr_0"})
    assert again.status == 202, again.raw
    found = await site.post("/tracking/component/metrics", wish)
    assert (found["retmsg"], found["data"]) == ("no data", {})


async def test_a_member_without_a_part_has_no_data(site):
    job = await site.gateway.submit(
        parties={"guest": ["9999"], "arbiter": ["10000"]},
        steps=[{"name": "reader_0", "component": "reader", "params": {"table": "t"}, "roles": ["guest"]}],
    )
    wish = {"job_id": job, "role": "arbiter", "party_id": 10000, "component_name": "reader_0"}
    for path in ("metrics", "output/model", "output/data"):
        found = await site.post(f"/tracking/component/{path}", wish)
        assert (found["retcode"], found["retmsg"]) == (0, "no data"), path


async def test_the_nearest_component_is_named(site, trained):
    wish = {"job_id": trained, "role": "guest", "party_id": 9999, "component_name": "hetero_lr"}
    assert "hetero_lr_0" in (await site.post("/tracking/component/metrics", wish))["retmsg"]
