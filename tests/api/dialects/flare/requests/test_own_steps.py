import io
import json

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.requests.archive import JobArchive
from api.dialects.flare.requests.job_folder import parse_job
from tests.api.dialects.flare.requests.jobs import APP, META, pack

STEPS = {"steps": [{"name": "train", "component": "homo_lr", "roles": ["server", "client"]}]}
YAML = "steps:\n- name: train\n  component: homo_lr\n- name: report\n  command: [cat, x]\n  needs: [train]\n  roles: [server]\n"


def parse(files, **meta):
    packed = pack({"meta.json": json.dumps({**META, **meta}), **files})
    return parse_job(JobArchive(io.BytesIO(packed), "job"))


def test_an_app_of_ours_needs_no_config_of_flares():
    job = parse({"app/config/config_fedrota.json": json.dumps(STEPS)})
    assert [(step.name, step.run, step.roles) for step in job.steps] == [
        ("train", {"component": "homo_lr"}, ("server", "client"))
    ]


def test_steps_may_be_yaml():
    job = parse({"app/config/config_fedrota.yaml": YAML})
    assert [(step.name, step.needs) for step in job.steps] == [("train", ()), ("report", ("train",))]


def test_an_app_of_flares_has_no_steps():
    assert parse(APP).steps == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "config_fedrota.json of job job"),
        ("[]", "steps"),
        (json.dumps({"steps": [{"name": "train"}]}), "component or command"),
        (json.dumps({"steps": [{"name": "a b", "component": "x"}]}), r"steps\.0\.name|steps\[0\]\.name"),
    ],
)
def test_wrong_steps_are_refused_with_their_place(content, words):
    with pytest.raises(FlareError, match=words):
        parse({"app/config/config_fedrota.json": content})


def test_an_app_of_ours_stands_alone():
    files = {"app/config/config_fedrota.json": json.dumps(STEPS), "b/config/config_fed_client.json": "{}"}
    with pytest.raises(FlareError, match="must be the only one"):
        parse(files, deploy_map={"app": ["server", "9999"], "b": ["10000"]}, min_clients=1)
