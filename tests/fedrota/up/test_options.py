"""What `up` was asked for, and what it refuses."""

from pathlib import Path

import pytest

from fedrota.up.errors import UpError
from fedrota.up.options import DEFAULT_PARTIES, Options, PartySpec, make_options, parse_party, read_config, with_parties


def options_of(config=None, environment=None, **flags):
    return make_options(flags=flags, environment=environment or {}, config=config)


def test_nothing_given_means_the_embedded_default():
    options = options_of()
    assert (options.port, options.host, options.gateways) == (9380, "127.0.0.1", 1)
    assert options.state == Path.cwd() / ".fedrota"
    assert options.broker == options.database == ""
    assert all(options.wants(part) for part in ("gateway", "scheduler", "worker"))


def test_flags_win_over_environment_over_file():
    config = {"port": 1, "host": "file", "slots": 2}
    options = options_of(config, {"FEDROTA_PORT": "2", "FEDROTA_HOST": "variable"}, port=3)
    assert (options.port, options.host, options.slots) == (3, "variable", 2)


def test_a_flag_that_was_not_given_overrules_nothing():
    assert options_of({"flower": True, "only": ("gateway",)}, flower=None, only=[]).flower is True
    assert options_of({"flower": True}, flower=False).flower is False


@pytest.mark.parametrize(
    ("text", "party"),
    [
        ("9999", PartySpec(id="9999", slots=2)),
        ("9999:guest", PartySpec(id="9999", role="guest", slots=2)),
        ("bank-a.eu:host", PartySpec(id="bank-a.eu", role="host", slots=2)),
    ],
)
def test_a_party_is_an_id_and_perhaps_a_role(text, party):
    assert parse_party(text, slots=2) == party


@pytest.mark.parametrize("text", ["", ":guest", "../etc", "a b", "-x", "x" * 65])
def test_a_bad_party_id_is_refused_with_an_example(text):
    with pytest.raises(UpError, match="no party id.*--party 9999:guest"):
        parse_party(text, slots=1)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"parties": ["1", "1:host"]}, "party 1 is named twice"),
        ({"parties": ["1:host:8"]}, "party 1 has the role 'host:8': write ID:ROLE; slots are given with --slots"),
        ({"only": ["gatway"]}, "--only gatway: choose from gateway, scheduler, worker"),
        ({"port": 70000}, "--port 70000"),
        ({"gateways": 0}, "--gateways 0"),
        ({"worker_niceness": 20}, "--worker-niceness 20: give a number from 0 to 19"),
        ({"worker_niceness": -1}, "--worker-niceness -1"),
        ({"slots": 0}, "slots 0"),
        ({"flower_port": 0}, "--flower-port 0"),
        ({"flare_bridge": 70000}, "--flare-bridge 70000"),
        ({"flare_listener": 9380}, "--flare-listener 9380 is the gateway's port"),
        ({"flare_listener": 8002, "flare_bridge": 8002}, "both name port 8002"),
        ({"flare_bridge": 8002, "only": ["worker"], "gateway": "http://far"}, "starts beside the gateway"),
        ({"only": ["scheduler"]}, "needs the broker that the gateway uses: give --broker"),
        ({"only": ["scheduler"], "broker": "redis://x"}, "needs the database"),
        ({"only": ["worker"]}, "give --gateway URL or set FEDROTA_GATEWAY_URL"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_starts(flags, message):
    with pytest.raises(UpError, match=message):
        options_of(**flags)


def test_a_worker_alone_finds_its_gateway_in_the_environment():
    options = options_of(environment={"FEDROTA_GATEWAY_URL": "http://far:1"}, only=["worker"])
    assert options.gateway == "http://far:1"
    assert not options.wants("gateway")


@pytest.mark.parametrize("name", ["FEDROTA_PORT", "FEDROTA_FLARE_PORT"])
def test_a_bad_port_in_the_environment_is_named(name):
    with pytest.raises(UpError, match=f"{name} is 'many'"):
        options_of(environment={name: "many"})


def test_the_gateway_s_own_setting_for_old_flare_clients_is_read_too():
    assert options_of(environment={"FEDROTA_FLARE_PORT": "8003"}).flare_listener == 8003
    assert options_of(environment={"FEDROTA_FLARE_PORT": "8003"}, flare_listener=0).flare_listener == 0


def test_a_secret_file_keeps_up_from_a_broker_of_its_own(tmp_path):
    (tmp_path / "url").write_text("redis://far:6379/0\n")
    environment = {"FEDROTA_BROKER_URL_FILE": str(tmp_path / "url")}
    assert options_of(environment=environment).broker == "redis://far:6379/0"
    assert options_of(environment=environment, broker="redis://flag").broker == "redis://flag"


def test_the_file_named_for_up_wins_over_the_processes_own_and_a_variable_over_both(tmp_path):
    (tmp_path / "processes.toml").write_text('port = 1111\nhost = "::1"\n')
    environment = {"FEDROTA_CONFIG": str(tmp_path / "processes.toml")}
    options = options_of({"port": 2222}, environment=environment)
    assert (options.port, options.host) == (2222, "::1")
    assert options_of({"port": 2222}, environment={**environment, "FEDROTA_PORT": "3333"}).port == 3333


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "up.toml"
    path.write_text("port = 1234\n", encoding="utf-8-sig")
    assert read_config(path) == {"port": 1234}


def test_a_file_gives_everything_that_flags_give(tmp_path):
    path = tmp_path / "up.toml"
    path.write_text(
        'port = 1234\nslots = 2\nflower = false\ncomponents = ["mine.parts"]\n'
        'flare_listener = 8003\nflare_bridge = 8002\nflare_python = "/opt/nvflare/bin/python"\n'
        '[[party]]\nid = "a"\nrole = "guest"\nslots = 8\n[[party]]\nid = 10000\n'
    )
    options = options_of(read_config(path))
    assert options.parties == (PartySpec(id="a", role="guest", slots=8), PartySpec(id="10000", slots=2))
    assert (options.port, options.flower, options.components) == (1234, False, ("mine.parts",))
    assert (options.flare_listener, options.flare_bridge) == (8003, 8002)
    assert options.flare_python == "/opt/nvflare/bin/python"


def test_a_components_file_lies_where_its_user_stands(tmp_path, monkeypatch):
    """The workers run in another folder."""
    monkeypatch.chdir(tmp_path)
    options = options_of(components=["mean.py", "/srv/sum.py", "mine.parts"])
    assert options.components == (str(tmp_path / "mean.py"), "/srv/sum.py", "mine.parts")


def test_a_file_may_use_the_words_of_the_flags(tmp_path):
    path = tmp_path / "up.toml"
    path.write_text('party = ["9999:guest", {id = "10000", slots = 2}]\npostgres = "postgresql://db/x"\n')
    options = options_of(read_config(path))
    assert options.parties == (PartySpec(id="9999", role="guest"), PartySpec(id="10000", slots=2))
    assert options.database == "postgresql://db/x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1", "unknown setting 'prot'; did you mean 'port'"),
        ("port = '1'", "port must be of type int, not str"),
        ("port = true", "port must be of type int, not bool"),
        ("only = 'gateway'", "only must be a list of strings"),
        ("[party]\nid = '1'", r"write each party as a table \[\[party\]\]"),
        ("party = [9999]", r"write each party as a table \[\[party\]\] with an id, or party = "),
        ("party = '9999'", r"or party = \["),
        ("party = ['a b']", "'a b' is no party id"),
        ("postgres = 1", "postgres must be of type str, not int"),
        ("[[party]]\nrole = 'guest'", "has no id"),
        ("[[party]]\nid = '1'\nslot = 2", "unknown setting 'slot'; did you mean 'slots'"),
        ("[[party]]\nid = '1'\nslots = 'many'", "party 1 has 'many' slots"),
        ("port = ", "is no TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path, text, message):
    path = tmp_path / "up.toml"
    path.write_text(text)
    with pytest.raises(UpError, match=message):
        read_config(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UpError, match="cannot read .*none.toml"):
        read_config(tmp_path / "none.toml")


def test_parties_come_from_the_user_else_from_last_time_else_by_default():
    named, remembered = PartySpec(id="named"), PartySpec(id="remembered")
    assert with_parties(Options(parties=(named,)), [remembered]).parties == (named,)
    assert with_parties(Options(), [remembered]).parties == (remembered,)
    assert with_parties(Options(), []).parties == DEFAULT_PARTIES


def test_a_centre_that_starts_alone_has_the_parties_that_its_operator_names():
    centre = Options(only=("gateway", "scheduler"))
    assert with_parties(centre, []).parties == ()
    assert with_parties(centre, [PartySpec(id="remembered")]).parties == (PartySpec(id="remembered"),)


def test_a_worker_that_starts_alone_belongs_to_a_party_that_somebody_named():
    alone = Options(only=("worker",))
    with pytest.raises(UpError, match="give --party ID"):
        with_parties(alone, [])
    assert with_parties(alone, [PartySpec(id="7")]).parties == (PartySpec(id="7"),)
    assert with_parties(Options(only=("gateway", "worker")), []).parties == DEFAULT_PARTIES
