import pytest

from fedrota.bridge import members
from fedrota.bridge.members import Login, Members


@pytest.fixture
def clock():
    class Clock:
        now = 1000.0

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
def all_members(clock):
    return Members(clock=clock)


def make_login(**given):
    return Login(**{"user": "ann", "bearer": "b", "expires": 2000.0, **given})


def test_a_member_is_found_by_token_at_its_own_endpoint(all_members):
    ann = all_members.admit("_admin_1", make_login())
    assert all_members.find(ann.token, "_admin_1") == ann
    assert all_members.find(ann.token, "_admin_2") is None
    assert all_members.find("other", "_admin_1") is None


def test_a_member_ends(all_members, clock):
    ann = all_members.admit("_admin_1", make_login())
    bob = all_members.admit("_admin_2", make_login(user="bob", expires=1500.0))
    all_members.end(ann)
    all_members.end(ann)
    assert all_members.find(ann.token, "_admin_1") is None
    clock.now = 1500.0
    assert all_members.find(bob.token, "_admin_2") is None


def test_a_member_enters_a_study(all_members):
    ann, bob = all_members.admit("_admin_1", make_login()), all_members.admit("_admin_2", make_login())
    all_members.enter(ann, "heart")
    assert all_members.find(ann.token, "_admin_1").study == "heart"
    assert all_members.find(bob.token, "_admin_2").study == ""
    all_members.end(ann)
    all_members.enter(ann, "heart")
    assert all_members.find(ann.token, "_admin_1") is None


def test_a_challenge_is_answered_once_and_soon(all_members, clock):
    all_members.challenge("_admin_1", "n1")
    assert all_members.take_challenge("_admin_2") is None
    assert all_members.take_challenge("_admin_1") == "n1"
    assert all_members.take_challenge("_admin_1") is None
    all_members.challenge("_admin_1", "n2")
    clock.now += members.CHALLENGE_S
    assert all_members.take_challenge("_admin_1") is None


def test_of_too_many_the_oldest_go(all_members, monkeypatch):
    monkeypatch.setattr(members, "MAX_MEMBERS", 2)
    monkeypatch.setattr(members, "MAX_CHALLENGES", 2)
    first, *others = [all_members.admit("o", make_login()) for _ in range(3)]
    assert all_members.find(first.token, "o") is None
    assert all(all_members.find(each.token, "o") for each in others)
    for number in range(3):
        all_members.challenge(f"o{number}", "n")
    assert [all_members.take_challenge(f"o{number}") for number in range(3)] == [None, "n", "n"]


def test_tokens_are_told_apart_and_kept_out_of_logs(all_members):
    ann = all_members.admit("o", make_login(bearer="secret-bearer"))
    assert ann.has_session(ann.session)
    assert not ann.has_session(ann.token)
    assert not ann.has_session("")
    assert not ann.has_session("\udcff")
    assert all(secret not in repr(ann) for secret in (ann.token, ann.session, "secret-bearer"))
