import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.vocabulary.targets import (
    choose_targets,
    list_connected,
    list_enrolled,
    list_sites,
    name_server,
)
from scheduler.domain.studies import Study
from tests.api.dialects.flare.vocabulary.jobs import NOW, party

ALL = [party("s"), party("a"), party("b", seen_s=60)]


def names(parties):
    return [each.id for each in parties]


def test_the_server_is_named():
    assert name_server(ALL, "b") == "b"
    assert name_server(ALL, "") == "s"
    assert name_server([*ALL, party("server")], "") == "server"
    assert name_server([], "") == ""


def test_sites_are_all_others_and_some_are_connected():
    assert names(list_sites(ALL, "s")) == ["a", "b"]
    assert names(list_connected(ALL, now=NOW, offline_s=20)) == ["s", "a"]


def test_a_study_has_the_server_and_its_sites():
    study = Study(project="p", name="heart", site_orgs={"hq": ("b", "gone")}, users=())
    assert names(list_enrolled(ALL, study, server="s")) == ["s", "b"]
    assert names(list_enrolled(ALL, None, server="s")) == ["s", "a", "b"]


@pytest.mark.parametrize(
    ("words", "server", "sites"),
    [
        ([], "s", ("a", "b")),
        (["all"], "s", ("a", "b")),
        (["server"], "s", ()),
        (["client"], None, ("a", "b")),
        (["client", "b"], None, ("b",)),
    ],
)
def test_words_mean_targets(words, server, sites):
    found = choose_targets(words, ALL, server="s")
    assert (found.server, found.sites) == (server, sites)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["x"], "syntax_error"),
        (["all", "a"], "syntax_error"),
        (["client", "s"], "invalid_target"),
        (["client", "x"], "invalid_target"),
    ],
)
def test_words_that_mean_nobody_are_refused(words, status):
    with pytest.raises(FlareError) as refused:
        choose_targets(words, ALL, server="s")
    assert refused.value.status == status
