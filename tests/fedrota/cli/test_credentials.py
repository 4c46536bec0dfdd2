"""How tokens and app keys look in a list."""

from datetime import UTC, datetime, timedelta

import pytest

from fedrota.cli.credentials import FIRST, list_first, report_revoked, say_standing
from fedrota.model import ClientKey, Token

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def test_the_cells_fit_their_columns():
    key = ClientKey(id="k", name="[flow]", role="lead", org="hq", created=NOW - 2 * HOUR, expires=NOW + 49 * HOUR)
    worker = Token(id="t", kind="worker", name="w", party="9999", org="hq", created=NOW)
    assert list_first(key) == ["\\[flow]", "lead", "hq", "2 h ago", "in 2 d"]
    assert list_first(worker)[1:3] == ["-", "9999"]
    assert list_first(worker)[-1] == "never"
    assert len(list_first(key)) == len(FIRST)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({}, "good"),
        ({"expires": NOW + HOUR}, "good"),
        ({"expires": NOW - HOUR}, "expired"),
        ({"revoked": NOW}, "revoked"),
    ],
)
def test_what_is_not_good_any_more_says_so(given, word):
    assert word in say_standing(ClientKey(id="k", **given))


def test_a_revocation_is_reported(capsys):
    report_revoked("client", "k1", as_json=False)
    assert capsys.readouterr().out == "revoked client k1\n"
