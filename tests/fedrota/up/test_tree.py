"""Finding the servers, and saying what is missing."""

import pytest

from fedrota.up import tree
from fedrota.up.errors import UpError
from fedrota.up.options import Options
from fedrota.up.tree import find_tree, missing_packages, require_packages, wants_flower


def test_the_tree_of_the_installed_package_comes_first(small_tree, repository):
    assert find_tree(package=small_tree / "fedrota", here=repository) == small_tree


def test_an_installed_wheel_looks_round_the_working_folder(small_tree, tmp_path):
    (small_tree / "examples").mkdir()
    assert find_tree(package=tmp_path / "site-packages/fedrota", here=small_tree / "examples") == small_tree


def test_without_a_tree_the_error_says_what_to_do(tmp_path):
    with pytest.raises(UpError, match="Clone the repository, run `make setup`"):
        find_tree(package=tmp_path / "fedrota", here=tmp_path)


def test_missing_packages_are_named_once():
    assert missing_packages(["json", "no_such_thing", "no_such_thing"]) == ["no_such_thing"]


@pytest.mark.parametrize(
    ("options", "extras"),
    [
        (Options(), "server,worker"),
        (Options(flower=True), "server,worker,monitor"),
        (Options(only=("worker",)), "worker"),
        (Options(only=("gateway",)), "server"),
    ],
)
def test_the_error_names_the_extras_that_are_needed(monkeypatch, options, extras):
    monkeypatch.setattr(tree, "missing_packages", sorted)
    with pytest.raises(UpError) as caught:
        require_packages(options)
    assert f".[{extras}]" in str(caught.value)


def test_nothing_is_missing_here():
    require_packages(Options(flower=True))


@pytest.mark.parametrize(
    ("flower", "only", "expected"),
    [(None, (), True), (False, (), False), (True, (), True), (True, ("worker",), False)],
)
def test_flower_runs_beside_a_gateway_unless_told_otherwise(flower, only, expected):
    assert wants_flower(Options(flower=flower, only=only)) is expected
