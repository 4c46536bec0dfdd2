"""Outcomes become FLARE's exceptions; what is no outcome too."""

import httpx
import pytest

from fedrota import flare
from fedrota.connection import Connection
from fedrota.session.door import Door, Reply


def make_door(answer):
    def respond(request):
        if isinstance(answer, Exception):
            raise answer
        return answer

    connection = Connection(url="http://gateway", token="t")
    return Door(connection, transport=httpx.MockTransport(respond))


def outcome(status, **meta):
    return httpx.Response(200, json={"data": [], "meta": {"status": status, "info": "words", **meta}})


def refusal(status, said, **meta):
    return httpx.Response(200, json={"data": [{"type": "error", "data": said}], "meta": {"status": status, **meta}})


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (outcome("invalid_job_id"), flare.JobNotFound, "no such job: words"),
        (outcome("invalid_job_def"), flare.InvalidJobDefinition, "invalid job definition: words"),
        (outcome("not_authorized"), flare.AuthorizationError, "action 'list_jobs: words'"),
        (outcome("not_authenticated"), flare.AuthenticationError, "words"),
        (outcome("invalid_target"), flare.InvalidTarget, "words"),
        (outcome("job_running"), flare.JobNotDone, "words"),
        (outcome("job_not_running"), flare.JobNotRunning, "words"),
        (outcome("no_reply"), flare.NoReply, "words"),
        (outcome("something new"), flare.InternalError, "something new: words"),
        (outcome("error"), flare.InternalError, "error: words"),
        (outcome("internal_error"), flare.InternalError, "server internal error: words"),
        (outcome("syntax_error"), flare.InternalError, "syntax error: words"),
        (outcome("submit_token_conflict", job_id="7"), flare.SubmitTokenConflict, "words"),
        (outcome("submit_token_job_deleted", job_id="7"), flare.SubmitTokenJobDeleted, "words"),
        (refusal("job_running", "job 7 still runs", info="7"), flare.JobNotDone, "job 7 still runs"),
        (refusal("invalid_target", "x", info="no clients available"), flare.NoClientsAvailable, "no clients"),
        (httpx.Response(200, text="<html>"), flare.InternalError, "no JSON"),
        (httpx.Response(503, json={"error": {}}), flare.InternalError, "answered 503"),
        (httpx.ConnectError("refused"), flare.NoConnection, "no gateway at"),
        (httpx.ReadTimeout("slow"), flare.NoConnection, "did not answer"),
    ],
)
def test_every_refusal_has_its_exception(answer, kind, words):
    with pytest.raises(kind, match=words):
        make_door(answer).send("list_jobs")


def test_a_download_that_is_refused_raises_too():
    with pytest.raises(flare.JobNotDone), make_door(outcome("job_running")).download("download_job", "7"):
        pass
    with pytest.raises(flare.InternalError, match="without a file"), make_door(outcome("ok")).download("x"):
        pass


def test_a_download_hands_out_its_pieces():
    answer = httpx.Response(200, content=b"abc", headers={"X-Flare-Meta": "{}"})
    with make_door(answer).download("download_job", "7") as pieces:
        assert b"".join(pieces) == b"abc"


def test_items_of_a_reply():
    reply = Reply(
        {"data": [{"type": "string", "data": "a"}, {"type": "dict", "data": {"b": 1}}], "meta": {"status": "ok"}}
    )
    assert (reply.text, reply.value) == ("a", {"b": 1})
    assert Reply({}).value == {}
