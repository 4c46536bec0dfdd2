import pytest

from api.dialects.flare.routes.studies import CHANGING


async def ask(console, *words):
    return (await console.send(*words))["data"][0]["data"]


async def test_there_is_one_study(console):
    found = await ask(console, "list_studies")
    assert found["identity"] == {"name": "lead", "org": "hq", "role": "lead"}
    assert found["studies"] == ["default"]
    assert (await ask(console, "show_study", "default"))["project"] == "p1"
    assert (await ask(console, "show_study", "other"))["error_code"] == "STUDY_NOT_FOUND"


@pytest.mark.parametrize("command", CHANGING)
async def test_changes_are_refused_with_what_to_do_instead(console, command):
    found = await ask(console, command, "mine")
    assert (found["error_code"], found["exit_code"]) == ("NOT_SUPPORTED", 1)
    assert "project" in found["hint"]
