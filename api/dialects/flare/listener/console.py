"""What the listener answers: logins and file transfers itself, everything else from the one command table."""

import re
import shlex
import ssl
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import SEEK_END
from typing import IO, Any, Final

from aiohttp import web

from api.dialects.flare.command import PULL_FOLDER, PUSH_FOLDER, Call, Reply
from api.dialects.flare.errors import FlareError, MetaStatus, translate
from api.dialects.flare.listener.framing import Request, spool
from api.dialects.flare.listener.old_files import Generations, offer_old_upload, unwrap_upload
from api.dialects.flare.listener.pulls import Pull, Pulls
from api.dialects.flare.requests.identity import IdentityError, find_principal, read_serial, read_subject
from api.dialects.flare.responses import make_line, make_refusal
from api.dialects.flare.routes.sessions import find_sessions
from api.dialects.flare.routes.table import PULL, carry_out, find_command
from scheduler.domain.access import Principal
from scheduler.domain.errors import FedrotaError, UnauthenticatedError

INACTIVE: Final = "session_inactive"
COMMAND_LIST: Final = "_commands"
MAX_WORDS: Final = 256
MAX_QUOTED: Final = 256 << 10
"""So many characters are looked through for quotes; a job of 2.4 comes as one longer word behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The client at the other end, as its certificate says."""

    certificate: Mapping[str, Any]
    is_revoked: bool

    @property
    def serial(self) -> int:
        """The certificate's serial number."""
        return read_serial(self.certificate)

    @property
    def expires(self) -> float:
        """When the certificate ends, in epoch seconds."""
        return float(ssl.cert_time_to_seconds(self.certificate["notAfter"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReply:
    """A file for the client, from where it stands; whoever sends it closes it."""

    file: IO[bytes]
    size: int
    is_old: bool = False
    """For a client of 2.4, which reads chunks."""


class Console:
    """Carries out the requests of one gateway's text clients."""

    def __init__(self, app: web.Application, pulls: Pulls, *, serves_old: bool = False) -> None:
        self._app = app
        self._pulls = pulls
        self._generations = Generations()
        self._serves_old = serves_old

    async def answer(self, request: Request, peer: Peer) -> Reply | FileReply:
        """The reply to a request; a refusal is a reply too."""
        try:
            name, words = split_command(request.command)
            if name == "_cert_login":
                return self._log_in(words, peer)
            if name == "_check_session":
                return await self._check(words[0] if words else request.token, peer)
            by = await self._find_user(request.token, peer)
            if by is None:
                return make_inactive()
            if name == "_logout":
                await find_sessions(self._app).end(request.token)
                return _say("OK")
            seat = (request.token, peer.serial)
            call = Call(app=self._app, by=by, words=words, props=read_props(request.meta), upload=request.upload)
            return await self._carry_out(name, self._take_file(name, call, seat), seat)
        except FedrotaError as wrong:
            return make_refusal(translate(wrong))

    def _log_in(self, words: Sequence[str], peer: Peer) -> Reply:
        """FLARE's answer to a wrong certificate is one word; why it is wrong stands in the gateway's log only."""
        try:
            by = find_principal(peer.certificate)
        except IdentityError:
            by = None
        if by is None or peer.is_revoked or list(words) != [by.name]:
            return _say("REJECT")
        # The token opens the HTTP door, too, which sees no certificate.
        token, _ = find_sessions(self._app).open(peer.certificate, peer.serial, until=peer.expires)
        return _say("OK", {"type": "token", "data": token})

    async def _check(self, token: str, peer: Peer) -> Reply:
        if await self._find_user(token, peer) is None:
            return make_inactive()
        return _say("OK")

    async def _find_user(self, token: str, peer: Peer) -> Principal | None:
        """The certificate's user, where the token is of a session that this certificate opened."""
        try:
            session = await find_sessions(self._app).read(token)
            by = find_principal(peer.certificate)
        except (IdentityError, UnauthenticatedError):
            return None
        return None if peer.is_revoked or session.serial != peer.serial else by

    def _take_file(self, name: str, call: Call, seat: tuple[str, int]) -> Call:
        """The call with its file, wherever in the request that came."""
        command = find_command(name)
        if command is None or command.client_cmd != PUSH_FOLDER:
            return call
        is_old = self._serves_old and call.upload is None and len(call.words) == 2
        self._generations.note(*seat, is_old=is_old)
        return unwrap_upload(call) if is_old else call

    async def _carry_out(self, name: str, call: Call, seat: tuple[str, int]) -> Reply | FileReply:
        command = find_command(name)
        if command is not None and command.name == PULL:
            return replace(await self._pull(call), is_old=self._generations.is_old(*seat))
        reply = await carry_out(name, call)
        if command is not None and command.name == COMMAND_LIST and self._serves_old:
            return offer_old_upload(reply)
        if reply.download is not None and command is not None and command.client_cmd == PULL_FOLDER:
            return await self._begin_pull(command.name, call, reply, reply.download)
        return reply

    async def _begin_pull(self, command: str, call: Call, reply: Reply, download: AsyncIterator[bytes]) -> Reply:
        """Say which files there are; the client then asks for each, with the id that it is given here."""
        pull = await self._keep(call, download)
        found = {"files": list(pull.names), "tx_id": f"{command}.{pull.id}", "cmd_name": f"job.{PULL}"}
        meta = {**reply.meta, "status": str(MetaStatus.OK), "info": "", **found}
        return replace(_say("OK"), meta=meta)

    async def _keep(self, call: Call, download: AsyncIterator[bytes]) -> Pull:
        with await spool(download) as archive:
            try:
                return await self._pulls.add(archive, call.by.name)
            except (zipfile.BadZipFile, OSError) as wrong:
                raise FlareError(MetaStatus.INTERNAL_ERROR, f"the result cannot be handed out: {wrong}") from wrong

    async def _pull(self, call: Call) -> FileReply:
        """`pull_binary transaction folder file [end]`: one file of a result."""
        if len(call.words) not in {3, 4}:
            raise FlareError(MetaStatus.SYNTAX_ERROR, f"usage: {PULL} tx_id folder file [end]")
        command, _, transaction = call.words[0].partition(".")
        pull = self._pulls.find(transaction, call.by.name) or await self._fetch_again(command, call)
        file = pull.open(call.words[2])
        size = file.seek(0, SEEK_END)
        file.seek(0)
        if len(call.words) == 4:
            self._pulls.end(pull.id)
        return FileReply(file=file, size=size)

    async def _fetch_again(self, command: str, call: Call) -> Pull:
        """Another gateway holds the files, or they were dropped: get them from where they come from."""
        found = find_command(command)
        if found is None or found.client_cmd != PULL_FOLDER:
            raise FlareError(MetaStatus.ERROR, f"no such transfer: {call.words[0][:80]}")
        reply = await carry_out(command, replace(call, words=[call.words[1]]))
        if reply.download is None:
            raise FlareError(MetaStatus.ERROR, str(reply.meta.get("info", "")))
        return await self._keep(call, reply.download)


def _say(word: str, *more: dict[str, Any]) -> Reply:
    return Reply(items=[make_line(word), *more])


def make_inactive() -> Reply:
    """What makes a client say that its session is closed; a meta would make another error of it."""
    return Reply(items=[{"type": "error", "data": INACTIVE}])


def split_command(line: str) -> tuple[str, list[str]]:
    """The command's name and its words, quoted as FLARE's consoles quote; FlareError where that is broken."""
    head, _, last = (line, "", "") if len(line) <= MAX_QUOTED else line.rpartition(" ")
    try:
        words = _split(head) + ([last] if last else [])
    except ValueError as wrong:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"the command line cannot be read: {wrong}") from wrong
    if not words or not words[0] or len(words) > MAX_WORDS:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"a command and at most {MAX_WORDS} words are needed")
    return words[0].rpartition(".")[2], words[1:]


def _split(line: str) -> list[str]:
    if len(line) > MAX_QUOTED:
        raise ValueError(f"only its last word may be longer than {MAX_QUOTED} characters")
    return shlex.split(line) if '"' in line else re.split(" +", line.strip())


def read_props(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What came beside a command's words: its properties, how long its parties may take."""
    return {name: meta[name] for name in ("cmd_props", "custom_props", "cmd_timeout") if name in meta}


def describe(peer: Peer) -> str:
    """The client in a log line."""
    return read_subject(peer.certificate).get("commonName", "?")[:100]
