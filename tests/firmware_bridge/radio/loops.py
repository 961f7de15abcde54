"""Tests that run in an event loop of their own."""

import asyncio
from functools import wraps


def in_a_loop(test):
    @wraps(test)
    def run(*arguments, **fixtures):
        asyncio.run(test(*arguments, **fixtures))

    return run


async def until(condition, seconds=30):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # the condition is the peers' and has no event
            await asyncio.sleep(0.005)
