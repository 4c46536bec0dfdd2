"""Options of the root may follow a command."""

import pytest

from fedrota.cli.globals import asks_for_json, hoist


@pytest.mark.parametrize(
    ("args", "hoisted"),
    [
        ("jobs --url x --json", "--url x jobs --json"),
        ("--url a jobs --url=b", "--url a --url=b jobs"),
        ("jobs --url", "--url jobs"),
        ("submit -- --url", "submit -- --url"),
        ("jobs --token t --urls x", "--token t jobs --urls x"),
    ],
)
def test_hoist(args, hoisted):
    assert hoist(args.split(), ["--url", "--token"]) == hoisted.split()


@pytest.mark.parametrize(("args", "asked"), [("jobs --json", True), ("jobs", False), ("document -- --json", False)])
def test_json_is_asked_for_among_the_options_only(args, asked):
    assert asks_for_json(args.split()) is asked
