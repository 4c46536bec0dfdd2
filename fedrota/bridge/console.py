"""What a client's commands lead to: logins end here, everything else is a call of the gateway."""

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from fedrota.bridge.errors import AwayError, BusyError, RefusedError, RequestError
from fedrota.bridge.gateway import Answer, Gateway
from fedrota.bridge.members import Member, Members
from fedrota.bridge.parcels import split
from fedrota.bridge.protocol import (
    Command,
    parse_request,
    render,
    render_error,
    render_inactive,
    render_login,
    render_text,
)
from fedrota.bridge.turns import Turns

log: Final = logging.getLogger(__name__)

STUDY: Final = "default"
_OLD_HANDLERS: Final = frozenset({"file_transfer.pull_binary"})
"""These clients have no such handler and complain of it."""


class Offer(Protocol):
    """Lets clients fetch the files of a folder, which it removes afterwards."""

    def __call__(self, folder: "tempfile.TemporaryDirectory[str]", names: Sequence[str]) -> Mapping[str, Any]:
        """What the reply's meta says of them."""


class Console:
    """Carries out the commands of all clients; callers may use it from any thread."""

    def __init__(self, gateway: Gateway, members: Members, offer: Offer) -> None:
        self._gateway = gateway
        self._members = members
        self._offer = offer
        self._turns = Turns()

    def answer(self, text: Any, member: Member | None, study: Any = STUDY) -> str:
        """The reply to a request of a client, of whom nothing is known where `member` is None."""
        try:
            command = parse_request(text)
        except RequestError as wrong:
            return render_error("internal_error", f"protocol violation: {wrong.message}")
        if member is None:
            return render_inactive()
        try:
            with self._turns.take(member.user):
                return self._answer(command, member, study)
        except BusyError as wrong:
            return render_error("error", wrong.message)

    def _answer(self, command: Command, member: Member, study: Any) -> str:
        if command.name == "_cert_login":
            return self._log_in(command, member, str(study or ""))
        if not member.has_session(command.token):
            return render_inactive()
        if command.name == "_check_session":
            return render_text("OK")
        if command.name == "_logout":
            return self._log_out(member)
        return self.carry_out(command, member)

    def _log_in(self, command: Command, member: Member, study: str) -> str:
        """The session's token, once the gateway lets the client into its study."""
        if list(command.words) != [member.user]:
            return render_text("REJECT")
        if study in {"", STUDY}:
            self._members.enter(member, "")
            return render_login(member.session)
        try:
            with self._gateway.carry_out(member.login, Command(name="_check_session"), study=study) as answer:
                meta = answer.meta
        except (AwayError, RefusedError) as wrong:
            return render_text(f"REJECT: {wrong.message}")
        if meta.get("status") != "ok":
            return render_text(f"REJECT: {meta.get('auth_code') or 'AUTH_STUDY_NOT_CONFIGURED'}: {meta.get('info')}")
        self._members.enter(member, study)
        return render_login(member.session)

    def _log_out(self, member: Member) -> str:
        self._members.end(member)
        try:
            self._gateway.log_out(member.login)
        except (AwayError, RefusedError) as wrong:
            log.warning("%s was logged out here only: %s", member.user, wrong.message)
        return render_text("OK")

    def answer_upload(self, text: Any, member: Member, body: Iterator[bytes]) -> str:
        """The reply to a request that brings a file."""
        try:
            command = parse_request(text)
        except RequestError as wrong:
            return render_error("internal_error", f"protocol violation: {wrong.message}")
        if not member.has_session(command.token):
            return render_inactive()
        return self.carry_out(command, member, body)

    def carry_out(self, command: Command, member: Member, body: Iterator[bytes] | None = None) -> str:
        """The gateway's reply, in the words of these clients."""
        try:
            with self._gateway.carry_out(member.login, command, body, study=member.study) as answer:
                return self._render(command, member, answer)
        except AwayError as wrong:
            return render_error("no_reply", wrong.message)
        except RefusedError as wrong:
            return render_error("not_authorized", wrong.message)

    def _render(self, command: Command, member: Member, answer: Answer) -> str:
        if answer.pieces is not None:
            return self._render_file(answer.meta, answer.pieces)
        status = answer.meta.get("status")
        if status == "not_authenticated":
            self._members.end(member)
            return render_inactive()
        if command.name == "_commands":
            return render([_without_old_handlers(item) for item in answer.items], answer.meta)
        return render(answer.items, answer.meta)

    def _render_file(self, meta: Mapping[str, Any], pieces: Iterator[bytes]) -> str:
        folder = tempfile.TemporaryDirectory(prefix="fedrota-bridge-")
        try:
            names = split(pieces, Path(folder.name))
            offered = self._offer(folder, names)
        except BaseException:
            folder.cleanup()
            raise
        return render([{"type": "string", "data": "OK"}], {**meta, "status": "ok", "info": "", **offered})


def _without_old_handlers(item: Mapping[str, Any]) -> Mapping[str, Any]:
    rows = item.get("rows")
    if not isinstance(rows, list):
        return item
    return {**item, "rows": [row for row in rows if len(row) < 6 or row[5] not in _OLD_HANDLERS]}
