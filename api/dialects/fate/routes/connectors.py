"""FATE's storage connectors: addresses kept under a name."""

from typing import Final

from aiohttp import web

from api.auth import require
from api.bridge import utc_now
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.members import check_present, read_all, read_object, read_text
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.routes.answer import Routes
from api.keys import PRINCIPAL, READER, WRITER
from scheduler.domain.access import Action
from scheduler.service.ids import new_definition_id
from scheduler.service.templates import TemplateText, change_template, create_template
from scheduler.store.queries.templates import find_template_named
from scheduler.store.tx import Tx

KIND: Final = "fate.connector"
MAX_NAME: Final = 200


async def create(request: web.Request) -> web.Response:
    """Keep a connector, in place of one of the same name."""
    by, members = request[PRINCIPAL], await read_all(request)
    require(by, Action.SUBMIT_JOB)
    check_present(members, "connector_name", "engine", "connector_info")
    name = read_text(members, "connector_name")
    if len(name) > MAX_NAME:
        raise FateError(RetCode.ARGUMENT, f"connector_name is longer than {MAX_NAME} characters")
    body = {"engine": read_text(members, "engine"), "connector_info": read_object(members, "connector_info")}
    text = TemplateText(kind=KIND, name=name, body=body)

    def keep(tx: Tx) -> None:
        known = find_template_named(tx, by.project, KIND, name)
        if known is None:
            create_template(tx, new_definition_id(32), text, by=by, now=utc_now())
        else:
            change_template(tx, known.id, text, by=by, now=utc_now())

    await request.app[WRITER].write(keep)
    return render_success()


async def query(request: web.Request) -> web.Response:
    """The connector of a name; an empty object where there is none."""
    by, members = request[PRINCIPAL], await read_all(request)
    require(by, Action.SUBMIT_JOB)
    check_present(members, "connector_name")
    name = read_text(members, "connector_name")
    found = await request.app[READER].read(lambda tx: find_template_named(tx, by.project, KIND, name))
    return render_success({} if found is None else {"connector_name": found.name, **found.body})


ROUTES: Final[Routes] = {
    "/table/connector/create": {"POST": create},
    "/table/connector/query": {"POST": query},
}
