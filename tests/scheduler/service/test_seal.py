import threading

import pytest
from cryptography.fernet import Fernet

from scheduler.service.seal import Seal, SealError


def test_what_is_sealed_is_unreadable_and_opens_again_after_a_restart(tmp_path):
    sealed = Seal(tmp_path).close("secret")
    assert "secret" not in sealed
    assert Seal(tmp_path).open(sealed) == "secret"
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_another_key_opens_nothing_and_says_what_to_change(tmp_path):
    sealed = Seal(tmp_path).close("secret")
    with pytest.raises(SealError, match="FEDROTA_SECRET_KEY_FILE"):
        Seal(tmp_path, Fernet.generate_key().decode()).open(sealed)
    with pytest.raises(SealError):
        Seal(tmp_path).open("")


def test_a_given_key_needs_no_file(tmp_path):
    key = Fernet.generate_key().decode()
    assert Seal(tmp_path / "none", key).open(Seal(tmp_path, key).close("x")) == "x"
    assert not list(tmp_path.iterdir())


def test_a_bad_key_is_named(tmp_path):
    with pytest.raises(SealError, match="32 random bytes"):
        Seal(tmp_path, "short").close("x")


def test_gateways_that_start_together_agree_on_one_key(tmp_path):
    seals = [Seal(tmp_path) for _ in range(8)]
    sealed: list[str] = []
    threads = [threading.Thread(target=lambda each=each: sealed.append(each.close("x"))) for each in seals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Seal(tmp_path).open(text) for text in sealed] == ["x"] * 8
