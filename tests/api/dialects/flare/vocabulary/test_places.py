"""Which parties run a FLARE job."""

from dataclasses import replace

import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.vocabulary.places import check_engines, check_enrolled, choose_server, choose_sites
from scheduler.domain.plan import StepDraft
from scheduler.domain.studies import Study
from tests.api.dialects.flare.vocabulary.jobs import NOW, job, party

OWN = (StepDraft(name="s", run={"component": "noop"}),)


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


def test_a_worker_that_has_said_so_has_no_engine_and_is_left_out_of_a_job_for_all():
    bare, able = party("a", facts={"engines": []}), party("b", facts={"engines": ["flare", "iflearner"]})
    assert sites(job(), bare, able, party("c", facts={"engines": ["flare"]})) == ("b", "c")
    with pytest.raises(FlareError, match=r"min 2 clients required for job J, found 1. Without an engine .* a \("):
        sites(job(min_clients=2), bare, able)


def test_a_job_that_a_member_could_not_run_is_refused():
    bare, server = party("a", facts={"engines": ["iflearner"]}), party("s", facts={"engines": []})
    with pytest.raises(FlareError, match="job J cannot run at 's', 'a': the worker there has no engine for FLARE"):
        check_engines(job(), [server, bare], server="s", sites=["a"])
    check_engines(job(), [server, bare], server="b", sites=[])


def test_a_site_whose_name_flare_does_not_take_is_refused_and_left_out_of_a_job_for_all():
    dotted, plain = party("a.b"), party("9999")
    with pytest.raises(FlareError, match=r"cannot run at 'a.b': FLARE does not take such a name \(letters"):
        check_engines(job(), [dotted, plain], server="s.t", sites=["a.b", "9999"])
    check_engines(job(), [dotted, plain], server="s.t", sites=["9999"])
    assert sites(job(), dotted, plain) == ("9999",)
    with pytest.raises(FlareError, match=r"found 1. With a name that FLARE does not take: a.b \(letters"):
        sites(job(min_clients=2), dotted, plain)
    assert sites(replace(job(), steps=OWN), dotted, plain) == ("a.b", "9999")


def test_one_that_has_never_said_what_it_has_may_come_to_have_it():
    check_engines(job(), [party("s", facts={}), party("a", last_seen=None)], server="s", sites=["a"])


def test_a_job_of_our_own_steps_needs_no_engine():
    bare = party("a", facts={"engines": []})
    own = replace(job(), steps=OWN)
    check_engines(own, [bare], server="a", sites=[])
    assert sites(own, bare) == ("a",)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (("a", "x"), "site 'x' is not enrolled in study 'heart'"),
        (("y", "a", "x"), "sites 'y', 'x' are not enrolled in study 'heart'"),
    ],
)
def test_only_the_study_s_sites_are_taken(named, words):
    study = Study(project="p", name="heart", site_orgs={"hq": ("a", "b")}, users=())
    wanted = job(apps={"app": ("server", *named)})
    with pytest.raises(FlareError, match=words):
        check_enrolled(wanted.sites, study)
    check_enrolled(wanted.sites, None)
    check_enrolled(job(apps={"app": ("server", "a")}).sites, study)
    check_enrolled(job().sites, study)
