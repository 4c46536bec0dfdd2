import pytest

from fedrota import flare
from fedrota.session.studies import Studies
from tests.fedrota.session.doors import make, value

REFUSED = value({"error_code": "NOT_SUPPORTED", "message": "no", "hint": "a project", "exit_code": 1})


def test_studies_are_read():
    session = make(Studies, list_studies=value({"studies": ["default"]}), show_study=value({"name": "default"}))
    assert session.list_studies()["studies"] == ["default"]
    assert session.show_study("default") == {"name": "default"}
    assert session.api.sent == [("list_studies",), ("show_study", "default")]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("register_study", ("s", ["site-1"])),
        ("add_study_site", ("s", None, ["hq"])),
        ("remove_study_site", ("s", ["site-1"])),
        ("remove_study", ("s",)),
        ("add_study_user", ("s", "u")),
        ("remove_study_user", ("s", "u")),
    ],
)
def test_a_refusal_is_a_command_error_with_a_hint(method, arguments):
    with pytest.raises(flare.CommandError) as refused:
        getattr(make(Studies, **{method: REFUSED}), method)(*arguments)
    assert (refused.value.error_code, refused.value.hint) == ("NOT_SUPPORTED", "a project")


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("register_study", ("s", ["a"], ["b"])),
        ("register_study", ("s",)),
        ("add_study_site", ("", ["a"])),
        ("show_study", (None,)),
        ("add_study_user", ("s", "")),
    ],
)
def test_wrong_arguments_are_not_sent(method, arguments):
    session = make(Studies)
    with pytest.raises(flare.InvalidArgumentError):
        getattr(session, method)(*arguments)
    assert session.api.sent == []
