async def find(fate, **filters):
    rows = await fate.ok("job/task/query", filters)
    return [(row["f_component_name"], row["f_role"], row["f_party_status"]) for row in rows]


async def test_tasks_are_found_by_any_column(signed, trained):
    assert await find(signed, job_id=trained) == [
        ("reader_0", "guest", "success"),
        ("hetero_lr_0", "guest", "success"),
        ("evaluation_0", "guest", "success"),
    ]
    assert await find(signed, job_id=trained, component_name="hetero_lr_0", function="query_task") == [
        ("hetero_lr_0", "guest", "success")
    ]
    assert ("reader_0", "guest", "success") in await find(signed, party_id=9999, status="success")


async def test_nothing_found_is_101(signed, trained):
    for body in ({"job_id": "nope"}, {"job_id": trained, "status": "failed"}, {}, {"function": "query_task"}):
        assert await signed.refused("job/task/query", body) == (101, "find task failed")


async def test_a_list_is_a_page_the_oldest_first(signed, trained):
    found = await signed.ok("job/list/task", {"job_id": trained, "limit": 2})
    assert (found["count"], [row["component_name"] for row in found["tasks"]]) == (3, ["reader_0", "hetero_lr_0"])
    more = await signed.ok("job/list/task", {"job_id": trained, "limit": 2, "page": 2})
    assert [row["component_name"] for row in more["tasks"]] == ["evaluation_0"]
    assert (await signed.refused("job/list/task", {"role": "boss"}))[0] == 400


async def test_the_tables_that_tasks_left_have_addresses(signed, trained):
    rows = await signed.ok(
        "job/data/view/query", {"job_id": trained, "role": "guest", "party_id": 9999, "status": "success"}
    )
    assert [row["f_component_name"] for row in rows] == ["reader_0", "hetero_lr_0"]
    assert rows[0]["f_table_namespace"] == f"output_data_{trained}_reader_0_0"
    assert rows[0]["f_task_id"] == f"{trained}_reader_0"
    assert (await signed.refused("job/data/view/query", {"job_id": trained, "role": "host"}))[0] == 101
    assert (await signed.refused("job/data/view/query", {"job_id": "nope"}))[0] == 101
