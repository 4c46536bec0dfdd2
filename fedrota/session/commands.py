"""Any command line of FLARE's console through a session, and what comes of it as the client's own dictionaries.

Source: NVIDIA FLARE 2.9.0, `AdminAPI.do_command` in `nvflare.fuel.hci.client.api`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fedrota.session import outcomes
from fedrota.session.door import Reply
from fedrota.session.lines import split
from fedrota.session.link import Link
from fedrota.session.packing import choose_place, pack, unpack

SUCCESS: Final = "SUCCESS"
ERROR_SYNTAX: Final = "ERROR_SYNTAX"
ERROR_RUNTIME: Final = "ERROR_RUNTIME"
ERROR_AUTHORIZATION: Final = "ERROR_AUTHORIZATION"
ERROR_INVALID_CLIENT: Final = "ERROR_INVALID_CLIENT"
ERROR_INACTIVE_SESSION: Final = "ERROR_INACTIVE_SESSION"
ERROR_SERVER_CONNECTION: Final = "ERROR_SERVER_CONNECTION"
PUSHING: Final = "submit_job"
PULLING: Final = frozenset({"download_job", "download_job_components"})
_SIGNS: Final = (
    ("Failed to communicate", ERROR_SERVER_CONNECTION),
    ("invalid client", ERROR_INVALID_CLIENT),
    ("unknown site", ERROR_INVALID_CLIENT),
    ("not authorized", ERROR_AUTHORIZATION),
)
"""By these words of a reply FLARE's client knows its status."""


class Commands(Link):
    """The method of a session that takes command lines."""

    def do_command(self, command: str, props: Any = None) -> dict[str, Any]:
        """What a console's command line leads to: the server's reply (`time`, `data`, `meta`) with `status` beside it.

        No refusal is raised: `status` and `details` tell of what went wrong before the server, `meta` of what it says.
        """
        if self.api is None:
            return _fail(ERROR_INACTIVE_SESSION, "Session is inactive, please try later")
        words = split(command)
        name = words[0].rpartition(".")[2]
        try:
            return self._carry_out(name, words[1:], props)
        except ConnectionError as away:
            return _fail(ERROR_SERVER_CONNECTION, str(away))
        except outcomes.InternalError as wrong:
            return _fail(ERROR_RUNTIME, str(wrong))

    def _carry_out(self, name: str, words: Sequence[str], props: Any) -> dict[str, Any]:
        if name == PUSHING and words:
            return self._push(name, words)
        if name in PULLING and words:
            return self._pull(name, words)
        reply = self.door.ask(name, *words, props={} if props is None else {"cmd_props": props})
        if reply.meta.get("is_unknown"):
            return _fail(ERROR_SYNTAX, f"Command {name} not found")
        return _tell(reply)

    def _push(self, name: str, words: Sequence[str]) -> dict[str, Any]:
        """Send the folder that the first word names, below `upload_dir` unless the path is absolute."""
        folder = Path(self.upload_dir) / words[0].rstrip("/")
        if not folder.is_dir():
            return _fail(ERROR_RUNTIME, f"'{folder}' is not a valid folder.")
        with pack(folder) as body:
            return _tell(self.door.ask_upload(name, folder.resolve().name, *words[1:], body=body))

    def _pull(self, name: str, words: Sequence[str]) -> dict[str, Any]:
        """Fetch a job's files to a folder of its name below `download_dir`, or to the one that the second word names."""
        with self.door.ask_download(name, words[0]) as found:
            if isinstance(found, Reply):
                return _tell(found)
            parent, _, child = str(Path(self.download_dir) / words[-1]).rpartition("/")
            place = choose_place(Path(parent or "/"), child)
            unpack(found, place)
        return {**_fail(SUCCESS, f"content downloaded to {place}"), "meta": {"location": str(place)}}


def _fail(status: str, details: str) -> dict[str, Any]:
    return {"status": status, "details": details}


def _tell(reply: Reply) -> dict[str, Any]:
    """The server's reply with the status that FLARE's client reads from it."""
    return {**reply.given, "status": _find_status(reply.items)}


def _find_status(items: Sequence[Mapping[str, Any]]) -> str:
    if not items:
        return ERROR_RUNTIME
    if any(item.get("type") == "success" for item in items):
        return SUCCESS
    said = "\n".join(str(item.get("data")) for item in items if item.get("type") in {"string", "error"})
    return next((status for sign, status in _SIGNS if sign in said), SUCCESS)
