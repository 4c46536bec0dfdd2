"""Options of the root may follow a command."""

import pytest

from fedrota.cli.globals import hoist


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
