"""The page of clients and routes is what the run has shown."""

import pytest

from tests.contract.dialects.fate.named import ROUTES
from tests.contract.dialects.fate.table import PAGE, YES, find_route, judge, render_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


def test_the_page_is_what_the_clients_have_done(results):
    assert PAGE.read_text() == render_page(results), "run `make fate-clients`"


def test_every_route_that_the_documents_name_is_served_and_used(results):
    found = judge(results)
    assert {route: YES in found[f"/{route}"].values() for route in ROUTES} == dict.fromkeys(ROUTES, True)


def test_no_client_called_what_is_not_there(results):
    known = judge(results)
    lost = {
        path
        for result in results.values()
        for _method, path, _status, _retcode in result["seen"]
        if find_route(path, known) is None
    }
    assert lost <= {"/v1/model/transfer/forms_1_4"}


def test_no_client_was_told_of_a_defect(results):
    broken = [(label, *seen) for label, result in results.items() for seen in result["seen"] if seen[2] >= 500]
    assert broken == []
    hints = [
        (label, name)
        for label, result in results.items()
        for name, answer in result["calls"].items()
        if isinstance(answer, dict) and "Traceback" in str(answer.get("retmsg"))
    ]
    assert hints == []


def test_placeholders_fit_only_one_part_of_a_path():
    routes = ["/server/version/get", "/server/{name}/get"]
    assert find_route("/v1/server/version/get", routes) == "/server/version/get"
    assert find_route("/v1/server/x/get", routes) == "/server/{name}/get"
    assert find_route("/v1/server/x/y/get", routes) is None
