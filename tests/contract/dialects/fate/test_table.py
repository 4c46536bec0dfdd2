"""The page of clients and routes is what the run has shown."""

import pytest

from api.dialects.fate.routes.answer import ROOT
from api.dialects.fate.v2.routes.serve import ROOT as ROOT_V2
from api.dialects.fate.v2.routes.serve import SUBJECTS as SUBJECTS_V2
from tests.contract.dialects.fate.named import ROUTES
from tests.contract.dialects.fate.table import PAGE, YES, find_route, judge, render_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def test_the_page_is_what_the_clients_have_done(results):
    assert PAGE.read_text() == render_page(results), "run `make fate-clients`"


def test_every_route_that_the_documents_name_is_served_and_used(results):
    found = judge(results)
    assert {route: YES in found[f"/{route}"].values() for route in ROUTES} == dict.fromkeys(ROUTES, True)


def test_every_route_of_the_second_interface_is_used(results):
    used = judge(results, ROOT_V2, SUBJECTS_V2)
    assert (len(used), [route for route, clients in used.items() if not clients]) == (59, [])


def test_no_client_called_what_is_not_there(results):
    known = ((judge(results), ROOT), (judge(results, ROOT_V2, SUBJECTS_V2), ROOT_V2))
    lost = {
        path
        for result in results.values()
        for _method, path, _status, _retcode in result["seen"]
        if all(find_route(path, routes, root) is None for routes, root in known)
    }
    assert lost <= {"/v1/model/transfer/forms_1_4"}


def test_no_client_was_told_of_a_defect(results):
    broken = [(label, *seen) for label, result in results.items() for seen in result["seen"] if seen[2] >= 500]
    assert broken == []
    hints = [
        (label, name)
        for label, result in results.items()
        for name, answer in result["calls"].items()
        if isinstance(answer, dict) and "Traceback" in str(answer.get("retmsg") or answer.get("message"))
    ]
    assert hints == []


def test_placeholders_fit_only_one_part_of_a_path():
    routes = ["/server/version/get", "/server/{name}/get"]
    assert find_route("/v1/server/version/get", routes) == "/server/version/get"
    assert find_route("/v1/server/x/get", routes) == "/server/{name}/get"
    assert find_route("/v1/server/x/y/get", routes) is None
