"""What fate does to a home's dongle and its bus, as data."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from firmware_bridge.virtual.bluez import VirtualBluez
from firmware_bridge.virtual.fields import Fields


class Trouble(StrEnum):
    """What can happen to a home's radio."""

    ADAPTER_GONE = "adapter gone"
    ADAPTER_BACK = "adapter back"
    BUS_RESTARTS = "bus restarts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    """A trouble, at a time from the start of the scenario."""

    at: timedelta
    trouble: Trouble


def read_troubled(fields: Fields) -> Troubled:
    """One trouble: `{"at_s": 300, "trouble": "adapter gone"}`."""
    trouble = fields.choice("trouble", {one.value: one for one in Trouble})
    return Troubled(at=fields.seconds("at_s"), trouble=trouble)


def dump_troubled(troubled: Troubled) -> dict[str, object]:
    """What `read_troubled` reads, as values for JSON."""
    return {"at_s": troubled.at.total_seconds(), "trouble": troubled.trouble.value}


async def befall(troubles: Iterable[Troubled], bluez: VirtualBluez, until: Callable[[timedelta], timedelta]) -> None:
    """Let troubles happen, each at its time; `until` gives the real time that is left to one."""
    for troubled in sorted(troubles, key=lambda one: one.at):
        await asyncio.sleep(max(timedelta(0), until(troubled.at)).total_seconds())
        match troubled.trouble:
            case Trouble.ADAPTER_GONE:
                await bluez.unplug()
            case Trouble.ADAPTER_BACK:
                await bluez.plug_in()
            case Trouble.BUS_RESTARTS:
                bluez.restart_bus()
