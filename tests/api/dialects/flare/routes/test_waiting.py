"""Waiting for a job ends when its status changes, or after the given time."""

import asyncio
import time

import pytest

from api.keys import FEED


async def test_it_answers_when_the_status_changes(console):
    job = await console.submit()
    waiting = asyncio.create_task(console.meta("wait_job", job, "SUBMITTED", "100"))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    began = time.monotonic()
    await console.meta("abort_job", job)
    assert (await waiting)["job_meta"]["status"] == "FINISHED:ABORTED"
    assert time.monotonic() - began < 50


async def test_it_answers_at_once_where_the_status_is_another_already(console):
    job = await console.submit()
    assert (await console.meta("wait_job", job, "RUNNING", "30"))["job_meta"]["status"] == "SUBMITTED"


async def test_it_answers_after_the_time(console):
    job = await console.submit()
    assert (await console.meta("wait_job", job, "SUBMITTED", "0.1"))["job_meta"]["status"] == "SUBMITTED"


async def test_it_answers_after_the_time_though_the_job_changes_without_end(console):
    job = await console.submit()

    async def change():
        while True:
            console.gateway.app[FEED].tell([job])
            await asyncio.sleep(0)

    changing = asyncio.create_task(change())
    try:
        async with asyncio.timeout(60):
            assert (await console.meta("wait_job", job, "SUBMITTED", "0.2"))["job_meta"]["status"] == "SUBMITTED"
    finally:
        changing.cancel()


@pytest.mark.parametrize("seconds", ["x", "nan", "inf", "-1"])
async def test_a_time_that_is_none_is_refused(console, seconds):
    job = await console.submit()
    assert (await console.meta("wait_job", job, "SUBMITTED", seconds))["status"] == "syntax_error"


async def test_an_unknown_job_is_refused(console):
    assert (await console.meta("wait_job", "nope", "SUBMITTED", "1"))["status"] == "invalid_job_id"
    assert (await console.meta("wait_job"))["status"] == "syntax_error"
