"""What the listener answers: logins and file transfers itself, everything else from the one command table."""

import re
import shlex
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import SEEK_END
from typing import IO, Any, Final

from aiohttp import web

from api.dialects.flare.command import Call, Reply
from api.dialects.flare.errors import FlareError, MetaStatus, translate
from api.dialects.flare.listener.framing import Request, spool
from api.dialects.flare.listener.identity import IdentityError, find_principal, read_subject
from api.dialects.flare.listener.pulls import Pull, Pulls
from api.dialects.flare.listener.sessions import Sessions
from api.dialects.flare.responses import make_refusal
from api.dialects.flare.routes.table import PULL, PULL_FOLDER, carry_out, find_command
from scheduler.domain.access import Principal
from scheduler.domain.errors import FedrotaError

INACTIVE: Final = "session_inactive"
MAX_WORDS: Final = 256
_OF_JOB: Final = frozenset({MetaStatus.JOB_RUNNING, MetaStatus.JOB_NOT_RUNNING})
"""For these the client makes the sentence itself and wants the job's id alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The client at the other end, as its certificate says."""

    certificate: Mapping[str, Any]
    is_revoked: bool

    @property
    def serial(self) -> int:
        """The certificate's serial number."""
        return int(str(self.certificate.get("serialNumber", "0")), 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReply:
    """A file for the client, from where it stands; whoever sends it closes it."""

    file: IO[bytes]
    size: int


class Console:
    """Carries out the requests of one gateway's text clients."""

    def __init__(self, app: web.Application, sessions: Sessions, pulls: Pulls) -> None:
        self._app = app
        self._sessions = sessions
        self._pulls = pulls

    async def answer(self, request: Request, peer: Peer) -> Reply | FileReply:
        """The reply to a request; a refusal is a reply too."""
        try:
            name, words = split_command(request.command)
            if name == "_cert_login":
                return self._log_in(words, peer)
            if name == "_check_session":
                return self._check(words[0] if words else request.token, peer)
            by = self._find_user(request.token, peer)
            if by is None:
                return make_inactive()
            if name == "_logout":
                self._sessions.end(request.token)
                return Reply(items=[{"type": "string", "data": "OK"}])
            call = Call(app=self._app, by=by, words=words, props=read_props(request.meta), upload=request.upload)
            return await self._carry_out(name, call)
        except FedrotaError as wrong:
            return make_refusal(translate(wrong))

    def _log_in(self, words: Sequence[str], peer: Peer) -> Reply:
        """FLARE's answer to a wrong certificate is one word; why it is wrong stands in the gateway's log only."""
        try:
            by = find_principal(peer.certificate)
        except IdentityError:
            by = None
        if by is None or peer.is_revoked or list(words) != [by.name]:
            return Reply(items=[{"type": "string", "data": "REJECT"}])
        token = self._sessions.open(peer.serial)
        return Reply(items=[{"type": "string", "data": "OK"}, {"type": "token", "data": token}])

    def _check(self, token: str, peer: Peer) -> Reply:
        if self._find_user(token, peer) is None:
            return make_inactive()
        return Reply(items=[{"type": "string", "data": "OK"}])

    def _find_user(self, token: str, peer: Peer) -> Principal | None:
        if peer.is_revoked or not self._sessions.is_open(token, peer.serial):
            return None
        try:
            return find_principal(peer.certificate)
        except IdentityError:
            return None

    async def _carry_out(self, name: str, call: Call) -> Reply | FileReply:
        command = find_command(name)
        if command is not None and command.name == PULL:
            return await self._pull(call)
        reply = await carry_out(name, call)
        if reply.download is not None and command is not None and command.client_cmd == PULL_FOLDER:
            return await self._begin_pull(command.name, call, reply, reply.download)
        if reply.meta.get("status") in _OF_JOB and call.words:
            return replace(reply, meta={**reply.meta, "info": reply.meta.get("job_id") or call.words[0]})
        return reply

    async def _begin_pull(self, command: str, call: Call, reply: Reply, download: AsyncIterator[bytes]) -> Reply:
        """Say which files there are; the client then asks for each, with the id that it is given here."""
        pull = await self._keep(call, download)
        found = {"files": list(pull.names), "tx_id": f"{command}.{pull.id}", "cmd_name": f"job.{PULL}"}
        meta = {**reply.meta, "status": str(MetaStatus.OK), "info": "", **found}
        return Reply(items=[{"type": "string", "data": "OK"}], meta=meta)

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


def make_inactive() -> Reply:
    """What makes a client say that its session is closed; a meta would make another error of it."""
    return Reply(items=[{"type": "error", "data": INACTIVE}])


def split_command(line: str) -> tuple[str, list[str]]:
    """The command's name and its words, quoted as FLARE's consoles quote; FlareError where that is broken."""
    try:
        words = shlex.split(line) if '"' in line else re.split(" +", line.strip())
    except ValueError as wrong:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"the command line cannot be read: {wrong}") from wrong
    if not words or not words[0] or len(words) > MAX_WORDS:
        raise FlareError(MetaStatus.SYNTAX_ERROR, f"a command and at most {MAX_WORDS} words are needed")
    return words[0].rpartition(".")[2], words[1:]


def read_props(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What came beside a command's words: its properties, how long its parties may take."""
    return {name: meta[name] for name in ("cmd_props", "custom_props", "cmd_timeout") if name in meta}


def describe(peer: Peer) -> str:
    """The client in a log line."""
    return read_subject(peer.certificate).get("commonName", "?")[:100]
