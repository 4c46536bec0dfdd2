"""The page of clients and methods is what the run has shown."""

import pytest

from tests.contract.dialects.flare.table import PAGE, YES, judge, render_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def test_the_page_is_what_the_clients_have_done(results):
    assert PAGE.read_text() == render_page(results["clients"]), "run `make flare-clients`"


def test_every_method_of_our_session_was_called_and_most_did_what_they_are_for(results):
    found = judge(results["clients"])
    assert [method for method, clients in found.items() if "drop-in" not in clients] == []
    not_done = {method for method, clients in found.items() if YES not in clients.values()}
    assert not_done == {"promote_sp"}


def test_no_client_was_told_of_a_defect(results):
    broken = [
        (label, method, answer["says"])
        for label, result in results["clients"].items()
        for method, answers in result["calls"].items()
        for answer in answers
        if "Traceback" in str(answer) or "AttributeError" in str(answer.get("raised")) or "HTTP 500" in str(answer)
    ]
    assert broken == []
