from api.dialects.fate.requests.conf import parse_conf
from api.dialects.fate.requests.dsl import parse_dsl
from api.dialects.fate.requests.job_settings import JobSettings
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.job_request import JobRequest, Trained
from api.dialects.fate.vocabulary.propagated_params import propagate, propagate_params

ROLES = {"initiator": {"role": "guest", "party_id": 1}, "role": {"guest": [1], "host": [2]}}


def give(components, params, **more):
    conf = parse_conf({**ROLES, "dsl_version": 2, "component_parameters": {"common": params}})
    dsl = {"components": components}
    request = JobRequest(conf=conf, settings=JobSettings(), dsl=dsl, sent_conf={}, sent_dsl={}, **more)
    return propagate_params(request, parse_dsl(dsl))


def chain(length):
    """Each takes in the model of the one before it, twice; the last one comes first."""
    made = {"c0": {"module": "HeteroLR", "output": {"model": ["m"]}}}
    for number in range(1, length):
        made[f"c{number}"] = {**made["c0"], "input": {"model": [f"c{number - 1}.m"] * 2}}
    return dict(reversed(made.items()))


def test_a_long_chain_hands_on_in_one_pass():
    given = give(chain(1000), {"c0": {"max_iter": 3, "need_run": False}, "c500": {"alpha": 2}})
    assert given["c999"]["host", 0] == {"max_iter": 3, "alpha": 2}
    assert given["c0"]["guest", 0] == {"max_iter": 3, "need_run": False}


def test_only_the_same_module_hands_on():
    components = {"a": {"module": "HeteroLR", "output": {"model": ["m"]}}}
    components["b"] = {"module": "HeteroLinR", "input": {"model": ["a.m"]}}
    assert give(components, {"a": {"alpha": 2}})["b"]["guest", 0] == {}


def test_an_earlier_job_hands_on_with_its_model():
    conf = {"component_parameters": {"common": {"a": {"alpha": 2}}}}
    trained = Trained(job="1", fate=FateJob(conf=conf, dsl={"components": {"a": {"module": "HeteroLR"}}}))
    components = {"a": {"module": "heterolr", "input": {"model": ["pipeline.a.m"]}}}
    assert give(components, {"a": {"tol": 1}}, trained=trained)["a"]["host", 0] == {"alpha": 2, "tol": 1}


def test_whether_somebody_runs_is_not_handed_on():
    own = {"a": {("guest", 0): {"x": {"y": 1}, "need_run": False}}, "b": {("guest", 0): {"x": {"z": 2}}}}
    given = propagate(own, kinds={"a": "kind", "b": "kind"}, taken={"b": ["a", "elsewhere"]})
    assert given["b"] == {("guest", 0): {"x": {"y": 1, "z": 2}}}


def test_who_is_in_a_circle_or_behind_it_is_left_out():
    given = propagate({name: {} for name in "abc"}, kinds=dict.fromkeys("abc", "kind"), taken={"a": "a", "b": "a"})
    assert given == {"c": {}}
