"""What a table's name stands for: a data table at a party, or what a task of a job wrote there."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from api.auth import require
from api.dialects.fate.requests.members import Members, TableName
from api.dialects.fate.routes.choice import get_named_table
from api.dialects.fate.vocabulary.output_tables import OutputAddress, find_address
from api.keys import PRINCIPAL, READER
from scheduler.domain.access import Action, subject_of
from scheduler.domain.errors import NotFoundError
from scheduler.domain.model import Job
from scheduler.store.queries.data_tables import DataTable
from scheduler.store.queries.jobs import get_job
from scheduler.store.queries.tracking import OutputView, list_outputs
from scheduler.store.tx import Tx


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
    args = {"task": output.where.task, "seq": output.seq, "name": output.name}
    return Source(party=output.where.party, args=args, output=output)


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
