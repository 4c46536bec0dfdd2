"""The files come through the worker (tests of bench and arrivals); here the component's own part."""

import hashlib

import pytest

from fedrota.component import InvalidInputError
from fedrota.simulate import simulate
from workers.components.restore_model import restore_model


def test_a_member_without_parts_has_nothing_to_do():
    run = simulate(restore_model, {"arbiter": ["1"]})
    assert run["arbiter"].outputs == {}
    assert run["arbiter"].summary == {"parts": 0}


def test_a_missing_file_is_said_with_what_to_do():
    part = {"name": "model", "kind": "model", "sha256": "0" * 64}
    with pytest.raises(InvalidInputError, match="is not at party 1 any more: import the model again"):
        simulate(restore_model, {"guest": ["1"]}, params={"parts": [part]})


def test_a_file_becomes_an_output_with_its_facts_unless_it_is_damaged(tmp_path):
    file = tmp_path / "model.json"
    file.write_bytes(b"{}")
    inputs = {"guest": {"model": file}}
    part = {"name": "model", "kind": "model", "sha256": hashlib.sha256(b"{}").hexdigest(), "facts": {"rounds": 3}}
    run = simulate(restore_model, {"guest": ["1"]}, params={"parts": [part]}, inputs=inputs)
    assert run["guest"].output("model").read_bytes() == b"{}"
    assert run["guest"].outputs["model"].facts == {"rounds": 3}
    assert run["guest"].outputs["model"].kind == "model"
    with pytest.raises(InvalidInputError, match=r"model is damaged: its SHA-256"):
        simulate(restore_model, {"guest": ["1"]}, params={"parts": [{**part, "sha256": "0" * 64}]}, inputs=inputs)
