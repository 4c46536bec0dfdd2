import pytest

from api.dialects.flare.requests.studies import StudyWordsError, parse_sites, parse_study, parse_user
from scheduler.domain.access import Principal, Role

ROOT = Principal(name="root", kind="user", role=Role.PROJECT_ADMIN, project="p")
OZ = Principal(name="oz", kind="user", role=Role.ORG_ADMIN, org="hq", project="p")


def test_a_project_admin_names_organisations_an_org_admin_has_one():
    words = ["heart", "--site-org", "hq:a, b,,a", "--site-org", "lab:c", "--site-org", "hq:d"]
    assert parse_sites("register_study", words, ROOT) == ("heart", {"hq": ["a", "b", "d"], "lab": ["c"]})
    assert parse_sites("register_study", ["heart", "--sites", "a,b,a"], OZ) == ("heart", {"hq": ["a", "b"]})


@pytest.mark.parametrize(
    ("by", "words", "says"),
    [
        (ROOT, ["heart"], "--site-org is required"),
        (ROOT, ["heart", "--sites", "a"], "project_admin must use --site-org"),
        (ROOT, ["heart", "--sites", "a", "--site-org", "o:a"], "mutually exclusive"),
        (ROOT, ["heart", "--site-org", "a"], "invalid --site-org value 'a'"),
        (ROOT, ["heart", "--site-org", "o:,"], "must contain at least one site"),
        (ROOT, ["heart", "--site-org", "o:a", "--site-org", "q:a"], "appears in more than one org group"),
        (OZ, ["heart", "--site-org", "hq:a"], "org_admin must use --sites"),
        (OZ, ["heart"], "--sites must contain at least one site"),
        (OZ, [], "required"),
        (OZ, ["heart", "--nope"], "unrecognized"),
        (Principal(name="x", kind="user", role=Role.ORG_ADMIN), ["heart", "--sites", "a"], "no organisation"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_read(by, words, says):
    with pytest.raises(StudyWordsError, match=says) as refused:
        parse_sites("register_study", words, by)
    assert refused.value.code == "INVALID_ARGS"


@pytest.mark.parametrize("name", ["", "Heart", "default", "a b", "_a", "a/b", "x" * 64])
def test_names_are_flare_s(name):
    for parse in (lambda: parse_study([name]), lambda: parse_user([name, "u"]),
                  lambda: parse_sites("register_study", [name, "--sites", "a"], OZ)):  # fmt: skip
        with pytest.raises(StudyWordsError) as refused:
            parse()
        assert refused.value.code == "INVALID_STUDY_NAME"


def test_one_study_and_one_user():
    assert (parse_study(["heart"]), parse_user(["heart", "ann"])) == ("heart", ("heart", "ann"))
    assert parse_user(["heart", "hq:ann"]) == ("heart", "hq:ann")
    for words in ([], ["heart", "ann", "bob"], ["heart", ""], ["heart", "u" * 201],
                  ["heart", "hq:"], ["heart", "hq:" + "u" * 201], ["heart", "o" * 201 + ":u"]):  # fmt: skip
        with pytest.raises(StudyWordsError):
            parse_user(words)
    with pytest.raises(StudyWordsError):
        parse_study(["heart", "lung"])
