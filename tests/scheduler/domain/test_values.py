"""Values are frozen where it is checked, plain where they are made."""

from dataclasses import dataclass, replace

from mypy import api

from scheduler.domain.messages import Knock
from scheduler.domain.values import valueclass

CHANGE = """
from scheduler.domain.messages import Knock
knock = Knock(task="t", seq=1)
knock.seq = 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    name: str
    parts: tuple[int, ...] = ()


@valueclass(frozen=True, slots=True, kw_only=True)
class Value:
    name: str
    parts: tuple[int, ...] = ()


def test_the_type_checker_lets_nobody_change_one():
    said, wrong, status = api.run(["--config-file=", "--cache-dir=/dev/null", "--strict", "-c", CHANGE])
    assert (wrong, status) == ("", 1)
    assert said.startswith('<string>:4: error: Property "seq" defined in "Knock" is read-only')
    assert "Found 1 error in 1 file" in said


def test_they_compare_hash_and_copy_as_frozen_ones():
    value = Value(name="a", parts=(1, 2))
    assert value == Value(name="a", parts=(1, 2)) != Value(name="b")
    assert hash(value) == hash(Frozen(name="a", parts=(1, 2)))
    assert replace(value, name="b") == Value(name="b", parts=(1, 2))
    assert {Knock(task="t", seq=1)} == {Knock(task="t", seq=1)}
    assert not hasattr(value, "__dict__")
