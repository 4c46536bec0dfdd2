import copy
import json

import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.submission import parse_submission
from api.dialects.fate.vocabulary.draft import make_draft
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.job_request import JobRequest, Trained
from api.dialects.fate.vocabulary.predict_dsl import derive_predict_dsl
from scheduler.domain.access import Principal
from scheduler.domain.plan import Catalogue, make_submission, merge_params
from workers.components.catalog import list_builtin

BY = Principal(name="ann", kind="user", org="o", project="p")
OFFER = {info.name: info for info in list_builtin()}
EXAMPLES = ("toy_v1", "hetero_lr_v1", "hetero_lr_normal", "homo_lr_train", "homo_lr_train_eval", "intersect_raw")


@pytest.fixture
def load(repository):
    """An example's conf and DSL, which the test may change."""

    def load_example(name):
        folder = repository / "examples" / "fate"
        return [json.loads((folder / f"{name}_{kind}.json").read_text()) for kind in ("conf", "dsl")]

    return load_example


def draft(conf, dsl, **given):
    sent = parse_submission({"job_runtime_conf": conf, "job_dsl": dsl})
    wanted = sent.convert(given.pop("stored", {}))
    return make_draft(
        JobRequest(
            conf=wanted.conf, settings=wanted.settings, dsl=wanted.dsl, sent_conf=sent.conf, sent_dsl=sent.dsl, **given
        ),
        BY,
    )


def get_step(found, name):
    return next(step for step in found.steps if step.name == name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_fates_own_examples_fit_what_the_parties_offer(load, name):
    found = draft(*load(name))
    catalogue = Catalogue(
        parties=frozenset({"9999", "10000"}),
        offers=dict.fromkeys(("9999", "10000"), OFFER),
        check_params=lambda _schema, _params: (),
    )
    submission = make_submission(found, catalogue)
    assert [step.name for step in submission.steps]
    for step in submission.steps:
        component = OFFER[step.run["component"]]
        for role, party in step.members:
            position = found.roles[role].index(party)
            component.read_params(merge_params(step.params, step.overrides, role, position))


def test_each_party_reads_its_own_table_and_runs_its_own_part(load):
    found = draft(*load("homo_lr_train"))
    reader = get_step(found, "reader_0")
    assert (reader.params, reader.roles) == ({"namespace": "experiment"}, ("guest", "host"))
    assert reader.overrides == {"guest": {"table": "breast_homo_guest"}, "host": {"table": "breast_homo_host"}}
    assert get_step(found, "homo_lr_0").roles == ("guest", "host", "arbiter")
    assert get_step(found, "evaluation_0").roles == ("guest",)
    fate = FateJob.parse(found.origin)
    assert fate.passed == {"evaluation_0": (("host", "10000"),)}
    assert found.labels == {"model": "arbiter-10000#guest-9999#host-10000#model"}
    assert (found.dialect, found.deadline_s, found.name) == ("fate", 259_200, "fate-train")


def test_parameters_go_on_with_a_model_of_the_same_module(load):
    conf, dsl = load("homo_lr_train_eval")
    found = draft(conf, dsl)
    assert get_step(found, "data_transform_1").params["label_column"] == "y"
    assert get_step(found, "scale_1").inputs == {"data": "data_transform_1.data", "model": "scale_0.model"}
    conf["component_parameters"]["common"]["data_transform_1"] = {"with_label": False}
    assert get_step(draft(conf, dsl), "data_transform_1").params["label_column"] == ""


def test_a_job_that_predicts_takes_the_models_parts_and_its_training_parameters(load):
    conf, dsl = load("hetero_lr_normal")
    trained = FateJob.parse(draft(conf, dsl).origin)
    conf["job_parameters"] = {"common": {"job_type": "predict", "model_id": "m", "model_version": "v"}}
    readers = {
        role: {"0": {"reader_0": each["0"]["reader_0"]}} for role, each in conf["component_parameters"]["role"].items()
    }
    conf["component_parameters"] = {"role": readers}
    found = draft(
        conf, {}, stored=derive_predict_dsl(dsl, list(dsl["components"])), trained=Trained(job="77", fate=trained)
    )
    lr = get_step(found, "hetero_lr_0")
    assert lr.run == {"component": "predict"}
    assert lr.inputs == {"data": "intersection_0.data", "model": "77:hetero_lr_0.model"}
    assert set(lr.roles) == {"guest", "host"}
    assert get_step(found, "data_transform_0").overrides["guest"] == {"label_column": "y"}
    fate = FateJob.parse(found.origin)
    assert (fate.job_type, fate.model_id, fate.model_version, found.labels) == ("predict", "m", "v", {})
    assert fate.train_conf == trained.conf


def test_a_job_that_predicts_says_that_a_model_keeps_what_it_was_trained_with(load):
    conf, dsl = load("hetero_lr_normal")
    trained = FateJob.parse(draft(conf, dsl).origin)
    common = conf["component_parameters"]["common"]
    conf["job_parameters"] = {"common": {"job_type": "predict", "model_id": "m", "model_version": "v"}}

    def predict():
        wanted = derive_predict_dsl(dsl, list(dsl["components"]))
        found = draft(conf, {}, stored=wanted, trained=Trained(job="77", fate=trained))
        return FateJob.parse(found.origin).warnings, get_step(found, "hetero_lr_0").params

    common["hetero_lr_0"]["predict_param"] = {"threshold": 0.5}
    assert predict() == ((), {})
    common["hetero_lr_0"]["predict_param"] = {"threshold": 0.9}
    said = (
        "[WARN]component_parameters of hetero_lr_0: predict_param does not take effect: it predicts with what its model"
    )
    (warning,), params = predict()
    assert (warning.startswith(said), params) == (True, {})


def test_a_reader_of_an_earlier_jobs_table_has_no_step(load):
    conf, dsl = load("homo_lr_train")
    for role, party in (("guest", 9999), ("host", 10000)):
        table = {"namespace": "output_data_77_scale_0_0", "name": f"{role}.{party}.data"}
        conf["component_parameters"]["role"][role]["0"]["reader_0"] = {"table": table}
    found = draft(conf, dsl)
    assert "reader_0" not in {step.name for step in found.steps}
    assert get_step(found, "data_transform_0").inputs == {"data": "77:scale_0.data"}
    assert get_step(found, "data_transform_0").needs == ()
    assert FateJob.parse(found.origin).passed["reader_0"] == (("guest", "9999"), ("host", "10000"))


def test_inherited_components_have_no_step(load):
    conf, dsl = load("hetero_lr_normal")
    conf["job_parameters"] = {
        "common": {"inheritance_info": {"job_id": "1", "component_list": ["reader_0", "data_transform_0"]}}
    }
    found = draft(conf, dsl, inherited={"reader_0": "1", "data_transform_0": "1"})
    assert [step.name for step in found.steps] == ["intersection_0", "hetero_lr_0", "evaluation_0"]
    assert get_step(found, "intersection_0").inputs == {"data": "1:data_transform_0.data"}
    fate = FateJob.parse(found.origin)
    assert fate.inherited["reader_0"] == (("host", "10000"), ("guest", "9999"))


def test_a_component_that_runs_nowhere_lets_its_input_through(load):
    conf, dsl = load("homo_lr_train")
    conf["component_parameters"]["common"]["data_transform_0"]["need_run"] = False
    found = draft(conf, dsl)
    assert get_step(found, "scale_0").inputs == {"data": "reader_0.data"}
    assert FateJob.parse(found.origin).passed["data_transform_0"] == (("guest", "9999"), ("host", "10000"))


def test_retries_slots_and_the_deadline_come_from_the_jobs_parameters(load):
    conf, dsl = load("hetero_lr_normal")
    conf["job_parameters"] = {
        "common": {
            "auto_retries": 2,
            "auto_retry_delay": 3,
            "timeout": 60,
            "task_cores": 4,
            "priority": 1,
            "work_mode": 0,
        }
    }
    found = draft(conf, dsl, slots={"9999": 4, "10000": 4})
    step = found.steps[0]
    assert (step.retry.attempts, step.retry.backoff_s, step.slots) == (3, 3.0, 2)
    assert {"error", "invalid", "exit"} <= set(step.retry.on)
    assert (found.deadline_s, found.priority) == (60.0, 1)
    said = FateJob.parse(found.origin).warnings
    assert said[0] == "[WARN]work_mode is removed,it does not take effect!"
    assert "task_cores is 2 instead of 4" in said[-1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda conf, dsl: dsl["components"]["hetero_lr_0"].update(module="Nope"), "there is no module 'Nope'"),
        (
            lambda conf, dsl: conf["component_parameters"]["common"]["hetero_lr_0"].update(lerning_rate=1),
            "Component hetero_lr_0 at .* parameter lerning_rate: .* Did you mean 'learning_rate'",
        ),
        (
            lambda conf, dsl: conf["component_parameters"]["role"]["guest"]["0"].pop("reader_0"),
            "Component reader_0 at guest 0: parameter table: give each guest its own table",
        ),
        (lambda conf, dsl: conf["role"].update(arbiter=[9999]), "component constraint party id"),
    ],
)
def test_what_cannot_be_done_is_refused_with_103(load, change, said):
    conf, dsl = copy.deepcopy(load("hetero_lr_normal"))
    change(conf, dsl)
    with pytest.raises(FateError, match=said) as refused:
        draft(conf, dsl)
    assert refused.value.retcode == 103


def test_a_job_of_which_nothing_is_left_is_refused(load):
    conf, dsl = load("toy_v1")
    conf["algorithm_parameters"]["secure_add_example_0"]["need_run"] = False
    with pytest.raises(FateError, match="no component is left to run"):
        draft(conf, dsl)


def test_a_model_whose_id_no_index_holds_is_refused(load):
    conf, dsl = load("homo_lr_train")
    conf["role"]["host"] = [f"{number:036d}" for number in range(60)]
    by_position = conf["component_parameters"]["role"]["host"]
    conf["component_parameters"]["role"]["host"] = {"|".join(map(str, range(60))): by_position["0"]}
    with pytest.raises(FateError, match=r"has 2\d{3} characters and may have 1000: train with fewer parties"):
        draft(conf, dsl)


def test_a_job_that_is_far_too_large_is_refused_at_once():
    conf = {"dsl_version": 2, "initiator": {"role": "guest", "party_id": 0}, "role": {"guest": list(range(2000))}}
    dsl = {"components": {f"c{number}": {"module": "SecureAddExample"} for number in range(200)}}
    with pytest.raises(FateError, match="200 components at 2000 parties are too many"):
        draft({**conf, "component_parameters": {}}, dsl)
