import asyncio

from api.endings import end_tasks


async def test_tasks_end_although_one_swallows_the_first_cancellation():
    async def stubborn():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(asyncio.sleep(60))]
    await asyncio.sleep(0)
    async with asyncio.timeout(50):
        await end_tasks(tasks)
    assert all(task.done() for task in tasks)


async def test_ended_tasks_are_no_problem():
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    await end_tasks([task])
    await end_tasks([])
