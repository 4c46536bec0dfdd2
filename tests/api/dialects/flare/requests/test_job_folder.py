"""Jobs are refused in the sentences of FLARE 2.9.0; what it lets through by mistake is refused too."""

import io
import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.archive import JobArchive
from api.dialects.flare.requests.job_folder import name_folder, parse_job
from tests.api.dialects.flare.requests.jobs import APP, META, pack, pack_job

SITES = {"app": ["server", "site-1", "site-2"]}


def parse(raw, folder="J"):
    return parse_job(JobArchive(io.BytesIO(raw), folder))


def parse_meta(**meta):
    return parse(pack_job(folder="J", **meta))


def test_a_job_for_all_sites():
    job = parse_meta()
    assert (job.name, job.min_clients, job.takes_all, job.sites, job.has_code) == ("hello", 2, True, (), False)
    assert job.find_app("any-site") == "app"


def test_a_job_for_named_sites():
    files = {**APP, "other/config/config_fed_client.json": "{}", "other/custom/net.py": ""}
    job = parse(pack_job(folder="J", files=files, deploy_map={"app": ["server", "site-1"], "other": ["site-2"]}))
    assert (job.sites, job.takes_all, job.has_code) == (("site-1", "site-2"), False, True)
    assert [job.find_app(site) for site in ("server", "site-1", "site-2", "site-3")] == ["app", "app", "other", None]


def test_sites_may_stand_in_objects():
    job = parse_meta(deploy_map={"app": [{"sites": ["server", "site-1"]}, {"targets": ["site-2"]}]})
    assert job.sites == ("site-1", "site-2")


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"deploy_map": {}}, "deploy_map is empty for job J"),
        ({"deploy_map": None}, "deploy_map is empty for job J"),
        ({"deploy_map": ["app"]}, "deploy_map must be a dictionary for job J"),
        ({"deploy_map": {"app": []}}, "No site is specified in deploy_map for job J"),
        ({"deploy_map": {"app": ["@ALL", "site-1"]}}, "No other site can be specified if @ALL is used for job J"),
        ({"deploy_map": {"app": ["site-1", "site-2"]}}, "Missing server site in deploy_map for job J"),
        (
            {"deploy_map": {"app": ["server", "site-1"], "b": ["site-1"]}},
            "Multiple apps to be deployed to following sites ['site-1'] for job J",
        ),
        ({"deploy_map": {"appx": ["@ALL"]}}, "App 'appx' in deploy_map doesn't exist for job J"),
        ({"deploy_map": {"../app": ["@ALL"]}}, "invalid job app name '../app': "),
        ({"deploy_map": {"app": [7]}}, "deploy_map of job J names 7"),
        ({"min_clients": 0}, "min_clients 0 must be positive for job J"),
        ({"min_clients": 10_000_000}, "min_clients 10000000 must be less than 1000000  for job J"),
        ({"min_clients": "2"}, "min_clients '2' must be a whole number"),
        ({"min_clients": 3, "deploy_map": {"app": ["server", "site-1"]}}, "min 3 clients required for job J, found 1."),
        (
            {"mandatory_clients": ["site-9"], "deploy_map": SITES},
            "Mandatory clients {'site-9'} are not in the deploy_map for job J",
        ),
        ({"mandatory_clients": "site-1"}, "mandatory_clients must be a list of texts"),
        ({"resource_spec": []}, "Invalid resource_spec for job J"),
        ({"resource_spec": {"site-1": 1}}, "value for key site-1 in resource spec is expecting a dictionary"),
        ({"name": 5}, "name of job J must be a text"),
    ],
)
def test_what_cannot_work_is_refused_in_flares_words(meta, words):
    with pytest.raises(FlareError) as caught:
        parse_meta(**meta)
    assert words in caught.value.message
    assert caught.value.status is MetaStatus.INVALID_JOB_DEFINITION


@pytest.mark.parametrize("side", ["server", "client"])
def test_an_app_needs_the_config_of_each_side_that_it_goes_to(side):
    files = {path: text for path, text in APP.items() if f"_{side}." not in path}
    with pytest.raises(FlareError, match=f"App 'app' will be deployed to {side} but {side} config is missing"):
        parse(pack_job(folder="J", files=files))


def test_a_job_without_meta_is_refused():
    with pytest.raises(FlareError, match="possible in legacy job format"):
        parse(pack(APP, folder="J"))


def test_meta_may_be_yaml():
    job = parse(pack({"meta.yml": "name: y\ndeploy_map: {app: ['@ALL']}\n", **APP}, folder="J"))
    assert (job.name, job.min_clients) == ("y", 1)


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 28))


@pytest.mark.parametrize(
    ("text", "words"), [("{", "cannot be parsed"), ("[1]", "must be an object"), (BOMB, "with its aliases written out")]
)
def test_a_broken_meta_in_yaml_is_refused(text, words):
    with pytest.raises(FlareError, match=f"(?s)meta.yml of job J.*{words}"):
        parse(pack({"meta.yml": text, **APP}, folder="J"))


@pytest.mark.parametrize("text", ["{", "[1]", "null", '{"name": "a\\u0000"}', '{"x": ' + "[" * 200 + "]" * 200 + "}"])
def test_a_broken_meta_is_refused(text):
    with pytest.raises(FlareError, match="meta.json of job J"):
        parse(pack({"meta.json": text, **APP}, folder="J"))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["server", "site-1", "@ALL", "app"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just("app"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*META, "mandatory_clients"]), VALUES))
def test_whatever_a_meta_says_the_answer_is_a_job_or_a_refusal(changes):
    raw = pack({"meta.json": json.dumps({**META, **changes}), **APP}, folder="J")
    with suppress(FlareError):
        job = parse(raw)
        assert job.apps
        assert job.min_clients > 0


def test_a_folder_is_named_by_the_last_part_of_its_path():
    assert [name_folder(path) for path in ("job", "/a/job", "a/job/", "C:\\jobs\\job")] == ["job"] * 4
    for path in ("", "/", "..", "a/.."):
        with pytest.raises(FlareError, match="names no job folder"):
            name_folder(path)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("123456789012345678901234567890", "seed: a whole number beyond 64 bits"),
        ("NaN", "seed: not a finite number"),
        (r'"\ud800"', "seed: a text holds half of a character"),
    ],
)
def test_a_meta_that_cannot_be_kept_is_refused(value, words):
    text = f'{json.dumps(META)[:-1]}, "seed": {value}}}'
    with pytest.raises(FlareError, match=words):
        parse(pack({"meta.json": text, **APP}, folder="J"))


def test_a_job_of_very_many_sites_or_apps_is_read_in_a_moment():
    sites = [f"s{number}" for number in range(50_000)]
    began = time.process_time()
    assert len(parse_meta(deploy_map={"app": ["server", *sites]}).sites) == 50_000
    names = [f"a{number}" for number in range(3000)]
    files = {
        "s/config/config_fed_server.json": "{}",
        **{f"{name}/config/config_fed_client.json": "{}" for name in names},
    }
    apps = {"s": ["server"], **{name: [name] for name in names}}
    assert len(parse(pack_job(folder="J", files=files, deploy_map=apps)).sites) == 3000
    assert time.process_time() - began < 10
