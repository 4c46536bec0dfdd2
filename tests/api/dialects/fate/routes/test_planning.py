from api.dialects.fate.routes.planning import find_predict_dsl
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.recipe import Predictor
from tests.api.dialects.fate.routes.job_forms import make_chain

TRAINED = FateJob(
    dsl={
        "components": {
            "reader_0": {"module": "Reader", "output": {"data": ["d"]}},
            "dt_0": {
                "module": "DataTransform",
                "input": {"data": {"data": ["reader_0.d"]}},
                "output": {"model": ["m"]},
            },
            "lr_0": {"module": "HeteroLR", "need_deploy": False},
        }
    }
)


def test_the_inference_dsl_is_the_registrys_or_follows_from_the_training():
    kept = {"components": {"a": {}}}
    given = {"model": None, "job": "1", "trained": TRAINED}
    assert find_predict_dsl(Predictor(**given, components=None, dsl=kept)) == kept
    derived = find_predict_dsl(Predictor(**given, components=None, dsl=None))["components"]
    assert list(derived) == ["reader_0", "dt_0"]
    assert derived["dt_0"]["input"]["model"] == ["pipeline.dt_0.m"]
    chosen = find_predict_dsl(Predictor(**given, components=("dt_0",), dsl=None))["components"]
    assert list(chosen) == ["dt_0"]


async def test_what_a_job_builds_on_must_be_there(fate):
    for settings, said in [
        ({"job_type": "predict"}, "missing model_id,model_version"),
        ({"job_type": "predict", "model_id": "m", "model_version": "v"}, "model m v not exists in model local cache"),
        ({"task_cores": 500}, "max cores per job is"),
        ({"inheritance_info": {"job_id": "nope", "component_list": ["reader_0"]}}, "there is no job 'nope'"),
    ]:
        retcode, found = await fate.refused("job/submit", make_chain(**settings))
        assert (retcode, said in found) == (103, True), found


async def test_inherited_results_are_read_and_shown_as_successes(fate, gateway, offers):
    for party in ("9999", "10000"):
        await gateway.hello(party, components=offers)
    first = (await fate.send("job/submit", make_chain()))["jobId"]
    output = {"name": "data", "kind": "table", "size": 1, "sha256": "ab", "facts": {}}
    for _ in range(3):
        await gateway.run_tasks(outputs=[output])
    wish = {"job_id": first, "component_list": ["reader_0", "dt_0"]}
    second = (await fate.send("job/submit", make_chain(inheritance_info=wish)))["jobId"]
    rows = await fate.ok("job/task/query", {"job_id": second, "role": "guest"})
    assert {row["f_component_name"]: row["f_party_status"] for row in rows} == {
        "reader_0": "success",
        "dt_0": "success",
        "cross_0": "waiting",
    }
    (job,) = await fate.ok("job/query", {"job_id": second, "role": "guest"})
    assert job["f_inheritance_info"] == wish
    claims = [{"task": knock.task, "seq": knock.seq} for knock in gateway.dispatch()["9999"]]
    (reply,) = (await gateway.sync("9999", claims=claims))["claims"]
    assert reply["assignment"]["inputs"]["data"]["task"].startswith(first)
