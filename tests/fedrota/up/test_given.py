"""Where `up` finds what the operator has set."""

import pytest

from fedrota.up.errors import UpError
from fedrota.up.given import find_setting

NAME = "FEDROTA_BROKER_URL"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "secret").write_text("redis://secret\n")
    (tmp_path / "centre.toml").write_text('broker_url = "redis://toml"\nport = 7000\n')
    return {f"{NAME}_FILE": str(tmp_path / "secret"), "FEDROTA_CONFIG": str(tmp_path / "centre.toml")}


def test_a_variable_wins_over_a_secret_file_over_the_toml_file(files):
    assert find_setting({**files, NAME: "redis://here"}, NAME) == "redis://here"
    assert find_setting(files, NAME) == "redis://secret"
    del files[f"{NAME}_FILE"]
    assert find_setting(files, NAME) == "redis://toml"
    assert find_setting(files, "FEDROTA_PORT") == "7000"
    assert find_setting(files, "FEDROTA_HOST") == find_setting({}, NAME) == ""


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UpError, match=f"{NAME}_FILE: .*none cannot be read"):
        find_setting({f"{NAME}_FILE": str(tmp_path / "none")}, NAME)
    (tmp_path / "bad").write_text("= 1")
    with pytest.raises(UpError, match="FEDROTA_CONFIG: .*bad is no TOML"):
        find_setting({"FEDROTA_CONFIG": str(tmp_path / "bad")}, NAME)
