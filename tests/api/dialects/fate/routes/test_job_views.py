import json

from tests.api.dialects.fate.routes.job_forms import make_chain

DSL = make_chain()["job_dsl"]


async def test_an_inference_dsl_is_made_of_texts_and_lists_of_every_age(fate):
    for chosen in ["reader_0,dt_0", "[reader_0, dt_0]", '["reader_0", "dt_0"]', ["reader_0", "dt_0"]]:
        for form in [json.dumps, dict]:
            found = await fate.ok("job/dsl/generate", {"train_dsl": form(DSL), "cpn_str": chosen, "version": "2"})
            assert list(found["components"]) == ["reader_0", "dt_0"]
            assert found["components"]["dt_0"]["input"]["model"] == ["pipeline.dt_0.m"]


async def test_a_file_is_the_bare_dsl_under_a_name_of_ours(fate):
    found = await fate.send(
        "job/dsl/generate", {"train_dsl": json.dumps(DSL), "cpn_str": "dt_0", "filename": "../../etc/x"}
    )
    assert list(found) == ["components"]
    assert fate.headers["Content-Disposition"] == "attachment; filename=predict_dsl.json"


async def test_what_cannot_be_made_is_210(fate):
    deep = {"module": "Reader", "more": json.loads("[" * 900 + "]" * 900)}
    shapes = [{"a": 5}, {"a": {"module": "Reader", "input": 5}}, {"a": deep}]
    odd = [{"train_dsl": json.dumps({"components": each}), "cpn_str": "a"} for each in shapes]
    for body in [*odd, {}, {"train_dsl": "{", "cpn_str": "a"}, {"train_dsl": json.dumps(DSL), "cpn_str": "nope"}]:
        retcode, said = await fate.refused("job/dsl/generate", body)
        assert (retcode, fate.status) == (210, 210)
        assert said.startswith("DSL generating failed: ")


async def test_the_graph_of_a_job_says_what_runs_at_a_party(fate, gateway, offers):
    for party in ("9999", "10000"):
        await gateway.hello(party, components=offers)
    form = make_chain()
    form["job_dsl"]["components"]["eval_0"] = {"module": "Evaluation", "input": {"data": {"data": ["cross_0.d"]}}}
    form["job_runtime_conf"]["component_parameters"]["common"] = {}
    role = form["job_runtime_conf"]["component_parameters"]["role"]
    form["job_runtime_conf"]["component_parameters"]["role"] = {
        **role, "host": {**role["host"], "all": {"eval_0": {"need_run": False}}}
    }  # fmt: skip
    job = (await fate.send("job/submit", form))["jobId"]
    host = await fate.ok("pipeline/dag/dependency", {"job_id": job, "role": "host", "party_id": 10000})
    assert host["component_list"] == ["reader_0", "dt_0", "cross_0", "eval_0"]
    assert host["dependencies"]["dt_0"] == [
        {"component_name": "reader_0", "type": "data", "up_output_info": ["data", 0]}
    ]
    assert host["component_need_run"]["eval_0"] is False
    guest = await fate.ok("pipeline/dag/dependency", {"job_id": job, "role": "guest", "party_id": "9999"})
    assert guest["component_need_run"]["eval_0"] is True
    assert await fate.refused("pipeline/dag/dependency", {"job_id": job}) == (
        100,
        "required parameters are missing: party_id,role; ",
    )
    assert (await fate.refused("pipeline/dag/dependency", {"job_id": "nope", "role": "guest", "party_id": 1}))[0] == 100


async def test_the_graph_of_a_form_needs_no_job(fate):
    found = await fate.ok("pipeline/dag/dependency", make_chain())
    assert found["component_module"]["cross_0"] == "Intersection"


async def test_a_report_tells_how_long_tasks_took_and_waited(signed, trained):
    rows = await signed.ok("job/report", {"job_id": trained})
    assert [row["component_name"] for row in rows] == ["reader_0", "hetero_lr_0", "evaluation_0"]
    assert all(row["elapsed"] >= 0 and row["waited"] >= 0 for row in rows)
    assert (await signed.refused("job/report", {"job_id": "nope"}))[0] == 101


async def test_a_job_has_a_page(signed, trained):
    found = await signed.ok("job/url/get", {"job_id": trained, "role": "guest", "party_id": 9999})
    assert found["board_url"][0].endswith(f"/jobs/{trained}")
    assert (await signed.refused("job/url/get", {"job_id": trained}))[0] == 101
    assert (await signed.refused("job/url/get", {"job_id": "nope", "role": "guest", "party_id": 1}))[0] == 101
