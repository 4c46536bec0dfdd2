"""Which parties run a FLARE job, and the draft that comes of it."""

from datetime import UTC, datetime, timedelta

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.requests.job_folder import JobFolder
from api.dialects.flare.vocabulary.draft import choose_server, choose_sites, make_draft
from scheduler.domain.access import Principal, Role
from scheduler.domain.model import Party
from scheduler.store.queries.attachments import Blob

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ME = Principal(name="me", kind="user", role=Role.LEAD, org="hq", project="p")
BLOB = Blob(id="b1", owner="me", project="p", size=1, sha256="x", created=NOW)


def party(name, *, seen_s=1.0, **given):
    filled = {"org": "", "slots": 4, "drained": False, "agent": None, "version": "", "created": NOW, **given}
    return Party(id=name, last_seen=NOW - timedelta(seconds=seen_s), **filled)


def job(**given):
    filled = {
        "folder": "J", "name": "J", "meta": {}, "apps": {"app": ("@ALL",)}, "min_clients": 1,
        "mandatory_clients": (), "resource_spec": {}, "has_code": False,
    }  # fmt: skip
    return JobFolder(**{**filled, **given})


def sites(wanted, *parties, server="s"):
    return choose_sites(wanted, [party("s"), *parties], server=server, now=NOW, offline_s=20)


@pytest.mark.parametrize(
    ("known", "named", "chosen", "server"),
    [
        (["a", "b", "server"], ["a"], "", "server"),
        (["a", "b"], ["a"], "", "b"),
        (["a", "b"], [], "", "a"),
        (["a", "b", "server"], [], "b", "b"),
    ],
)
def test_the_server_is_chosen(known, named, chosen, server):
    wanted = job(apps={"app": ("server", *named)} if named else {"app": ("@ALL",)})
    assert choose_server(wanted, [party(name) for name in known], chosen=chosen) == server


def test_without_a_party_for_the_server_the_job_is_refused():
    with pytest.raises(FlareError, match="no party is left"):
        choose_server(job(apps={"app": ("server", "a")}), [party("a")], chosen="")
    with pytest.raises(FlareError, match="FEDROTA_FLARE_SERVER names the party 'x'"):
        choose_server(job(), [party("a")], chosen="x")


def test_a_job_for_all_goes_to_those_that_are_connected():
    assert sites(job(), party("a"), party("b", seen_s=60), party("c", drained=True)) == ("a",)


def test_where_too_few_are_connected_it_waits_for_the_others():
    assert sites(job(min_clients=2), party("a"), party("b", seen_s=60)) == ("a", "b")
    assert sites(job(mandatory_clients=("b",)), party("a"), party("b", seen_s=60)) == ("a", "b")


def test_where_there_are_never_enough_it_is_refused():
    with pytest.raises(FlareError, match="min 2 clients required for job J, found 1"):
        sites(job(min_clients=2), party("a"))


def test_a_draft_has_one_step_with_each_members_app():
    wanted = job(apps={"app_server": ("server",), "app_a": ("a",), "app_b": ("b",)})
    draft = make_draft(wanted, BLOB, server="s", sites=("b", "a"), by=ME)
    (step,) = draft.steps
    assert draft.roles == {"server": ("s",), "client": ("b", "a")}
    assert step.overrides == {
        "server": {"app": "app_server"}, "client.0": {"app": "app_b"}, "client.1": {"app": "app_a"},
    }  # fmt: skip
    assert draft.attachments == {"job.zip": "b1"}
    assert draft.origin["submitter"] == {"name": "me", "org": "hq", "role": "lead"}
