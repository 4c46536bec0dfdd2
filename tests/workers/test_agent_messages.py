from dataclasses import asdict

import orjson
import pytest

from scheduler.domain.messages import BeatReply, ClaimReply, InputRef, ReportReply, SyncReply, Welcome
from tests.workers.fakes import make_assignment, make_peer
from workers.agent_messages import WireError, parse_sync_reply, parse_welcome


def test_answers_come_back_as_they_were_sent_and_unknown_fields_are_passed_over():
    assignment = make_assignment(
        inputs={"data": InputRef(task="t0", seq=1, output="d")}, peers=(make_peer("h", "host", "1"),), timeout_s=2.5
    )
    reply = SyncReply(
        claims=(
            ClaimReply(task="t1", seq=1, assignment=assignment),
            ClaimReply(task="t2", seq=1, assignment=None, reason="no"),
        ),
        reports=(ReportReply(task="t1", seq=1, accepted=False, reason="stale"),),
        beats=(BeatReply(task="t1", seq=1, verdict="stop", stop_kind="timeout", batch=3),),
    )
    sent = {**asdict(reply), "new": 1, "beats": [{**asdict(reply.beats[0]), "extra": []}]}
    assert parse_sync_reply(orjson.dumps(sent)) == reply
    welcome = Welcome(party="1", slots=2, heartbeat_s=5.0, lease_s=60.0, run_id="x")
    assert parse_welcome(orjson.dumps({**asdict(welcome), "new": 1})) == welcome


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b'{"claims": 5}', b'{"claims": [{}]}', b'{"reports": [1]}', b'{"beats": [{"task": "t"}]}']
)
def test_a_garbled_answer_is_told(raw):
    with pytest.raises(WireError):
        parse_sync_reply(raw)
    with pytest.raises(WireError):
        parse_welcome(raw)
