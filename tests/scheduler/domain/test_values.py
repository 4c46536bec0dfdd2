"""Values are frozen where it is checked, plain where they are made."""

from dataclasses import dataclass, fields, is_dataclass, replace

import pytest
from mypy import api

from scheduler.domain import messages, model
from scheduler.domain.messages import Knock
from scheduler.domain.values import valueclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    name: str
    parts: tuple[int, ...] = ()


@valueclass(frozen=True, slots=True, kw_only=True)
class Value:
    name: str
    parts: tuple[int, ...] = ()


def write_changes(module):
    """A program that sets every field of every value of a module to what it is already."""
    kinds = [kind for kind in vars(module).values() if is_dataclass(kind) and kind.__module__ == module.__name__]
    lines = [f"import {module.__name__} as m"]
    for number, kind in enumerate(kinds):
        lines.append(f"def change{number}(value: m.{kind.__name__}) -> None:")
        lines += [f"    value.{field.name} = value.{field.name}" for field in fields(kind)]
    return lines


@pytest.mark.parametrize("module", [model, messages])
def test_the_type_checker_lets_nobody_change_one(module):
    lines = write_changes(module)
    changes = {number for number, line in enumerate(lines, 1) if " = " in line}
    said, wrong, status = api.run(["--config-file=", "--cache-dir=/dev/null", "--strict", "-c", "\n".join(lines)])
    refused = {int(line.split(":")[1]) for line in said.splitlines() if "is read-only" in line}
    assert (wrong, status) == ("", 1)
    assert len(changes) > 50
    assert refused == changes


def test_they_compare_hash_and_copy_as_frozen_ones():
    value = Value(name="a", parts=(1, 2))
    assert value == Value(name="a", parts=(1, 2)) != Value(name="b")
    assert hash(value) == hash(Frozen(name="a", parts=(1, 2)))
    assert replace(value, name="b") == Value(name="b", parts=(1, 2))
    assert {Knock(task="t", seq=1)} == {Knock(task="t", seq=1)}
    assert not hasattr(value, "__dict__")
