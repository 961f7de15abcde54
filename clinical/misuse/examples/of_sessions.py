"""The examples of the rules that judge one session."""

from datetime import date, timedelta
from typing import Final

from msgspec.structs import replace

from clinical.facts import DeviceFacts, Wearer
from clinical.misuse.examples.kinds import Example, OfSession, examples
from clinical.misuse.examples.sessions import (
    EXACT,
    HOUR,
    MINUTE,
    PLANNED,
    RED,
    TOLD,
    heated,
    joules,
    masked,
    rested,
    samples,
    session,
    touched,
    tripped,
    unseen,
)
from clinical.verdicts import Outcome
from vocabulary.devices import Fault, Feature, Modality, Zone

SECOND: Final = timedelta(seconds=1)
FIRES, CLEAR, UNDETERMINED = Outcome.FIRES, Outcome.CLEAR, Outcome.UNDETERMINED


def untold(**changes: object) -> OfSession:
    """A session without a temperature."""
    return session(highest_skin_celsius=None, samples=samples((None,) * 60), **changes)


HEAT: Final[tuple[Example, ...]] = (
    *examples(
        "too-hot",
        fires=("43.0 °C for 2 s, the limit is 42.5 °C", heated(40.0, 43.0, 43.0, 43.0, 40.0)),
        silent=("42.0 °C", heated(40.0, 41.0, 42.0)),
        boundary=("42.6 °C for 2 s by a sensor that is 0.1 °C wrong at most", heated(*[42.6] * 3), UNDETERMINED),
        undetermined=("44.0 °C by the record, and no sample of when", unseen(44.0)),
    ),
    *examples(
        "too-hot",
        fires=(
            "43.0 °C for 2 s by a device that does not name its skin sensor",
            heated(43.0, 43.0, 43.0, features=(Feature.CONTACT,)),
        ),
        silent=("no temperature, by a device that names no skin sensor", untold(features=(Feature.CONTACT,))),
        boundary=("no temperature, by a device that has not said what it has", untold(features=()), UNDETERMINED),
        undetermined=("no temperature, by a device with a skin sensor", untold()),
    ),
    *examples(
        "energy-after-trip",
        fires=("the cut-off trips, and 10 W go on for 3 s", tripped(10.0, 10.0, 10.0)),
        silent=(
            "the cut-off trips, nothing flows for 2 s, and then the cooled device goes on",
            tripped(0, 0, *[10.0] * 9),
        ),
        boundary=("10 W for 2 s after the trip", tripped(10.0, 10.0), CLEAR),
        undetermined=(
            "the record tells of over-temperature and of an end as planned; three minutes were not seen",
            session(samples=samples((40.0,) * 60), missing=180, told=replace(TOLD, faults=(Fault.OVER_TEMPERATURE,))),
        ),
    ),
    *examples(
        "thermal-dose-harmful",
        fires=("46 °C for 150 s, worth 20 min", heated(*[46.0] * 150)),
        silent=("40 °C for 4 min", heated(*[40.0] * 240)),
        boundary=("44 °C for 450 s, worth 15 min exactly", heated(*[44.0] * 450, exact=True), FIRES),
        undetermined=("46.0 °C by the record, and three minutes that nobody saw", unseen(46.0)),
    ),
    *examples(
        "thermal-dose-high",
        fires=("44 °C for 4 min, worth 8 min", heated(*[44.0] * 240)),
        silent=("46 °C for 150 s, worth 20 min: thermal-dose-harmful tells of it", heated(*[46.0] * 150)),
        boundary=("43 °C for 5 min", heated(*[43.0] * 300, exact=True), FIRES),
        undetermined=("44.5 °C by the record, and three minutes that nobody saw", unseen(44.5)),
    ),
    *examples(
        "thermal-dose-raised",
        fires=("43 °C for 3 min", heated(*[43.0] * 180)),
        silent=("42 °C for 4 min, worth 1 min", heated(*[42.0] * 240)),
        boundary=("43 °C for 2 min", heated(*[43.0] * 120, exact=True), FIRES),
        undetermined=("43.0 °C by the record, and three minutes that nobody saw", unseen(43.0)),
    ),
    *examples(
        "thermal-dose-noted",
        fires=("42.3 °C for 4 min, worth 1.5 min", heated(*[42.3] * 240)),
        silent=("41 °C for 4 min, worth a quarter", heated(*[41.0] * 240)),
        boundary=("42 °C for 4 min, worth 1 min exactly", heated(*[42.0] * 240, exact=True), FIRES),
        undetermined=("42 °C for 4 min by a sensor that is 0.1 °C wrong at most", heated(*[42.0] * 240)),
    ),
)

AMOUNT: Final[tuple[Example, ...]] = (
    *examples(
        "over-dose",
        fires=("2,700 J ± 10 %, the limit is 2,400 J", joules(2700)),
        silent=("1,800 J", joules(1800)),
        boundary=("2,400 J by a device without doubt", joules(2400, calibration=EXACT), CLEAR),
        undetermined=("2,500 J ± 10 %", joules(2500)),
    ),
    *examples(
        "under-dose",
        fires=("1,200 J ± 10 % of 1,800 J", joules(1200)),
        silent=("1,800 J", joules(1800)),
        boundary=("1,440 J of 1,800 J, 80 %, by a device without doubt", joules(1440, calibration=EXACT), CLEAR),
        undetermined=("1,450 J ± 10 %", joules(1450)),
    ),
    *examples(
        "too-long",
        fires=("302 s, the limit is 300 s", session(active=302 * SECOND)),
        silent=("240 s", session()),
        boundary=("301 s, within the second in which records count", session(active=301 * SECOND), CLEAR),
        undetermined=("240 s so far", session(recorded=False)),
    ),
    *examples(
        "too-short",
        fires=("2 min of 4", session(active=2 * MINUTE)),
        silent=("4 min of 4", session()),
        boundary=("191 s: 80 % of 4 min, less the second in which records count", session(active=191 * SECOND), CLEAR),
        undetermined=("1 min so far", session(active=MINUTE, recorded=False)),
    ),
    *examples(
        "too-soon",
        fires=("2 h after the session before, the shortest rest is 24 h", rested(2 * HOUR)),
        silent=("the first session", session()),
        boundary=("24 h", rested(24 * HOUR), CLEAR),
        undetermined=("between 23 and 25 h, by a clock that is no better", rested(23 * HOUR, 25 * HOUR)),
    ),
)

PROGRAMME: Final[tuple[Example, ...]] = (
    *examples(
        "wrong-programme",
        fires=("programme 2, prescribed is 0", session(told=replace(TOLD, program=2))),
        silent=("programme 0", session()),
        boundary=(
            "programme 2 where any will do",
            session(told=replace(TOLD, program=2), planned=replace(PLANNED, programs=())),
            CLEAR,
        ),
        undetermined=("no record yet", session(told=None, recorded=False)),
    ),
    *examples(
        "wrong-zone",
        fires=(
            "the neck, prescribed is the left cheek",
            session(told=replace(TOLD, zones=(Zone.CHEEK_LEFT, Zone.NECK))),
        ),
        silent=("the left cheek", session()),
        boundary=(
            "the chin where the whole face is prescribed",
            session(told=replace(TOLD, zones=(Zone.CHIN,)), planned=replace(PLANNED, zones=(Zone.WHOLE_FACE,))),
            CLEAR,
        ),
        undetermined=("the device names no zone", session(told=replace(TOLD, zones=()))),
    ),
    *examples(
        "wrong-level",
        fires=("15 W, prescribed are 8 to 12", session(samples=replace(samples(), level=(15.0,) * 240))),
        silent=("10 W", session()),
        boundary=(
            "12 W by a device without doubt",
            session(samples=replace(samples(), level=(12.0,) * 240), calibration=EXACT),
            CLEAR,
        ),
        undetermined=("12.5 W ± 10 %", session(samples=replace(samples(), level=(12.5,) * 240))),
    ),
    *examples(
        "contraindicated",
        fires=(
            "blue light, and the patient takes doxycycline",
            masked(60, 0, wearer=Wearer(phototype="II", photosensitised=True)),
        ),
        silent=("phototype III, and the regimen is for I to IV", session()),
        boundary=(
            "phototype V, and the regimen is for I to IV",
            session(wearer=Wearer(phototype="V", photosensitised=False)),
            FIRES,
        ),
        undetermined=("nobody noted the phototype", session(wearer=Wearer(phototype=None, photosensitised=False))),
    ),
    *examples(
        "no-regimen",
        fires=("nobody prescribed anything", session(regimen=None, planned=None)),
        silent=("a regimen was in force", session()),
        boundary=(
            "the last phase of the regimen ended the day before",
            session(regimen=None, planned=None, ran_out=date(2026, 3, 29)),
            FIRES,
        ),
        undetermined="a session that nothing places counts as when it was first heard of, so there is an answer",
    ),
)

WEAR: Final[tuple[Example, ...]] = (
    *examples(
        "eye-shield-off",
        fires=("blue light for a minute without the shield", masked(0, 60)),
        silent=(
            "red light for a minute without the shield",
            masked(0, 60, device=DeviceFacts(outputs=(RED,))),
        ),
        boundary=("blue light for 10 s without the shield", masked(50, 10), CLEAR),
        undetermined=(
            "a minute without the shield, of light that nobody has measured",
            masked(0, 60, device=DeviceFacts(outputs=())),
        ),
    ),
    *examples(
        "contact-lost",
        fires=("16 s without contact of 116, the grace is 15 s", touched(100, 16)),
        silent=("contact all the time", session()),
        boundary=("30 s without contact of 600, a twentieth", touched(570, 30), CLEAR),
        undetermined=("20 of 60 samples arrived", touched(20, 0, missing=40)),
    ),
    *examples(
        "not-worn",
        fires=("no contact at all", touched(0, 100)),
        silent=("contact all the time", session()),
        boundary=("contact for a tenth of the time", touched(10, 90), FIRES),
        undetermined=(
            "a mask without a contact sensor, and skin that warms by 1 °C",
            heated(33.0, 33.5, 34.0, features=(Feature.SKIN_TEMPERATURE,), modality=Modality.LED),
        ),
    ),
)

DEVICE: Final[tuple[Example, ...]] = (
    *examples(
        "clock-unknown",
        fires=("nothing places the session", session(started=None)),
        silent=("seen as it happened", session()),
        boundary=(
            "nothing places the session yet, and its record is not here",
            session(started=None, recorded=False),
            UNDETERMINED,
        ),
        undetermined=("no record, no sighting", session(started=None, recorded=False, samples=samples(()))),
    ),
)
