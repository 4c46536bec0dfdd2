"""Settings: from arguments, environment, secret files and a TOML file; everything wrong is told at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import LONGEST_S, Settings, SettingsError, WorkerSettings, load


@pytest.fixture
def env(monkeypatch):
    """A function that sets FEDROTA_ variables."""
    return lambda **values: [monkeypatch.setenv(f"FEDROTA_{name}", str(value)) for name, value in values.items()]


def lines(kind=Settings, **given):
    """What `load` complains of, by variable."""
    with pytest.raises(SettingsError) as wrong:
        load(kind, **given)
    return dict(line.split(": ", 1) for line in str(wrong.value).splitlines())


def test_nothing_needs_to_be_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load(Settings)
    assert settings.sql_url() == f"sqlite:///{tmp_path}/.fedrota/fedrota.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 9380)
    assert load(WorkerSettings).gateway_url == "http://127.0.0.1:9380"


def test_every_wrong_value_is_told_at_once_with_its_variable(env, tmp_path):
    env(PORT="70000", LEASE_S="-1", LOG_LEVEL="LOUD", SWEEP_S="soon", OPEN_JOBS_PER_USER="0",
        BROKER_URL_FILE=tmp_path / "nope")  # fmt: skip
    found = lines()
    assert set(found) == {
        "FEDROTA_PORT", "FEDROTA_LEASE_S", "FEDROTA_LOG_LEVEL", "FEDROTA_SWEEP_S", "FEDROTA_OPEN_JOBS_PER_USER",
        "FEDROTA_BROKER_URL_FILE",
    }  # fmt: skip
    assert found["FEDROTA_PORT"] == "Input should be less than or equal to 65535"
    assert "cannot be read: " in found["FEDROTA_BROKER_URL_FILE"]


def test_a_time_that_cannot_be_reckoned_with_is_refused(env):
    env(OFFLINE_GRACE_S="inf", LEASE_S="1e12", SWEEP_S="inf", RETENTION_DAYS="1000000")
    assert set(lines()) == {
        "FEDROTA_OFFLINE_GRACE_S", "FEDROTA_LEASE_S", "FEDROTA_SWEEP_S", "FEDROTA_RETENTION_DAYS",
    }  # fmt: skip


def test_a_grace_that_nobody_can_wait_is_refused(env):
    env(STOP_GRACE_S="inf", ENGINE_STALL_S="1e12")
    assert set(lines(WorkerSettings)) == {"FEDROTA_STOP_GRACE_S", "FEDROTA_ENGINE_STALL_S"}


def test_the_longest_times_can_be_reckoned_with(env):
    env(OFFLINE_GRACE_S=LONGEST_S, RETENTION_DAYS=36500)
    settings, now = load(Settings), datetime.now(UTC)
    for seconds in (settings.offline_grace_s, settings.retention_days * 86_400):
        assert now - timedelta(seconds=seconds) < now < now + timedelta(seconds=seconds)


def test_who_beats_in_time_is_never_taken_for_lost(env):
    env(HEARTBEAT_S="20", LEASE_S="20")
    found = lines()
    assert list(found) == ["FEDROTA_LEASE_S and FEDROTA_OFFLINE_S"]
    assert "must be longer than FEDROTA_HEARTBEAT_S, 20 s" in found["FEDROTA_LEASE_S and FEDROTA_OFFLINE_S"]
    env(LEASE_S="60", OFFLINE_S="40")
    assert load(Settings).heartbeat_s == 20


def test_a_wrong_value_is_never_repeated_since_it_may_be_a_secret(env):
    env(PORT="hunter2", TOKEN="hunter2", SLOTS="hunter2")
    for kind in (Settings, WorkerSettings):
        with pytest.raises(SettingsError) as wrong:
            load(kind)
        assert "hunter2" not in str(wrong.value)


def test_secrets_come_from_files_and_do_not_show(env, tmp_path):
    (tmp_path / "db").write_text("postgresql://me:hunter2@db/x\n")
    env(DATABASE_URL_FILE=tmp_path / "db")
    settings = load(Settings)
    assert settings.sql_url() == "postgresql+psycopg://me:hunter2@db/x"
    assert "hunter2" not in repr(settings)
    env(DATABASE_URL="sqlite:///x.db")
    assert load(Settings).sql_url() == "sqlite:///x.db"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_read_is_an_error_and_not_an_empty_secret(env, tmp_path, content):
    if content:
        (tmp_path / "x").write_bytes(content)
    env(TOKEN_FILE=tmp_path / "x")
    assert set(lines(WorkerSettings)) == {"FEDROTA_TOKEN_FILE"}


def test_arguments_win_over_environment_over_secret_files_over_toml(env, tmp_path):
    (tmp_path / "f.toml").write_text('host = "127.0.0.1"\nport = 1\nrun_id = "toml"\nlegacy_user = "toml"\nsweep_s = 9')
    (tmp_path / "run").write_text("file")
    env(
        CONFIG=tmp_path / "f.toml",
        PORT=2,
        LEGACY_USER_FILE=tmp_path / "run",
        RUN_ID_FILE=tmp_path / "run",
        RUN_ID="env",
    )
    settings = load(Settings, port=3)
    assert (settings.port, settings.run_id, settings.legacy_user, settings.sweep_s) == (3, "env", "file", 9.0)


def test_a_toml_file_that_is_missing_or_broken_is_told(env, tmp_path):
    env(CONFIG=tmp_path / "nope.toml")
    assert set(lines()) == {"FEDROTA_CONFIG"}
    (tmp_path / "nope.toml").write_text("port = ")
    assert lines()["FEDROTA_CONFIG"].startswith("the file is not TOML: ")
    (tmp_path / "nope.toml").write_text('port = "x"')
    assert set(lines()) == {"FEDROTA_PORT"}


def test_lists_from_the_environment_are_json(env):
    env(COMPONENTS='["a.b", "c"]')
    assert load(WorkerSettings).components == ("a.b", "c")
    env(COMPONENTS="a.b,c")
    with pytest.raises(SettingsError, match=r"components.*lists and mappings are written as JSON, for example"):
        load(WorkerSettings)


def test_a_file_holds_lists_and_mappings_as_the_variable_does(env, tmp_path):
    (tmp_path / "engines").write_text('{"iflearner": "/opt/iflearner/bin/python"}\n')
    (tmp_path / "roots").write_text('["/data", "/srv"]\n')
    env(ENGINES_FILE=tmp_path / "engines", ALLOWED_ROOTS_FILE=tmp_path / "roots")
    settings = load(WorkerSettings)
    assert settings.engines == {"iflearner": Path("/opt/iflearner/bin/python")}
    assert settings.allowed_roots == (Path("/data"), Path("/srv"))


def test_a_file_that_should_hold_json_and_does_not_is_told_by_its_variable(env, tmp_path):
    (tmp_path / "engines").write_text("iflearner=/opt/hunter2/bin/python")
    env(ENGINES_FILE=tmp_path / "engines")
    told = lines(WorkerSettings)["FEDROTA_ENGINES_FILE"]
    assert told.startswith("what the file holds is not JSON: lists and mappings are written as JSON, for example")
    assert "hunter2" not in told


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_tls(env, host):
    env(HOST=host)
    assert load(Settings).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.org", "::"])
def test_any_other_address_needs_tls_or_a_word(env, host):
    env(HOST=host)
    assert lines() == {
        "FEDROTA_HOST": f"{host} is not loopback: set FEDROTA_TLS_CERT and FEDROTA_TLS_KEY, or FEDROTA_TRUST_NETWORK=true "
        "where the network in between is trusted"
    }
    env(TRUST_NETWORK="true")
    assert load(Settings).host == host


def test_half_a_certificate_is_none(env):
    env(TLS_CERT="/x/cert.pem")
    with pytest.raises(SettingsError, match="FEDROTA_TLS_CERT and FEDROTA_TLS_KEY go together: set both or none"):
        load(Settings)
    env(TLS_KEY="/x/key.pem", HOST="0.0.0.0")
    assert load(Settings).host == "0.0.0.0"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
    ],
)
def test_a_database_may_be_named_as_libpq_or_sqlalchemy_does(given, url):
    assert load(Settings, database_url=given).sql_url() == url


def test_what_belongs_to_another_process_is_passed_over(env):
    env(SLOTS=3, PARTY="a", SOMETHING="else")
    assert load(Settings).port == 9380
    assert load(WorkerSettings).slots == 3


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        load(Settings).port = 1


@pytest.mark.parametrize("hook", ["", "https://serving.example/models", "our_hooks.models:tell"])
def test_who_hears_of_models_is_an_address_or_a_function(hook):
    assert load(Settings, model_publisher=hook).model_publisher == hook
    with pytest.raises(SettingsError, match="FEDROTA_MODEL_PUBLISHER"):
        load(Settings, model_publisher="just words")


def test_trusted_proxies_are_addresses_or_networks(env):
    env(TRUSTED_PROXIES='["127.0.0.1", "10.0.0.0/8", "fd00::/8"]')
    assert [str(each) for each in load(Settings).trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"]
    env(TRUSTED_PROXIES='["proxy.example"]')
    with pytest.raises(SettingsError, match="FEDROTA_TRUSTED_PROXIES"):
        load(Settings)


def test_only_postgres_has_an_address_for_libpq():
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert Settings(database_url=f"{scheme}://u:p@h/d").postgres_dsn() == "postgresql://u:p@h/d"
    assert Settings().postgres_dsn() == ""


@pytest.mark.parametrize("url", ["localhost:6379", "unix:///run/valkey.sock", "redis://h:secret/0", "redis://[h"])
def test_what_is_no_brokers_url_is_told_without_what_it_may_hold(env, url):
    env(BROKER_URL=url)
    for kind in (Settings, WorkerSettings):
        assert lines(kind) == {"FEDROTA_BROKER_URL": "no URL of a broker, such as redis://127.0.0.1:6379/0"}


@pytest.mark.parametrize("url", ["redis://:p@h:6379/0", "rediss://h"])
def test_a_broker_may_have_tls(env, url):
    env(BROKER_URL=url)
    assert load(Settings).need_broker() == url


@pytest.mark.parametrize("url", ["secret", "mysql://h/d", "/var/fedrota.db"])
def test_what_is_no_databases_url_is_told_without_what_it_may_hold(env, url):
    env(DATABASE_URL=url)
    assert list(lines()) == ["FEDROTA_DATABASE_URL"]
    assert url not in lines()["FEDROTA_DATABASE_URL"]


def test_the_centre_needs_a_broker():
    with pytest.raises(SettingsError, match="FEDROTA_BROKER_URL is empty: name a Redis or Valkey"):
        Settings().need_broker()
