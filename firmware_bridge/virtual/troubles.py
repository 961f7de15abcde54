"""What fate does to a home's dongle and its bus, as data."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

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


class Radio(Protocol):
    """What troubles befall: a home's dongle and its bus."""

    async def unplug(self) -> None:
        """The dongle goes."""

    async def plug_in(self) -> None:
        """It comes back."""

    def restart_bus(self) -> None:
        """The bus forgets everybody."""


async def befall(troubles: Iterable[Troubled], radio: Radio, until: Callable[[timedelta], timedelta]) -> None:
    """Let troubles happen, each at its time; `until` gives the real time that is left to one."""
    for troubled in sorted(troubles, key=lambda one: one.at):
        await asyncio.sleep(max(timedelta(0), until(troubled.at)).total_seconds())
        match troubled.trouble:
            case Trouble.ADAPTER_GONE:
                await radio.unplug()
            case Trouble.ADAPTER_BACK:
                await radio.plug_in()
            case Trouble.BUS_RESTARTS:
                radio.restart_bus()
