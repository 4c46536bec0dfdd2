"""Tables as FATE's routes find them: at which parties, and whether a name means a data table or what a task wrote."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.auth import require
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.members import Members, TableName, read_party
from api.dialects.fate.vocabulary.output_tables import OutputAddress, find_address
from api.keys import PRINCIPAL, READER, SETTINGS
from api.legacy import find_legacy_principal
from api.output_files import name_output
from scheduler.domain.access import Action, Subject, subject_of
from scheduler.domain.errors import NotFoundError
from scheduler.domain.model import Job
from scheduler.store.queries.data_tables import DataTable, find_data_tables
from scheduler.store.queries.jobs import get_job
from scheduler.store.queries.parties import get_party, list_parties
from scheduler.store.queries.tracking import OutputView, list_outputs
from scheduler.store.tx import Tx


async def choose_parties(request: web.Request, members: Members) -> tuple[list[str], list[str]]:
    """The parties at which a table is to be made: the one named, the one set, or all where clients need no credential.

    Of all, those whose workers are connected; the others come second.
    FateError (101) asks for `party_id` where there is a choice that nobody may make.
    """
    named = _find_party(request, members)
    if named:
        await request.app[READER].read(lambda tx: get_party(tx, named))
        return [named], []
    known = [party.id for party in await request.app[READER].read(list_parties)]
    if not known:
        raise FateError(RetCode.OPERATING, "no party is registered here yet: start a party's worker first")
    if len(known) > 1 and find_legacy_principal(request.app[SETTINGS]) is None:
        raise FateError(
            RetCode.ARGUMENT, f"name the party with party_id, one of {', '.join(known)}: a table lies at one party here"
        )
    here = [party for party in known if await request.app[CHANNEL_HUB].is_connected(party)]
    if not here:
        raise FateError(RetCode.CONNECTION, f"no party's worker is connected (of {', '.join(known)})")
    return here, [party for party in known if party not in here]


def _find_party(request: web.Request, members: Members) -> str:
    """The party that the request names, else the one that is set for FATE's clients; empty for neither."""
    return read_party(members) or request.app[SETTINGS].fate_party


async def list_named_tables(
    request: web.Request, members: Members, table: TableName, action: Action = Action.READ_TABLE
) -> list[DataTable]:
    """The tables of that name at the party named or set, else at whichever parties have one; each may be `action`ed."""
    named = _find_party(request, members)
    parties = [named] if named else None

    def find(tx: Tx) -> list[tuple[DataTable, str]]:
        found = find_data_tables(tx, table.namespace, table.name, parties=parties)
        return [(each, get_party(tx, each.party).org) for each in found]

    found = await request.app[READER].read(find)
    for each, org in found:
        subject, identity = Subject(owner=each.owner, org=org), f"{each.namespace}/{each.name}"
        require(request[PRINCIPAL], action, subject, kind="table", identity=identity, party=each.party)
    return [each for each, _ in found]


async def get_named_table(
    request: web.Request, members: Members, table: TableName, action: Action = Action.READ_TABLE
) -> DataTable:
    """As `list_named_tables`, the first one; NotFoundError where there is none."""
    found = await list_named_tables(request, members, table, action)
    if not found:
        party = _find_party(request, members)
        raise NotFoundError("table", f"{table.namespace}/{table.name}", party=party)
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows at a party; `args` are how its operations name them."""

    party: str
    args: dict[str, Any]
    table: DataTable | None = None
    output: OutputView | None = None

    @property
    def preview_op(self) -> str:
        """The party's operation that shows some of the rows."""
        return "table.preview" if self.table is not None else "output.preview"


def make_source(output: OutputView) -> Source:
    """An output of a task as a source."""
    return Source(party=output.where.party, args=name_output(output), output=output)


async def find_source(request: web.Request, members: Members, table: TableName) -> Source:
    """The rows that the name stands for, if the caller may read them; NotFoundError where there are none."""
    address = find_address(table.namespace, table.name)
    if address is not None:
        return make_source(await get_output_at(request, address, Action.READ_OUTPUT))
    found = await get_named_table(request, members, table, Action.READ_OUTPUT)
    return Source(party=found.party, args={"namespace": found.namespace, "name": found.name}, table=found)


async def get_output_at(request: web.Request, address: OutputAddress, action: Action) -> OutputView:
    """The output at an address, if the caller may do `action` to its job."""

    def find(tx: Tx) -> tuple[Job, OutputView | None]:
        outputs = list_outputs(tx, address.job, step=address.step, party=address.party)
        return get_job(tx, address.job), next((each for each in outputs if address.fits(each)), None)

    job, found = await request.app[READER].read(find)
    require(request[PRINCIPAL], action, subject_of(job), kind="job", identity=job.id)
    if found is None:
        raise NotFoundError("table", f"{address.namespace}/{address.name}")
    return found
