import pytest

from fedrota import flare
from fedrota.session.studies import Studies, check_study
from tests.fedrota.session.doors import make, value

REFUSED = value({"error_code": "INVALID_SITE", "message": "no", "hint": "a site", "exit_code": 4})


def test_studies_are_read_and_changed():
    names = ("list_studies", "show_study", "register_study", "add_study_site", "remove_study_site", "remove_study",
             "add_study_user", "remove_study_user")  # fmt: skip
    session = make(Studies, **{name: value({"name": name}) for name in names})
    assert session.list_studies() == {"name": "list_studies"}
    session.show_study("s")
    session.register_study("s", ["a", "b"])
    session.add_study_site("s", site_orgs=["hq:a,b", "lab:c"])
    session.remove_study_site("s", ["a"])
    session.remove_study("s")
    session.add_study_user("s", "u")
    session.remove_study_user("s", "u")
    assert session.api.sent == [
        ("list_studies",),
        ("show_study", "s"),
        ("register_study", "s", "--sites", "a,b"),
        ("add_study_site", "s", "--site-org", "hq:a,b", "--site-org", "lab:c"),
        ("remove_study_site", "s", "--sites", "a"),
        ("remove_study", "s"),
        ("add_study_user", "s", "u"),
        ("remove_study_user", "s", "u"),
    ]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("register_study", ("s", ["site-1"])),
        ("add_study_site", ("s", None, ["hq:a"])),
        ("remove_study_site", ("s", ["site-1"])),
        ("remove_study", ("s",)),
        ("add_study_user", ("s", "u")),
        ("remove_study_user", ("s", "u")),
    ],
)
def test_a_refusal_is_a_command_error_with_a_hint(method, arguments):
    with pytest.raises(flare.CommandError) as refused:
        getattr(make(Studies, **{method: REFUSED}), method)(*arguments)
    assert (refused.value.error_code, refused.value.hint, refused.value.exit_code) == ("INVALID_SITE", "a site", 4)


@pytest.mark.parametrize(
    ("method", "arguments", "says"),
    [
        ("register_study", ("s", ["a"], ["b"]), "mutually exclusive"),
        ("register_study", ("s",), "sites must be list"),
        ("register_study", ("s", "a"), "sites must be list"),
        ("add_study_site", ("s", []), "sites are required"),
        ("add_study_site", ("s", ["a", ""]), "invalid site value"),
        ("add_study_site", ("s", None, [7]), "invalid site_org value"),
        ("add_study_site", ("", ["a"]), "study is required"),
        ("show_study", (None,), "study must be str"),
        ("add_study_user", ("s", ""), "user is required"),
    ],
)
def test_wrong_arguments_are_not_sent(method, arguments, says):
    session = make(Studies)
    with pytest.raises(flare.InvalidArgumentError, match=says):
        getattr(session, method)(*arguments)
    assert session.api.sent == []


def test_the_name_of_a_session_s_study_is_checked_before_it_connects():
    assert check_study("heart-2") == "heart-2"
    for name in ("Heart", "a b", ""):
        with pytest.raises(ValueError, match="unsupported characters"):
            check_study(name)
    with pytest.raises(AssertionError):
        check_study(None)
