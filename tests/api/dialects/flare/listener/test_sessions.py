from api.dialects.flare.listener import sessions as module
from api.dialects.flare.listener.sessions import SESSION_S, Sessions
from scheduler.service.seal import Seal


def test_a_token_is_for_its_certificate_and_a_time(tmp_path):
    now = [1_000_000.0]
    sessions = Sessions(Seal(tmp_path), clock=lambda: now[0])
    token = sessions.open(255)
    assert sessions.is_open(token, 255)
    assert not sessions.is_open(token, 256)
    now[0] += SESSION_S - 100
    assert sessions.is_open(token, 255)
    now[0] += 100
    assert not sessions.is_open(token, 255)


def test_every_gateway_of_the_installation_knows_it_and_no_other(tmp_path):
    token = Sessions(Seal(tmp_path)).open(1)
    assert Sessions(Seal(tmp_path)).is_open(token, 1)
    (tmp_path / "other").mkdir()
    assert not Sessions(Seal(tmp_path / "other")).is_open(token, 1)


def test_what_was_sealed_for_something_else_opens_nothing(tmp_path):
    seal = Seal(tmp_path)
    for text in ("secret", "flare 1", "other 1 5", "flare 1 soon"):
        assert not Sessions(seal).is_open(seal.close(text), 1)
    assert not Sessions(seal).is_open("ä", 1)


def test_an_ended_session_stays_ended_and_the_memory_of_it_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ENDED", 2)
    sessions = Sessions(Seal(tmp_path))
    tokens = [sessions.open(1) for _ in range(3)]
    sessions.end(tokens[0])
    assert not sessions.is_open(tokens[0], 1)
    sessions.end("b")
    sessions.end("c")
    assert len(sessions._ended) == 2
