from dataclasses import replace

import pytest

from scheduler.domain.access import Role
from tests.api.conftest import issue
from tests.api.dialects.flare.requests.jobs import pack_job

SITES = ("--site-org", "hq:9999", "--site-org", "other:10000")


async def ask(console, *words, token="admin"):
    reply = await replace(console, token=token).send(*words)
    assert reply["meta"]["status"] == "ok", reply
    return reply["data"][0]["data"]


@pytest.fixture
async def heart(console):
    """A study with one site, in which lead and admin work; and lead's session in it."""
    await ask(console, "register_study", "heart", "--site-org", "hq:9999")
    await ask(console, "add_study_user", "heart", "lead")
    return replace(console, study="heart")


async def test_a_study_is_registered_shown_changed_and_removed(console):
    made = await ask(console, "register_study", "heart", *SITES)
    assert made == {"name": "heart", "site_orgs": {"hq": ["9999"], "other": ["10000"]}, "sites": ["10000", "9999"],
                    "users": ["admin"], "user_orgs": {"hq": ["admin"]}}  # fmt: skip
    assert await ask(console, "show_study", "heart") == made
    gone = await ask(console, "remove_study_site", "heart", "--site-org", "other:10000,77")
    assert (gone["removed"], gone["not_enrolled"], gone["sites"]) == (["10000"], ["77"], ["9999"])
    back = await ask(console, "add_study_site", "heart", *SITES)
    assert (back["added"], back["already_enrolled"]) == (["10000"], ["9999"])
    lead = {"study": "heart", "user": "lead", "org": "hq"}
    assert await ask(console, "add_study_user", "heart", "lead") == lead
    assert await ask(console, "remove_study_user", "heart", "lead") == {**lead, "removed": True}
    assert await ask(console, "remove_study", "heart") == {"name": "heart", "removed": True}
    assert (await ask(console, "show_study", "heart"))["error_code"] == "STUDY_NOT_FOUND"


@pytest.mark.parametrize(
    ("token", "words", "code", "exit_code"),
    [
        ("admin", ("register_study", "Heart!", *SITES), "INVALID_STUDY_NAME", 4),
        ("admin", ("register_study", "default", *SITES), "INVALID_STUDY_NAME", 4),
        ("admin", ("register_study", "lung", "--sites", "9999"), "INVALID_ARGS", 4),
        ("admin", ("register_study", "lung", "--site-org", "hq:10000"), "INVALID_SITE", 4),
        ("org_admin", ("register_study", "lung", "--sites", "10000"), "INVALID_SITE", 4),
        ("other_org_admin", ("register_study", "heart", "--sites", "10000"), "STUDY_ALREADY_EXISTS", 1),
        ("other_org_admin", ("add_study_site", "heart", "--sites", "10000"), "STUDY_NOT_FOUND", 1),
        ("other_org_admin", ("show_study", "heart"), "STUDY_NOT_FOUND", 1),
        ("admin", ("add_study_user", "heart", "lead"), "USER_ALREADY_IN_STUDY", 1),
        ("admin", ("remove_study_user", "heart", "max"), "USER_NOT_IN_STUDY", 1),
        ("admin", ("add_study_user", "heart", "other_lead"), "INVALID_ARGS", 4),
        ("admin", ("add_study_user", "heart", "hq:"), "INVALID_STUDY_NAME", 4),
        ("admin", ("list_studies", "heart"), "INVALID_ARGS", 4),
        ("admin", ("remove_study",), "INVALID_STUDY_NAME", 4),
    ],
)
async def test_refusals_stand_in_the_payload_with_flare_s_codes(heart, token, words, code, exit_code):
    found = await ask(replace(heart, study=""), *words, token=token)
    assert (found["error_code"], found["exit_code"]) == (code, exit_code)
    assert found["message"]


@pytest.mark.parametrize(
    ("token", "words", "message", "hint"),
    [
        ("other_org_admin", ("show_study", "heart"), "Study 'heart' not found.",
         "Verify the study name. If the study exists and you expect access, contact a project_admin."),
        ("other_org_admin", ("remove_study_site", "heart", "--sites", "10000"), "Study 'heart' not found.",
         "Verify the study name. If the study exists and you expect access, contact a project_admin."),
        ("other_org_admin", ("register_study", "heart", "--sites", "10000"), "Study 'heart' already exists.",
         "The study name is already taken. Contact a project_admin to grant access."),
        ("admin", ("register_study", "lung", "--site-org", "hq:10000"),
         "Sites ['10000'] are unknown or do not belong to org 'hq'.",
         "Each site must be a registered party of the specified organisation."),
        ("admin", ("remove_study", "heart"), "Study 'heart' has 1 associated job(s) and cannot be removed.",
         "Archive or delete the associated jobs before retrying."),
        ("admin", ("add_study_user", "heart", "lead"), "User 'lead' is already in study 'heart'.",
         "Use a different user or remove the existing entry first."),
        ("admin", ("remove_study_user", "heart", "max"), "User 'max' is not in study 'heart'.",
         "Use add-user to add the user first."),
        ("admin", ("add_study_user", "heart", "other_lead"),
         "User 'other_lead' is known, but not in organisation 'hq': write other:other_lead.",
         "Name the user's organisation, as organisation:user."),
        ("admin", ("list_studies", "heart"), "list_studies does not accept arguments", ""),
    ],
)  # fmt: skip
async def test_refusals_say_what_is_wrong_and_what_to_change(heart, token, words, message, hint):
    await heart.submit(min_clients=1)
    found = await ask(replace(heart, study=""), *words, token=token)
    assert (found["message"], found["hint"]) == (message, hint)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("lead", ("register_study", "lung", "--sites", "9999")),
        ("member", ("show_study", "heart")),
        ("org_admin", ("remove_study", "heart")),
    ],
)
async def test_only_administrators_change_studies(heart, token, words):
    assert (await replace(heart, study="", token=token).meta(*words))["status"] == "not_authorized"


async def test_everybody_sees_the_studies_that_concern_them(heart):
    outside = replace(heart, study="")
    for token, studies in (("admin", ["heart"]), ("org_admin", ["heart"]), ("lead", ["heart"]), ("member", []),
                           ("other_org_admin", [])):  # fmt: skip
        assert (await ask(outside, "list_studies", token=token))["studies"] == studies
    found = await ask(outside, "list_studies", token="lead")
    assert found["identity"] == {"name": "lead", "org": "hq", "role": "lead"}
    assert found["study_details"] == [
        {"name": "heart", "role": "lead", "capabilities": {"submit_job": True}, "can_submit_job": True}
    ]
    seen = (await ask(outside, "list_studies", token="org_admin"))["study_details"][0]
    assert (seen["can_submit_job"], "not mapped" in seen["reason"]) == (False, True)


async def test_only_its_users_enter_a_study_and_are_told_why_not(heart):
    assert (await heart.meta("_check_session"))["status"] == "ok"
    refused = await replace(heart, token="member").meta("_check_session")
    assert (refused["status"], refused["auth_code"]) == ("not_authenticated", "AUTH_STUDY_USER_NOT_MAPPED")
    assert refused["info"] == "user 'member' is not mapped to study 'heart'"
    unknown = await replace(heart, study="lung").meta("list_jobs")
    assert (unknown["status"], unknown["auth_code"]) == ("not_authenticated", "AUTH_UNKNOWN_STUDY")
    await ask(replace(heart, study=""), "remove_study_user", "heart", "lead")
    assert (await heart.meta("list_jobs"))["status"] == "not_authenticated"


async def test_a_study_s_jobs_are_its_own(heart):
    outside = replace(heart, study="")
    job = await heart.submit(min_clients=1)
    other = await outside.submit()
    meta = (await heart.meta("get_job_meta", job))["job_meta"]
    assert (meta["study"], meta["submitter_name"]) == ("heart", "lead")
    assert [row["job_id"] for row in (await heart.meta("list_jobs"))["jobs"]] == [job]
    assert [(row["job_id"], row["study"]) for row in (await outside.meta("list_jobs"))["jobs"]] == [(other, "default")]
    assert (await outside.meta("get_job_meta", job))["status"] == "invalid_job_id"
    assert (await heart.meta("abort_job", other))["status"] == "invalid_job_id"
    found = await ask(outside, "remove_study", "heart")
    assert (found["error_code"], "1 associated job" in found["message"]) == ("STUDY_HAS_JOBS", True)
    await heart.meta("abort_job", job)
    await heart.meta("delete_job", job)
    assert (await ask(outside, "remove_study", "heart"))["removed"]


async def test_only_its_sites_run_a_study_s_jobs(heart):
    named = {"app": ["server", "9999", "10000"]}
    refused = await heart.meta("submit_job", "job", upload=pack_job(deploy_map=named))
    assert (refused["status"], refused["info"]) == (
        "invalid_job_def",
        "site '10000' is not enrolled in study 'heart'",
    )
    assert (await heart.meta("submit_job", "job", upload=pack_job()))["info"].startswith("min 2 clients required")
    await heart.submit(min_clients=1)
    parties = heart.gateway.dispatch()
    assert set(parties) == {"server", "9999"}


async def test_a_copy_of_a_job_runs_at_no_site_that_has_left_the_study(heart):
    outside = replace(heart, study="")
    await ask(outside, "add_study_site", "heart", "--site-org", "other:10000")
    job = await heart.submit()
    await heart.meta("abort_job", job)
    await ask(outside, "remove_study_site", "heart", "--site-org", "other:10000")
    refused = await heart.meta("clone_job", job)
    assert (refused["status"], refused["info"]) == (
        "invalid_job_def",
        "site '10000' is not enrolled in study 'heart'",
    )
    await ask(outside, "add_study_site", "heart", "--site-org", "other:10000")
    assert (await heart.meta("clone_job", job))["status"] == "ok"


async def test_in_a_study_there_are_no_other_sites(heart):
    assert (await heart.meta("report_version", "client"))["status"] == "ok"
    found = (await heart.send("report_version", "all"))["data"][0]["data"]
    assert set(found) == {"server", "9999"}
    assert (await heart.meta("report_version", "client", "10000"))["status"] == "invalid_target"


async def test_a_submit_token_is_the_study_s(heart):
    given = ("submit_job", "job", "--submit-token", "t")
    one = await heart.meta(*given, upload=pack_job(min_clients=1))
    two = await replace(heart, study="").meta(*given, upload=pack_job(min_clients=1))
    assert one["job_id"] != two["job_id"]


async def test_administering_from_inside_a_study_means_the_project_s_studies(heart):
    inside = replace(heart, token="admin")
    assert (await inside.send("list_studies"))["data"][0]["data"]["studies"] == ["heart"]
    assert (await inside.meta("list_jobs"))["status"] == "ok"


async def test_what_is_no_study_is_refused(console):
    answer = await console.gateway.post("/flare/v1/commands/list_jobs", {"words": [], "study": 7}, token="lead")
    assert answer.json["meta"]["status"] == "syntax_error"


@pytest.fixture
def namesake(heart):
    """The session in the study of somebody whom another organisation calls as the study's user is called."""
    heart.gateway.tokens["namesake"] = issue(heart.gateway.store, "lead", role=Role.LEAD, org="other", project="p1")
    return replace(heart, token="namesake")


async def test_a_namesake_of_another_organisation_does_not_enter_a_study(heart, namesake):
    job = await heart.submit(min_clients=1)
    for command in (("_check_session",), ("list_jobs",), ("get_job_meta", job)):
        refused = await namesake.meta(*command)
        assert (refused["status"], refused["auth_code"]) == ("not_authenticated", "AUTH_STUDY_USER_NOT_MAPPED")
        assert refused["info"] == (
            "user 'lead' is not mapped to study 'heart': a user of that name is, of another organisation than 'other'"
        )
    assert (await ask(replace(namesake, study=""), "list_studies", token="namesake"))["studies"] == []
    assert (await heart.meta("_check_session"))["status"] == "ok"


async def test_namesakes_of_two_organisations_are_two_users(heart, namesake):
    outside = replace(heart, study="")
    added = await ask(outside, "add_study_user", "heart", "other:lead")
    assert added == {"study": "heart", "user": "lead", "org": "other"}
    shown = await ask(outside, "show_study", "heart")
    assert shown["users"] == ["admin", "lead"]
    assert shown["user_orgs"] == {"hq": ["admin", "lead"], "other": ["lead"]}
    assert (await namesake.meta("_check_session"))["status"] == "ok"
    await ask(outside, "remove_study_user", "heart", "lead")
    assert (await heart.meta("_check_session"))["status"] == "not_authenticated"
    assert (await namesake.meta("_check_session"))["status"] == "ok"
