"""Telling a device something: whatever comes of it, a fault on the way too, is an answer.

An answer leaves the home, and so no Bluetooth address is in it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from gateway.addresses import struck
from gateway.errors import LinkError, LinkRefused, LinkStale, LinkUnsupported
from gateway.reach import Commands
from vocabulary.wire.batches import OrderOutcome
from vocabulary.wire.limits import REASON

STOP_S: Final = 5.0
"""How long a device may take to say that it has stopped, before it is told again."""

PERMIT_S: Final = 60.0
"""How long it may take to hand over a permit."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of telling a device something, and why in words where it did not do it."""

    outcome: OrderOutcome
    detail: str = ""


DONE: Final = Answer(OrderOutcome.DONE)
OUT_OF_REACH: Final = Answer(OrderOutcome.UNREACHABLE, "the device is out of reach")


async def tell_to_stop(commands: Commands | None, limit_s: float = STOP_S) -> Answer:
    """Have a device stop."""
    return await _tell(commands, lambda device: device.stop(), limit_s)


async def hand_over(commands: Commands | None, permit: bytes) -> Answer:
    """Give a device its permit."""
    return await _tell(commands, lambda device: device.permit(permit), PERMIT_S)


async def _tell(commands: Commands | None, ask: Callable[[Commands], Awaitable[None]], limit_s: float) -> Answer:
    if commands is None:
        return OUT_OF_REACH
    try:
        async with asyncio.timeout(limit_s):
            await ask(commands)
    except TimeoutError:
        return Answer(OrderOutcome.UNREACHABLE, f"no answer in {limit_s:g} s")
    except LinkError as failure:
        return Answer(_outcome(failure), struck(f"{failure.step}: {failure.problem}")[:REASON])
    except Exception as fault:  # noqa: BLE001 - one device's commands must not end what watches over the others
        _log.exception("a fault of ours; the other devices of the home go on")
        return Answer(OrderOutcome.REFUSED, struck(str(fault))[:REASON])
    return DONE


def _outcome(failure: LinkError) -> OrderOutcome:
    if isinstance(failure, LinkUnsupported):
        return OrderOutcome.UNSUPPORTED
    refused = isinstance(failure, LinkRefused) and not isinstance(failure, LinkStale)  # the next link finds its way
    return OrderOutcome.REFUSED if refused else OrderOutcome.UNREACHABLE
