"""The homes of a demo that people look at: those of the scenario with a past, and some who begin later."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from firmware_bridge.virtual.people import Script
from lumenward.demo.scenario import (
    LED,
    LEFT_CHEEK,
    RF,
    SCENARIO,
    TEN_MINUTES,
    DemoHome,
    Person,
    evenings,
    once_followed,
    steps,
)
from vocabulary.identity import DeviceUid

RATE: Final = 20.0
"""How much faster than life it runs: slow enough to watch a session, fast enough to see one to its end."""

LEAD: Final = timedelta(minutes=27)
"""How far in the past it starts: the scenario is over when it meets the present."""

_LED_DAYS: Final = {
    "Anna Lind": (13, 12, 11),
    "Kofi Osei": (13, 12, 10, 9, 8, 6, 5, 3, 2, 1),
    "Paolo Conti": (13, 11, 10, 9, 7, 5, 4, 2),
    "Chiara Bassi": (13, 12, 11, 10, 8, 7, 5, 4, 3, 1),
}
_RF_DAYS: Final = {
    "Erik Lind": (13, 11, 9, 6, 4, 2),
    "Mia Lind": (12, 9, 7, 5, 2),
    "Ama Osei": (13, 11, 8, 6, 4, 2),
    "Lucia Conti": (12, 10, 5, 3),
}
_PASTS: Final[Mapping[str, Script]] = {
    **{name: evenings(*days, start=TEN_MINUTES, lasts_s=600) for name, days in _LED_DAYS.items()},
    **{name: evenings(*days, start=LEFT_CHEEK, lasts_s=240) for name, days in _RF_DAYS.items()},
}
"""What the scenario's people did on earlier days; the others' past is the scenario's, or they have none."""

_LATER: Final[Mapping[str, Person]] = {
    "gw-lindenweg": Person(
        name="Jonas Berg",
        born=1969,
        product="mask",
        uid=DeviceUid("4c57000000000a04"),
        prescription=LED,
        script=evenings(13, 12, 11, 9, 8, 7, 5, 4, 2, 1, start=TEN_MINUTES, lasts_s=600)
        + once_followed()
        + steps(timedelta(minutes=14), (0, TEN_MINUTES)),
    ),
    "gw-harbour": Person(
        name="Esi Boateng",
        born=1983,
        product="rf",
        uid=DeviceUid("4c57000000000b04"),
        prescription=RF,
        script=evenings(12, 10, 8, 5, 3, start=LEFT_CHEEK, lasts_s=240)
        + once_followed()
        + steps(timedelta(minutes=24), (0, LEFT_CHEEK)),
    ),
    "gw-viaroma": Person(
        name="Noemi Greco",
        born=1955,
        product="mask",
        uid=DeviceUid("4c57000000000c05"),
        prescription=LED,
        script=evenings(13, 11, 10, 8, 6, 5, 3, 2, start=TEN_MINUTES, lasts_s=600)
        + once_followed()
        + steps(timedelta(minutes=28), (0, TEN_MINUTES)),
    ),
}
"""In each home somebody who begins when the others have ended; the last of them treats herself in the present."""


def _with_past(person: Person) -> Person:
    return replace(person, script=_PASTS.get(person.name, ()) + person.script)


OPEN_HOUSE: Final = tuple(
    DemoHome(gateway=home.gateway, name=home.name, people=(*map(_with_past, home.people), _LATER[home.gateway]))
    for home in SCENARIO
)
