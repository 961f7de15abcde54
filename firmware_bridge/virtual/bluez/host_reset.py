"""Resetting a host in the midst of what it does; Bumble's own reset is for a host at rest."""

import asyncio
from contextlib import suppress
from typing import Any

from bumble.device import Device
from bumble.hci import HCI_Error


async def reset(host: Device) -> None:
    """Reset a host: what waits on a link or for one fails at once, peers are told nothing."""
    untyped: Any = host
    with suppress(HCI_Error):  # the link came about in this moment
        await untyped.cancel_connection()
    # Answers to commands are lost from the beginning of a reset, and then Bumble waits ten seconds for them.
    while host.host.command_semaphore.locked():  # noqa: ASYNC110  # has no event, and lasts a turn or two of the loop
        await asyncio.sleep(0)
    await host.reset()
    host.host.connections.clear()  # Bumble keeps them over a reset
