"""The agent calls' JSON: what we send, and the gateway's answers as values."""

from collections.abc import Mapping
from typing import Any

import orjson

from scheduler.domain.messages import (
    Assignment,
    BeatReply,
    ClaimReply,
    Hello,
    InputRef,
    OutputRef,
    Peer,
    Report,
    ReportReply,
    SyncReply,
    SyncRequest,
    Welcome,
)


class WireError(Exception):
    """The gateway's answer is not what the protocol says."""


def render(message: Hello | SyncRequest) -> bytes:
    """A message as JSON; times are epoch seconds."""
    return orjson.dumps(message)


def parse_object(raw: bytes) -> dict[str, Any]:
    """A JSON object; WireError for anything else."""
    try:
        value = orjson.loads(raw)
    except ValueError as wrong:
        raise WireError(f"the answer is not JSON: {raw[:80]!r}") from wrong
    if not isinstance(value, dict):
        raise WireError("the answer is not a JSON object")
    return value


def parse_welcome(raw: bytes) -> Welcome:
    """The answer to a hello."""
    value = parse_object(raw)
    try:
        return Welcome(
            party=str(value["party"]),
            slots=int(value["slots"]),
            heartbeat_s=float(value["heartbeat_s"]),
            lease_s=float(value["lease_s"]),
            run_id=str(value["run_id"]),
        )
    except (KeyError, TypeError, ValueError) as wrong:
        raise WireError(f"the welcome lacks or garbles {wrong}") from wrong


def parse_sync_reply(raw: bytes) -> SyncReply:
    """The answer to a sync; unknown fields are passed over."""
    value = parse_object(raw)
    try:
        return SyncReply(
            claims=tuple(map(_parse_claim_reply, value.get("claims", ()))),
            reports=tuple(map(_parse_report_reply, value.get("reports", ()))),
            beats=tuple(map(_parse_beat_reply, value.get("beats", ()))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise WireError(f"the answer lacks or garbles {wrong}") from wrong


def _parse_claim_reply(value: Mapping[str, Any]) -> ClaimReply:
    assignment = value.get("assignment")
    return ClaimReply(
        task=value["task"],
        seq=value["seq"],
        assignment=parse_assignment(assignment) if assignment else None,
        reason=value.get("reason", ""),
    )


def parse_assignment(value: Mapping[str, Any]) -> Assignment:
    """A task's assignment."""
    return Assignment(
        task=value["task"],
        seq=value["seq"],
        job=value["job"],
        job_name=value.get("job_name", ""),
        step=value["step"],
        attempt=value["attempt"],
        role=value["role"],
        party=value["party"],
        position=value["position"],
        run=value["run"],
        params=value["params"],
        inputs={
            name: InputRef(task=source["task"], seq=source["seq"], output=source["output"])
            for name, source in value.get("inputs", {}).items()
        },
        peers=tuple(_parse_peer(peer) for peer in value.get("peers", ())),
        timeout_s=value.get("timeout_s"),
        slots=value.get("slots", 1),
    )


def _parse_peer(value: Mapping[str, Any]) -> Peer:
    return Peer(
        task=value["task"],
        role=value["role"],
        party=value["party"],
        position=value["position"],
        identity=value.get("identity", ""),
    )


def _parse_report_reply(value: Mapping[str, Any]) -> ReportReply:
    return ReportReply(
        task=value["task"], seq=value["seq"], accepted=bool(value["accepted"]), reason=value.get("reason", "")
    )


def _parse_beat_reply(value: Mapping[str, Any]) -> BeatReply:
    return BeatReply(
        task=value["task"],
        seq=value["seq"],
        verdict=value["verdict"],
        stop_kind=value.get("stop_kind", ""),
        batch=int(value.get("batch", 0)),
    )


def parse_report(value: Mapping[str, Any]) -> Report:
    """A report as the spool keeps it."""
    outputs = tuple(OutputRef(**output) for output in value["outputs"])
    return Report(**{**value, "outputs": outputs})
