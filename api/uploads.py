"""Tables on their way to a party: who may put one, what it is called, how much it may be, its registration."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.agent.hub import UPLOAD_REPLY_S
from api.auth import require
from api.bodies import check_value
from api.bridge import utc_now
from api.callers import actor_of
from api.keys import PRINCIPAL, READER, SETTINGS, WRITER
from api.native.parties import check_party
from api.party_calls import MAX_SIZE, GarbledAnswerError
from scheduler.domain.access import Action, Principal, Subject, name_owner
from scheduler.domain.errors import ConflictError, InvalidDocumentError, NotFoundError, Problem, TooLargeError
from scheduler.domain.model import Party
from scheduler.service.tables import record_table
from scheduler.store.queries.data_tables import DataTable, get_data_table
from scheduler.store.queries.parties import get_party
from scheduler.store.tx import Tx

BLOCK_BYTES: Final = 256 << 10
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table lies, or is to lie."""

    party: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.table!r} at party {self.party!r}"

    @property
    def table(self) -> str:
        """How messages call the table at its party."""
        return f"{self.namespace}/{self.name}"

    @property
    def args(self) -> dict[str, str]:
        """The table's address at its party."""
        return {"namespace": self.namespace, "name": self.name}

    def check(self) -> None:
        """InvalidDocumentError where a name is none that a party stores under."""
        problems = [
            Problem(
                where, f"{given[:140]!r} has other characters than letters, digits, '.', '_', '-', or begins with one"
            )
            for where, given in (("name", self.name), ("query.namespace", self.namespace))
            if not NAME.fullmatch(given)
        ]
        if problems:
            raise InvalidDocumentError(*problems)


async def check_table(request: web.Request, place: Place, action: Action) -> DataTable:
    """The table, if the caller may do `action` to it."""

    def find(tx: Tx) -> tuple[DataTable, Party]:
        return get_data_table(tx, place.party, place.namespace, place.name), get_party(tx, place.party)

    table, owner = await request.app[READER].read(find)
    subject = Subject(owner=table.owner, org=owner.org)
    require(request[PRINCIPAL], action, subject, kind="table", identity=place.table, party=place.party)
    return table


async def check_room(request: web.Request, place: Place, *, replaces: bool) -> None:
    """Whether the caller may put a table there; ConflictError where one lies there that is not to be replaced."""
    principal: Principal = request[PRINCIPAL]
    found = await check_party(request, place.party, Action.READ_PARTY)
    # At a party of their own organisation a table is the caller's; elsewhere only who rules there may put one.
    subject = Subject(owner=name_owner(principal, found.org), org=found.org)
    require(principal, Action.WRITE_TABLE, subject, kind="table", identity=place.table, party=place.party)
    try:
        await check_table(request, place, Action.WRITE_TABLE)
    except NotFoundError:
        return
    if not replaces:
        raise ConflictError(
            f"party {place.party!r} has a table {place.table!r}: "
            "send replace=true, on the command line --replace, to replace it"
        )


async def limit_bytes(request: web.Request, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes; TooLargeError once they are more than an upload may have."""
    limit = request.app[SETTINGS].upload_limit_bytes
    size = 0
    async for block in chunks:
        size += len(block)
        if size > limit:
            raise TooLargeError(f"the table is larger than the limit of {limit} bytes (FEDROTA_UPLOAD_LIMIT_BYTES)")
        yield block


async def send_table(
    request: web.Request, place: Place, args: Mapping[str, Any], body: AsyncIterator[bytes], **facts: Any
) -> DataTable:
    """Stream a table to its party (`args` are those of `table.put`) and register it with `facts` beside its own."""
    sent = {**args, **place.args}
    result = await request.app[CHANNEL_HUB].call_upload(place.party, "table.put", sent, limit_bytes(request, body))
    return await register_table(request, place, result, **facts)


async def make_table_there(
    request: web.Request, place: Place, op: str, args: Mapping[str, Any], **facts: Any
) -> DataTable:
    """Let the party make a table of what it has (`table.load`, `table.copy`), and register it."""
    result = await request.app[CHANNEL_HUB].call(place.party, op, args, timeout_s=UPLOAD_REPLY_S)
    return await register_table(request, place, result, **facts)


async def register_table(request: web.Request, place: Place, result: Mapping[str, Any], **facts: Any) -> DataTable:
    """Register what the party says it has stored, with `facts` beside its own."""
    table = _make_table(place, result, facts)
    by = actor_of(request)

    def record(tx: Tx) -> DataTable:
        owner = name_owner(by.principal, get_party(tx, place.party).org)
        return record_table(tx, replace(table, owner=owner), by=by, now=table.created)

    return await request.app[WRITER].write(record)


def _make_table(place: Place, result: Mapping[str, Any], facts: Mapping[str, Any]) -> DataTable:
    try:
        check_value(result)
        return DataTable(
            party=place.party,
            namespace=place.namespace,
            name=place.name,
            owner="",
            rows=_read_count(result["rows"]),
            columns=[{"name": str(item["name"]), "type": str(item["type"])} for item in result["columns"]],
            size=_read_count(result["size"]),
            sha256=str(result["sha256"]),
            facts={**(result.get("facts") or {}), **facts},
            created=utc_now(),
        )
    except (KeyError, TypeError, ValueError, InvalidDocumentError) as wrong:
        raise GarbledAnswerError(
            f"party {place.party} stored the table and described it in a way not understood here ({wrong}): "
            "is its worker of the same release?"
        ) from wrong


def _read_count(found: object) -> int:
    """A number of rows or bytes that any store can keep."""
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= MAX_SIZE:
        raise ValueError(f"{str(found)[:40]} is no count")
    return found
