import pytest

from api.dialects.fate.requests.conf import parse_conf
from api.dialects.fate.requests.job_settings import JobSettings
from api.dialects.fate.vocabulary.catalogue import get_module
from api.dialects.fate.vocabulary.description import describe_job, makes_model
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.job_request import JobRequest
from api.dialects.fate.vocabulary.roles import Cast

CONF = {
    "initiator": {"role": "guest", "party_id": 9999},
    "role": {"guest": [9999], "host": [10000]},
    "component_parameters": {"common": {"gone_0": {}, "lr_0": {}}},
}
MODULES = {
    "reader_0": get_module("Reader", "x"),
    "lr_0": get_module("HeteroLR", "x"),
    "eval_0": get_module("Evaluation", "x"),
}
CASTS = {
    "reader_0": Cast(given={("guest", 0): {}, ("host", 0): {}}),
    "lr_0": Cast(given={("guest", 0): {}}),
    "eval_0": Cast(given={}, passing=(("guest", "9999"),)),
}


def describe(settings, stored=()):
    request = JobRequest(
        conf=parse_conf(CONF), settings=settings, dsl={}, sent_conf=CONF, sent_dsl={}, warnings=("last",)
    )
    return describe_job(request, CASTS, MODULES, warnings=("slots",), stored=stored)


def test_who_passes_and_what_takes_no_effect_are_kept():
    fate = describe(JobSettings(model_id="given", model_version="given"), stored=("reader_0",))
    assert fate.passed == {"eval_0": (("guest", "9999"),), "reader_0": (("guest", "9999"), ("host", "10000"))}
    assert "gone_0 do not take effect" in fate.warnings[0]
    assert fate.warnings[1:] == ("slots", "last")
    assert (fate.model_id, fate.model_version) == ("guest-9999#host-10000#model", "")


def test_a_job_that_predicts_keeps_the_model_that_it_was_given():
    fate = describe(JobSettings(job_type="predict", model_id="m", model_version="v"))
    assert (fate.model_id, fate.model_version) == ("m", "v")


@pytest.mark.parametrize(("module", "job_type", "found"), [
    ("HeteroLR", "train", True), ("HeteroLR", "predict", False), ("SecureAddExample", "train", False),
])  # fmt: skip
def test_a_job_makes_a_model_where_it_trains_one(module, job_type, found):
    assert makes_model(FateJob(dsl={"components": {"a_0": {"module": module}}}, job_type=job_type)) is found
