from dataclasses import replace

import pytest

from scheduler.domain.grants import Grant, Use, is_granted, list_refused

READ = Use(party="b", kind="dataset", namespace="exp", name="t")
RUN = Use(party="b", kind="component", name="heterolr")
GRANT = Grant(party="b", grantee="a", kind="dataset", namespace="exp", name="t")


@pytest.mark.parametrize(
    "change",
    [{}, {"name": "*"}, {"namespace": "", "name": "*"}],
)
def test_a_grant_covers_its_thing_its_namespace_or_all_of_its_kind(change):
    assert is_granted(READ, [replace(GRANT, **change)])


@pytest.mark.parametrize(
    "change",
    [{"party": "c"}, {"kind": "component"}, {"namespace": "other"}, {"name": "u"}, {"namespace": "other", "name": "*"}],
)
def test_it_covers_nothing_else(change):
    assert not is_granted(READ, [replace(GRANT, **change)])


def test_what_is_not_granted_to_this_party_is_refused_once_and_its_own_is_free():
    uses = [READ, RUN, RUN, replace(RUN, party="a")]
    assert list(list_refused("a", uses, [GRANT])) == [RUN]
    assert list(list_refused("c", [READ], [GRANT])) == [READ]
    assert str(READ) == "dataset exp/t of party b"
    assert str(RUN) == "component heterolr of party b"
