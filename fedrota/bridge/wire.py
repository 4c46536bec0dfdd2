"""The bridge's end of nvflare's network: who may send what, and which part of the bridge answers it.

Names and headers: NVIDIA FLARE 2.9.0, `nvflare/fuel/f3/cellnet/defs.py`, `nvflare/private/defs.py`,
`nvflare/private/stream_runner.py` and `nvflare/app_common/streamers/streamer_base.py`.
"""

import logging
import secrets
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fedrota.bridge.console import Console
from fedrota.bridge.errors import AwayError, BridgeError, RefusedError
from fedrota.bridge.gateway import Gateway
from fedrota.bridge.imports import Library
from fedrota.bridge.members import Member, Members
from fedrota.bridge.options import Options
from fedrota.bridge.uploads import BrokenOffError, Chunk, Uploads

log: Final = logging.getLogger(__name__)

ME: Final = "server"
"""FLARE's clients address the server's cell by this name, whatever its certificate says."""
CELL: Final = "cn__"
MAIN, COMMANDS, FILES, CELLNET = "task", "hci_channel", "aux_communication", "cellnet.channel"
CHALLENGE, REGISTER, BYE = "challenge", "register", "bye"
PIECE, ABORT = "ObjectStreamer.Request", "ObjectStreamer.Abort"
UNAUTHENTICATED, AWAY = "unauthenticated", "comm_error"
DOWNLOAD_S: Final = 60.0
"""Files that nobody fetches for so long are removed."""


class Wire:
    """The cell that clients connect to; `start` and `stop` once each."""

    def __init__(self, library: Library, options: Options, gateway: Gateway) -> None:
        self._library = library
        self._options = options
        self._gateway = gateway
        self._members = Members()
        self._console = Console(gateway, self._members, self._offer)
        self._uploads = Uploads(self._console.answer_upload)
        self._service = str(uuid.uuid4())
        self._offered: dict[str, tempfile.TemporaryDirectory[str]] = {}
        self._identity: Any = None
        self._cell: Any = None

    def start(self) -> None:
        """Listen; BridgeError where certificates or port cannot be used."""
        library, options = self._library, self._options
        library.register_types()
        try:
            self._identity = library.identity(private_key_file=str(options.key), cert_file=str(options.certificate))
        except (OSError, ValueError) as wrong:
            raise BridgeError(f"the certificate in {options.folder} cannot be used: {wrong}") from wrong
        credentials = {
            library.driver.CA_CERT.value: str(options.authority),
            library.driver.SERVER_CERT.value: str(options.certificate),
            library.driver.SERVER_KEY.value: str(options.key),
            library.driver.CONNECTION_SECURITY.value: "mtls",
        }
        self._cell = library.cell(
            fqcn=ME,
            root_url=[f"http://{options.host}:{options.port}?admin_listener=true"],
            secure=True,
            credentials=credentials,
            create_internal_listener=False,
            parent_url=None,
        )
        self._connect()
        self._send_once()
        self._cell.start()

    def _connect(self) -> None:
        """Say which part answers what, and keep everybody else out."""
        answers = {
            (MAIN, CHALLENGE): self._challenge,
            (MAIN, REGISTER): self._register,
            (COMMANDS, "*"): self._command,
            (FILES, PIECE): self._take_piece,
            (FILES, ABORT): self._abort,
        }
        for (channel, topic), answer in answers.items():
            self._cell.register_request_cb(channel=channel, topic=topic, cb=answer)
        token = secrets.token_urlsafe(32)
        self._library.add_auth_headers(self._cell, ME, token, self._sign(ME, token), self._service)
        self._cell.core_cell.add_incoming_filter(channel="*", topic="*", cb=self._guard)

    def _send_once(self) -> None:
        """Replies go out once, as 2.8 sends them: its clients acknowledge none, and 2.9's library would repeat each."""
        send = self._cell.send_blob

        def send_blob(*words: Any, **given: Any) -> Any:
            given.pop("reliable", None)
            return send(*words, **given)

        self._cell.send_blob = send_blob

    def stop(self) -> None:
        """Say good-bye to the clients and listen no more; nothing stays on the disk."""
        self._uploads.close()
        for name in list(self._offered):
            self._remove(name)
        if self._cell is not None:
            self._cell.stop()

    # --- Who may send what ------------------------------------------------------------------------

    def _guard(self, message: Any) -> Any:
        """None lets a message in. Nothing is passed on from one client to another."""
        channel, topic = message.get_header(f"{CELL}channel"), message.get_header(f"{CELL}topic")
        is_for_me = message.get_header(f"{CELL}destination") == ME
        is_open = (channel, topic) in {(MAIN, CHALLENGE), (MAIN, REGISTER), (CELLNET, BYE)}
        if is_for_me and (is_open or self._find(message) is not None):
            return None
        log.debug("message refused: channel %s, topic %s, from %s", channel, topic, message.get_header(f"{CELL}origin"))
        return self._library.make_reply(UNAUTHENTICATED, error="not authenticated")

    def _find(self, message: Any) -> Member | None:
        token, origin = message.get_header("__token__"), message.get_header(f"{CELL}origin")
        return self._members.find(str(token), str(origin))

    def _get(self, message: Any) -> Member:
        member = self._find(message)
        if member is None:
            raise BrokenOffError("not authenticated")
        return member

    def _sign(self, name: str, token: str) -> str:
        return str(self._identity.sign(name + token, return_str=True))

    def _challenge(self, request: Any) -> Any:
        """Show who we are, and give the client a text of the gateway's to sign."""
        try:
            nonce = self._gateway.ask_challenge()
        except AwayError as wrong:
            return self._library.make_reply(AWAY, error=wrong.message)
        except RefusedError as wrong:
            return self._library.make_reply(UNAUTHENTICATED, error=wrong.message)
        self._members.challenge(str(request.get_header(f"{CELL}origin")), nonce)
        body = self._library.shareable()
        body["nonce"] = nonce
        body["signature"] = self._identity.sign_common_name(str(request.get_header("nonce")))
        body["cn"] = self._identity.cn
        body["cert"] = self._identity.cert_data
        return self._library.make_reply("ok", body=body)

    def _register(self, request: Any) -> Any:
        """Let in whom the gateway recognises by their signature, under the name of their connection's certificate."""
        origin = str(request.get_header(f"{CELL}origin"))
        nonce = self._members.take_challenge(origin)
        body = request.payload
        signature = body.get("signature") if isinstance(body, dict) else None
        if nonce is None or not isinstance(signature, bytes) or not isinstance(body.get("cert"), bytes):
            return self._library.make_reply(UNAUTHENTICATED, error="register without an answer to a challenge")
        try:
            login = self._gateway.log_in(body["cert"], nonce, signature)
        except AwayError as wrong:
            return self._library.make_reply(AWAY, error=wrong.message)
        except RefusedError as wrong:
            log.warning("registration refused: %s", wrong.message)
            return self._library.make_reply(UNAUTHENTICATED, error=wrong.message)
        if request.get_prop(self._library.peer_name) != login.user or request.get_header("client_name") != login.user:
            return self._library.make_reply(UNAUTHENTICATED, error=f"the certificate is of {login.user}: log in so")
        member = self._members.admit(origin, login)
        return self._library.make_reply("ok", body=self._welcome(member))

    def _welcome(self, member: Member) -> dict[str, str]:
        signature = self._sign(member.user, member.token)
        return {"__token__": member.token, "__token_signature__": signature, "__ssid__": self._service}

    # --- Commands and files -----------------------------------------------------------------------

    def _command(self, request: Any) -> Any:
        reply = self._console.answer(request.payload, self._find(request), request.get_header("study"))
        return self._library.message(payload=reply)

    def _take_piece(self, request: Any) -> Any:
        try:
            reply = self._uploads.take(self._get(request), _parse_chunk(request.payload))
        except BrokenOffError as wrong:
            log.info("upload ended: %s", wrong)
            return self._acknowledge("ERROR", {})
        return self._acknowledge("OK", {"ObjectStreamer.END_RESULT": reply} if reply else {})

    def _abort(self, request: Any) -> Any:
        member = self._find(request)
        if member is not None and isinstance(request.payload, dict):
            self._uploads.end(member, str(_headers_of(request.payload).get("ObjectStreamer.TX_ID")))
        return self._acknowledge("OK", {})

    def _acknowledge(self, outcome: str, headers: Mapping[str, Any]) -> Any:
        return self._library.make_reply("ok", body=self._library.make_file_reply(outcome, dict(headers)))

    def _offer(self, folder: "tempfile.TemporaryDirectory[str]", names: Sequence[str]) -> Mapping[str, Any]:
        """Have the files fetched by nvflare's downloader, which says when they are not needed any more."""
        made = self._library.downloader(
            cell=self._cell,
            timeout=DOWNLOAD_S,
            num_receivers=1,
            transaction_done_cb=lambda name, *_words, **_more: self._remove(name),
        )
        self._offered[made.tx_id] = folder
        files = [[name, self._library.add_file(made, str(Path(folder.name) / name))] for name in names]
        return {"files": files, "tx_id": made.tx_id, "source_fqcn": ME}

    def _remove(self, name: str) -> None:
        folder = self._offered.pop(name, None)
        if folder is not None:
            folder.cleanup()


def _headers_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    headers = body.get("__headers__")
    return headers if isinstance(headers, dict) else {}


def _parse_chunk(body: Any) -> Chunk:
    """The chunk in a message's body; BrokenOffError where there is none."""
    if not isinstance(body, dict):
        raise BrokenOffError("no chunk")
    headers = _headers_of(body)
    context = headers.get("ObjectStreamer.CTX")
    context = context if isinstance(context, dict) else {}
    name, place = headers.get("ObjectStreamer.TX_ID"), headers.get("ObjectStreamer.SEQ")
    content, size = body.get("Streamer.data") or b"", context.get("FileStreamer.file_size", 0)
    if not (isinstance(name, str) and isinstance(place, int) and isinstance(size, int) and isinstance(content, bytes)):
        raise BrokenOffError("no chunk")
    is_last = bool(body.get("Streamer.eof"))
    return Chunk(
        upload=name, place=place, content=content, is_last=is_last, request=context.get("conn_data"), size=size
    )
