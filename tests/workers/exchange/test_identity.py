import json
import os
from pathlib import Path

import pytest

from workers.exchange.identity import IdentityError, Pins, is_signed, load_identity


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path):
    first = load_identity(tmp_path / "party-1")
    again = load_identity(tmp_path / "party-1")
    assert first.public == again.public
    assert (tmp_path / "party-1" / "identity.key").stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "party-1").iterdir()) == [tmp_path / "party-1" / "identity.key"]


def test_signatures_are_told_apart(tmp_path):
    one, other = load_identity(tmp_path / "1"), load_identity(tmp_path / "2")
    signature = one.sign(b"statement")
    assert is_signed(one.public, signature, b"statement")
    assert not is_signed(one.public, signature, b"another")
    assert not is_signed(other.public, signature, b"statement")
    assert not is_signed("not base64!", signature, b"statement")
    assert not is_signed("AAAA", signature, b"statement")


def test_a_damaged_key_says_what_to_do(tmp_path):
    (tmp_path / "identity.key").write_bytes(b"short")
    with pytest.raises(IdentityError, match="is damaged"):
        load_identity(tmp_path)


def test_the_first_key_is_pinned_and_survives_a_restart(tmp_path):
    Pins(tmp_path).check("2", "KEY-ONE-OF-PARTY-2")
    Pins(tmp_path).check("2", "KEY-ONE-OF-PARTY-2")
    with pytest.raises(IdentityError, match=r"party 2 has changed from KEY-ONE-OF-P\.\.\. to KEY-TWO-OF-P"):
        Pins(tmp_path).check("2", "KEY-TWO-OF-PARTY-2")


def test_a_pin_is_on_the_disk_before_the_key_is_taken(tmp_path, monkeypatch):
    """A file of pins that a power cut left empty would keep the worker from starting."""
    synced, sync = [], os.fsync

    def note(handle):
        synced.append(Path(f"/proc/self/fd/{handle}").resolve())
        sync(handle)

    monkeypatch.setattr(os, "fsync", note)
    Pins(tmp_path).check("2", "KEY-ONE-OF-PARTY-2")
    assert synced == [tmp_path / "known_parties.json.draft", tmp_path]


def test_a_key_from_the_configuration_wins(tmp_path):
    (tmp_path / "known_parties.json").write_text(json.dumps({"2": "learnt"}))
    Pins(tmp_path, {"2": "given"}).check("2", "given")
    with pytest.raises(IdentityError, match="has changed"):
        Pins(tmp_path, {"2": "given"}).check("2", "learnt")


def test_a_party_without_key_is_refused(tmp_path):
    with pytest.raises(IdentityError, match="no public key"):
        Pins(tmp_path).check("2", "")


@pytest.mark.parametrize("content", ["nonsense", "[]", '{"2": 7}'])
def test_a_broken_list_of_pins_is_refused(tmp_path, content):
    (tmp_path / "known_parties.json").write_text(content)
    with pytest.raises(IdentityError, match="known_parties"):
        Pins(tmp_path)


def test_a_key_that_cannot_be_kept_is_not_accepted(tmp_path, monkeypatch):
    pins = Pins(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", lambda _handle: (_ for _ in ()).throw(OSError(28, "No space left")))
        for _ in range(2):
            with pytest.raises(IdentityError, match="the key of party 1 cannot be kept in .*: No space left"):
                pins.check("1", "key")
    pins.check("1", "key")
    Pins(tmp_path).check("1", "key")
