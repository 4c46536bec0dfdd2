"""From options to processes."""

import sys

import pytest

from fedrota.up.errors import UpError
from fedrota.up.folder import make_folder
from fedrota.up.options import Options, PartySpec
from fedrota.up.plan import make_plan
from fedrota.up.ports import find_free_port
from fedrota.up.programs import STOP_ORDER

PARTIES = (PartySpec(id="9999", role="guest", slots=2), PartySpec(id="10000", slots=8))


@pytest.fixture
def plan_of(tmp_path):
    folder = make_folder(tmp_path / "state")

    def make(environment=None, **settings):
        options = Options(**{"state": folder.root, "parties": PARTIES, "flower": False, "port": 0} | settings)
        return make_plan(tree=tmp_path, folder=folder, options=options, environment=environment or {})

    return make


def programs_of(plan):
    return {program.name: program for stage in plan.stages for program in stage.programs}


def test_the_whole_system_starts_in_three_stages(plan_of):
    stages = plan_of().stages
    names = [([chore.name for chore in stage.chores], [program.name for program in stage.programs]) for stage in stages]
    assert names == [
        (["bootstrap"], ["broker"]),
        ([], ["gateway"]),
        ([], ["scheduler", "worker.9999", "worker.10000"]),
    ]


def test_flower_starts_when_the_workers_are_there_to_tell_it_their_queues(plan_of):
    last = plan_of(flower=True).stages[-1]
    assert [program.name for program in last.programs] == ["flower"]


def test_the_bootstrap_gets_every_party_with_its_slots(plan_of, tmp_path):
    (bootstrap,) = plan_of().stages[0].chores
    state = str(tmp_path / "state")
    words = ("--migrate", "--state", state, "--party", "9999:2", "--party", "10000:8")
    assert bootstrap.argv == (sys.executable, "-m", "scheduler.service.bootstrap", *words)


def test_processes_read_only_their_environment(plan_of):
    programs = programs_of(plan_of())
    assert programs["gateway"].argv == (sys.executable, "-m", "api")
    assert programs["scheduler"].argv == (sys.executable, "-m", "scheduler")
    assert programs["worker.9999"].argv[-3:] == (sys.executable, "-m", "workers")


def test_workers_give_way_to_a_gateway_on_their_machine(plan_of):
    beside = programs_of(plan_of())
    assert beside["worker.9999"].argv[:3] == ("nice", "-n", "10")
    assert "nice" not in (*beside["gateway"].argv, *beside["scheduler"].argv, *beside["broker"].argv)
    alone = programs_of(plan_of({"FEDROTA_TOKEN": "frt_1_x"}, only=("worker",), gateway="https://far:1/"))
    assert alone["worker.9999"].argv == (sys.executable, "-m", "workers")
    told = {niceness: programs_of(plan_of(worker_niceness=niceness))["worker.9999"].argv for niceness in (0, 19)}
    assert (told[0][0], told[19][:3]) == (sys.executable, ("nice", "-n", "19"))


def test_a_worker_gets_its_own_token_and_no_way_to_the_database(plan_of, tmp_path):
    plan = plan_of(
        {"FEDROTA_DATABASE_URL_FILE": "/secret", "FEDROTA_TOKEN": "other", "FEDROTA_SECRET_KEY": "k"},
        database="postgresql://db",
    )
    programs = programs_of(plan)
    worker = programs["worker.10000"].env
    assert worker["FEDROTA_TOKEN_FILE"] == str(tmp_path / "state/parties/10000.token")
    assert (worker["FEDROTA_PARTY"], worker["FEDROTA_SLOTS"]) == ("10000", "8")
    assert worker["FEDROTA_GATEWAY_URL"] == plan.url
    assert worker["FEDROTA_STATE_DIR"] == str(tmp_path / "state/parties/10000")
    assert not {"FEDROTA_DATABASE_URL", "FEDROTA_DATABASE_URL_FILE", "FEDROTA_TOKEN", "FEDROTA_SECRET_KEY"} & set(
        worker
    )
    assert programs["gateway"].env["FEDROTA_SECRET_KEY"] == "k"
    assert programs["gateway"].env["FEDROTA_DATABASE_URL"] == "postgresql://db"


def test_no_argument_holds_a_secret(plan_of):
    programs = programs_of(plan_of(flower=True))
    password = programs["gateway"].env["FEDROTA_BROKER_URL"].split(":")[2].partition("@")[0]
    assert not any(password in word for program in programs.values() for word in program.argv)


def test_components_reach_the_workers(plan_of):
    worker = programs_of(plan_of(components=("mine.parts", "other")))["worker.9999"]
    assert worker.env["FEDROTA_COMPONENTS"] == '["mine.parts","other"]'


def test_several_gateways_share_the_port(plan_of):
    programs = programs_of(plan_of(gateways=2))
    first, second = programs["gateway.1"], programs["gateway.2"]
    assert first.env["FEDROTA_PORT"] == second.env["FEDROTA_PORT"]
    assert first.env["FEDROTA_REUSE_PORT"] == "true"
    assert "FEDROTA_REUSE_PORT" not in programs_of(plan_of())["gateway"].env


def test_with_a_broker_given_none_is_started(plan_of):
    plan = plan_of(broker="redis://far:1/0")
    assert "broker" not in programs_of(plan)
    assert programs_of(plan)["scheduler"].env["FEDROTA_BROKER_URL"] == "redis://far:1/0"


def test_only_worker_starts_workers_for_a_far_gateway(plan_of):
    plan = plan_of({"FEDROTA_TOKEN": "frt_1_x"}, only=("worker",), gateway="https://far:1/", parties=PARTIES[:1])
    (worker,) = programs_of(plan).values()
    assert worker.env["FEDROTA_GATEWAY_URL"] == "https://far:1"
    assert worker.env["FEDROTA_TOKEN"] == "frt_1_x"
    assert "FEDROTA_TOKEN_FILE" not in worker.env
    assert not [chore for stage in plan.stages for chore in stage.chores]


def test_only_scheduler_starts_it_alone(plan_of):
    plan = plan_of(only=("scheduler",), broker="redis://far:1/0", database="postgresql://far")
    assert list(programs_of(plan)) == ["scheduler"]
    assert plan.flower_url == ""


def test_only_gateway_migrates_and_issues_tokens(plan_of):
    plan = plan_of(only=("gateway",))
    assert list(programs_of(plan)) == ["broker", "gateway"]
    assert [chore.name for stage in plan.stages for chore in stage.chores] == ["bootstrap"]


def test_flower_is_read_only_on_loopback_and_sees_none_of_our_settings(plan_of):
    plan = plan_of({"FLOWER_READ_ONLY": "false", "FEDROTA_TOKEN": "x", "PATH": "/bin"}, flower=True)
    flower = programs_of(plan)["flower"]
    assert {"--read_only=true", "--address=127.0.0.1"} <= set(flower.argv)
    assert flower.env["CELERY_BROKER_URL"].startswith("redis://:")
    assert sorted(flower.env) == ["CELERY_BROKER_URL", "PATH"]
    assert plan.flower_url in flower.note


@pytest.mark.parametrize(
    ("host", "environment", "start"),
    [
        ("127.0.0.1", {}, "http://127.0.0.1:"),
        ("0.0.0.0", {}, "http://127.0.0.1:"),
        ("::1", {}, "http://[::1]:"),
        ("127.0.0.1", {"FEDROTA_TLS_CERT": "/cert.pem"}, "https://127.0.0.1:"),
    ],
)
def test_the_url_is_the_one_this_machine_can_use(plan_of, host, environment, start):
    assert plan_of(environment, host=host).url.startswith(start)


def test_the_port_that_was_asked_for_is_the_port(plan_of):
    port = find_free_port()
    assert plan_of(port=port).url == f"http://127.0.0.1:{port}"


def test_a_taken_port_is_refused(plan_of, own_valkey):
    with pytest.raises(UpError, match="is taken"):
        plan_of(port=int(own_valkey.rpartition(":")[2].partition("/")[0]))


def test_flare_s_doors_are_the_gateway_s_setting_and_a_process_beside_the_workers(plan_of):
    listener, bridge = find_free_port(), find_free_port()
    plan = plan_of(flare_listener=listener, flare_bridge=bridge, flare_python="/opt/flare/python")
    programs = programs_of(plan)
    assert programs["gateway"].env["FEDROTA_FLARE_PORT"] == str(listener)
    assert programs["worker.9999"].env["FEDROTA_ENGINES"] == '{"flare": "/opt/flare/python"}'
    assert "flare-bridge" in [program.name for program in plan.stages[2].programs]
    assert plan.url in programs["flare-bridge"].argv
    assert "flare-bridge" not in programs_of(plan_of())
    assert "bridge" in STOP_ORDER[0]


@pytest.mark.parametrize("key", ["flare_listener", "flare_bridge"])
def test_a_taken_port_of_flare_is_refused_with_its_option(plan_of, own_valkey, key):
    taken = int(own_valkey.rpartition(":")[2].partition("/")[0])
    with pytest.raises(UpError, match=f"another --{key.replace('_', '-')}"):
        plan_of(**{key: taken}, flare_python="/opt/flare/python")
