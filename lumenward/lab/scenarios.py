"""The laboratory's scenarios: who does what, what is done to the line, and what must come of it, written by hand."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Final

from clinical.regimen import Prescription
from firmware_bridge.virtual.people import Begin, Deed, Script
from firmware_bridge.virtual.troubles import Trouble, Troubled
from lumenward.demo.scenario import LED, RF, DemoHome, Person, once_followed, steps
from lumenward.demo.verdict import Kind
from lumenward.lab import faults
from lumenward.lab.faults import Fault
from lumenward.lab.musts import (
    Must,
    both_accounts_are_kept,
    messages_were_meddled_with,
    quarantined_and_taken_again,
    whose_is_whose,
)
from lumenward.lab.packets import Damaging, Doubling, Shuffling
from lumenward.lab.relay import Wire
from vocabulary.identity import DeviceUid

Faults = Callable[[Random], Iterable[Fault]]

_TEN, _FIFTEEN, _CHEEK = Begin(0), Begin(2), Begin(0)
_UP: Final = "gw-upstairs"
_DOWN: Final = "gw-downstairs"


def _mask(name: str, tail: str, *acts: tuple[int, Begin | Deed]) -> Person:
    return _person(name, tail, _followed(acts), LED)


def _rf(name: str, tail: str, *acts: tuple[int, Begin | Deed]) -> Person:
    return _person(name, tail, _followed(acts), RF)


def _person(name: str, tail: str, script: Script, prescription: Prescription) -> Person:
    return Person(
        name=name,
        born=1970,
        product="mask" if prescription is LED else "rf",
        uid=DeviceUid(f"4c5700000000{tail}"),
        prescription=prescription,
        script=script,
    )


def _with_gaps(person: Person) -> Person:
    """The same, where the scenario keeps samples of the first session from everybody."""
    return replace(person, sessions_with_gaps=(1,))


def _followed(acts: Iterable[tuple[int, Begin | Deed]]) -> Script:
    return once_followed() + steps(timedelta(seconds=10), *acts)


def _home(gateway: str, *people: Person, troubles: tuple[Troubled, ...] = ()) -> DemoHome:
    return DemoHome(gateway=gateway, name=gateway, people=people, troubles=troubles)


_ADA: Final = _mask("Ada", "1a01", (20, _TEN))
_BEN: Final = _rf("Ben", "1a02", (60, _CHEEK))
_CLEO: Final = _mask("Cleo", "1b01", (40, _TEN))
_DORA: Final = replace(_mask("Dora", "1b02", (80, _TEN)), on_wifi=True)
_TWO_HOMES: Final = (_home(_UP, _ADA, _BEN), _home(_DOWN, _CLEO, _DORA))
_WIFI_SUFFERS: Final = (_home(_UP, _ADA, _BEN), _home(_DOWN, _CLEO, _with_gaps(_DORA)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named scenario.

    `allowed`: what the demo's verdict calls a problem and is none here, for the fault makes it so. `musts`: what must
    be so besides. `clocks_off`: by how much gateways' clocks are wrong. `small_disk`: the gateway whose disk is one.
    """

    name: str
    sentence: str
    homes: tuple[DemoHome, ...]
    faults: Faults
    allowed: frozenset[Kind] = frozenset()
    musts: tuple[Must, ...] = ()
    roles: tuple[str, ...] = ("ingest", "check")
    clocks_off: dict[str, timedelta] = field(default_factory=dict[str, timedelta])
    small_disk: str | None = None


def _moment(chance: Random, earliest_s: int, latest_s: int) -> timedelta:
    return timedelta(seconds=chance.uniform(earliest_s, latest_s))


def _brokers_wiped(chance: Random) -> Iterator[Fault]:
    for start_s in (60, 200, 340):
        yield from faults.broker_wiped(_moment(chance, start_s, start_s + 60))


def _everybody_killed(chance: Random) -> Iterator[Fault]:
    for place, name in enumerate(("ingest", _UP, "check", _DOWN, "ingest", "check")):
        yield from faults.killed(name, _moment(chance, 40 + 60 * place, 90 + 60 * place))


def _wire_cut(chance: Random) -> Iterator[Fault]:
    for start_s in (60, 180, 300):
        yield from faults.wire(Wire.CUT, _moment(chance, start_s, start_s + 40), _moment(chance, 20, 60))


def _wire_silent(chance: Random) -> Iterator[Fault]:
    yield from faults.wire(Wire.SILENT, _moment(chance, 60, 120), timedelta(seconds=300))


def _doubled(chance: Random) -> Iterator[Fault]:
    yield from faults.mischief(Doubling, chance, _moment(chance, 20, 60), timedelta(seconds=400))


def _shuffled(chance: Random) -> Iterator[Fault]:
    yield from faults.mischief(Shuffling, chance, _moment(chance, 20, 60), timedelta(seconds=400))
    yield from faults.frozen("ingest", _moment(chance, 100, 160), timedelta(seconds=60))


def _damaged(chance: Random) -> Iterator[Fault]:
    yield from faults.mischief(Damaging, chance, _moment(chance, 40, 80), timedelta(seconds=120))


def _disk_filled(chance: Random) -> Iterator[Fault]:
    yield from faults.disk_full(_UP, _moment(chance, 60, 200), timedelta(seconds=200))


def _nothing(_chance: Random) -> Iterator[Fault]:
    return iter(())


def _to_cleo(chance: Random) -> Iterator[Fault]:
    yield from faults.handed_over(_TWICE, _CLEO, _moment(chance, 640, 680))


_TWICE: Final = _mask("Ada", "1a01", (20, _TEN), (720, _TEN))
_UNPLUGGED: Final = _mask("Ada", "1a01", (20, _TEN), (200, Deed.POWER_LOST), (260, Deed.POWER_BACK), (300, _TEN))
_TROUBLES: Final = (
    Troubled(at=timedelta(seconds=300), trouble=Trouble.ADAPTER_GONE),
    Troubled(at=timedelta(seconds=360), trouble=Trouble.ADAPTER_BACK),
    Troubled(at=timedelta(seconds=520), trouble=Trouble.BUS_RESTARTS),
)
_CLONE: Final = _mask("Clone", "1a01", (20, _FIFTEEN))

SCENARIOS: Final = MappingProxyType(
    {
        one.name: one
        for one in (
            Scenario(
                name="broker-wiped",
                sentence="The broker dies three times in mid-stream and comes back empty.",
                homes=_WIFI_SUFFERS,
                faults=_brokers_wiped,
                allowed=frozenset({Kind.LATE}),
            ),
            Scenario(
                name="killed",
                sentence="Gateways, ingest and checker die in turn, at once and without a word.",
                homes=_TWO_HOMES,
                faults=_everybody_killed,
                allowed=frozenset({Kind.LATE, Kind.UNPLANNED_GAP}),
            ),
            Scenario(
                name="wire-cut",
                sentence="The wire between the homes and their broker is cut three times.",
                homes=_TWO_HOMES,
                faults=_wire_cut,
            ),
            Scenario(
                name="black-hole",
                sentence="The wire takes everything, and hands nothing on, for a while.",
                homes=_TWO_HOMES,
                faults=_wire_silent,
            ),
            Scenario(
                name="duplicates",
                sentence="Messages arrive once, twice or three times.",
                homes=_TWO_HOMES,
                faults=_doubled,
                musts=(messages_were_meddled_with,),
            ),
            Scenario(
                name="reordering",
                sentence="Messages arrive in another order, and late.",
                homes=_TWO_HOMES,
                faults=_shuffled,
                musts=(messages_were_meddled_with,),
            ),
            Scenario(
                name="corrupt-frames",
                sentence="One bit of every other batch is another when it arrives.",
                homes=_TWO_HOMES,
                faults=_damaged,
                allowed=frozenset({Kind.QUARANTINED}),
                musts=(quarantined_and_taken_again,),
            ),
            Scenario(
                name="power-cut",
                sentence="A mask loses its power in a session, comes back without a clock, and goes on.",
                homes=(_home(_UP, _with_gaps(_UNPLUGGED), _BEN),),
                faults=_nothing,
                allowed=frozenset({Kind.ALERT}),
            ),
            Scenario(
                name="adapter-gone",
                sentence="The Bluetooth adapter is pulled out and put back, and the bus dies and comes back.",
                homes=(_home(_UP, _with_gaps(_ADA), _with_gaps(_BEN), troubles=_TROUBLES),),
                faults=_nothing,
            ),
            Scenario(
                name="disk-full",
                sentence="A gateway's disk has no byte left for a while.",
                homes=_TWO_HOMES,
                faults=_disk_filled,
                small_disk=_UP,
                allowed=frozenset({Kind.LATE}),
            ),
            Scenario(
                name="1970",
                sentence="A gateway believes that it is 1970.",
                homes=_TWO_HOMES,
                faults=_nothing,
                clocks_off={_UP: datetime(1970, 1, 1, tzinfo=UTC) - datetime(2026, 1, 1, tzinfo=UTC)},
            ),
            Scenario(
                name="cloned-serial",
                sentence="Two masks in two homes have one serial number.",
                homes=(_home(_UP, _ADA), _home(_DOWN, _CLONE)),
                faults=_nothing,
                allowed=frozenset({Kind.RECORD, Kind.SAMPLES, Kind.CONFLICT, Kind.UNPLANNED_GAP, Kind.ALERT}),
                musts=(both_accounts_are_kept,),
            ),
            Scenario(
                name="two-people",
                sentence="A mask is given to somebody else, who uses it too.",
                homes=(_home(_UP, _TWICE), _home(_DOWN, _CLEO)),
                faults=_to_cleo,
                allowed=frozenset({Kind.ALERT}),
                musts=(whose_is_whose,),
            ),
        )
    }
)
"""By name."""
