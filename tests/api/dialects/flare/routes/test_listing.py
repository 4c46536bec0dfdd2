"""Which jobs there are."""

import json
from dataclasses import replace

from api.dialects.flare.routes import listing
from scheduler.domain.access import Role
from tests.api.conftest import issue
from tests.api.dialects.flare.requests.jobs import pack_job

SITES = {"app": ["server", "9999", "10000"]}


async def test_lists_have_the_oldest_first_and_a_limit_keeps_the_newest(console):
    jobs = [await console.submit(folder=f"j{n}", name=name) for n, name in enumerate(("one", "two", "onto"))]

    async def ids(*words):
        return [row["job_id"] for row in (await console.meta("list_jobs", *words))["jobs"]]

    assert await ids() == jobs
    assert await ids("-r") == jobs[::-1]
    assert await ids("-m", "1") == jobs[2:]
    assert await ids("-m", "-1") == jobs[1:]
    assert await ids("-m", "-1", "-r") == jobs[:0:-1]
    assert await ids("-m", "-9") == []
    assert await ids("-n", "on") == [jobs[0], jobs[2]]
    assert await ids("-n", "ON") == [jobs[0], jobs[2]]
    assert await ids(jobs[1]) == [jobs[1]]
    detailed = (await console.meta("list_jobs", "-d"))["jobs"]
    assert detailed[0]["deploy_map"] == {"app": ["@ALL"]}


async def test_who_reads_the_console_sees_the_jobs(console):
    assert (await console.send("list_jobs"))["data"][0]["data"] == "No jobs matching the specified criteria."
    job = await console.submit(folder="j", name="one")
    table, end = (await console.send("list_jobs"))["data"]
    head, row = table["rows"]
    assert head == ["JOB ID", "NAME", "STATUS", "SUBMIT TIME", "RUN DURATION"]
    assert row[:3] == [job, "one", "SUBMITTED"]
    assert end == {"type": "success", "data": ""}
    detailed, _ = (await console.send("list_jobs", "-d"))["data"]
    assert json.loads(detailed["data"])["job_id"] == job


async def test_a_user_s_own_jobs_are_not_a_namesake_s_of_another_organisation(console):
    console.gateway.tokens["namesake"] = issue(console.gateway.store, "lead", role=Role.LEAD, org="other", project="p1")
    for token in ("lead", "namesake"):
        own = replace(console, token=token)
        job = await own.submit()
        assert [row["job_id"] for row in (await own.meta("list_jobs", "-u"))["jobs"]] == [job]
    assert len((await console.meta("list_jobs"))["jobs"]) == 2


async def test_a_job_that_is_asked_for_is_found_however_many_came_since(console, monkeypatch):
    monkeypatch.setattr(listing, "MAX_LISTED", 2)
    first = (await console.meta("submit_job", "job", "--submit-token", "t", upload=pack_job(name="Wanted")))["job_id"]
    odd = await console.submit(name="\u00c4rger")
    for _ in range(2):
        newest = await console.submit(name="unwanted")
    for words in (("--submit-token", "t"), (first,), ("-n", "wanted"), ("-n", "WANT", first[:24])):
        rows = (await console.meta("list_jobs", *words))["jobs"]
        assert [row["job_id"] for row in rows] == [first], words
    rows = (await console.meta("list_jobs"))["jobs"]
    assert (len(rows), rows[-1]["job_id"]) == (2, newest)
    assert (await console.meta("list_jobs", "%"))["jobs"] == []
    monkeypatch.setattr(listing, "MAX_LISTED", 4)
    assert [row["job_id"] for row in (await console.meta("list_jobs", "-n", "\u00e4rg"))["jobs"]] == [odd]


async def test_jobs_of_other_dialects_are_in_the_list_too(console):
    job = await console.gateway.submit(name="native")
    rows = (await console.meta("list_jobs"))["jobs"]
    assert [(row["job_id"], row["job_name"], row["status"]) for row in rows] == [(job, "native", "SUBMITTED")]
    assert (await console.meta("get_job_meta", job))["job_meta"]["submitter_name"] == "admin"


async def test_wrong_options_are_refused(console):
    assert (await console.meta("list_jobs", "-x"))["status"] == "syntax_error"
    assert (await console.meta("list_jobs", "-m", "many"))["status"] == "syntax_error"
