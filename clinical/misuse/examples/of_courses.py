"""The examples of the rules that judge a course of sessions."""

from datetime import timedelta
from typing import Final

from clinical.misuse.examples.courses import (
    HEAD,
    NOW,
    course,
    daily,
    device,
    given,
    lit,
    past,
    recalled,
    stepped,
    untold,
)
from clinical.misuse.examples.kinds import Example, examples
from clinical.plan import Cap
from clinical.verdicts import Outcome
from vocabulary.devices import Modality, Zone
from vocabulary.identity import DeviceUid, GatewayId
from vocabulary.instants import Known, Placed
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
FIRES, CLEAR, UNDETERMINED = Outcome.FIRES, Outcome.CLEAR, Outcome.UNDETERMINED

TWIN: Final = DeviceUid("4c57cf0000000a01")

_SOON: Final = Placed(earliest=NOW - 2 * HOUR - 50 * MINUTE, latest=NOW - HOUR, known=Known.BRACKET)


def _cap(fluence: float, band: Band | None = Band.RED) -> tuple[Cap, ...]:
    """No more light of a band in a day; None: of each of them."""
    return (Cap(window=DAY, dose=Quantity(fluence, Unit.JOULE_PER_CM2), band=band, zone=None),)


_UNMEASURED: Final = 7
"""A programme of which nobody has measured which light it is."""

_WEAK, _POOR, _DRY = {"output_level": 7.0}, {"contact_fraction": 0.8}, {"impedance_ohm": 480.0}
_SOMEBODY: Final = {"contact_fraction": 0.7, "moving_fraction": 0.6}

OF_COURSES: Final[tuple[Example, ...]] = (
    *examples(
        "over-cap",
        fires=(
            "three sessions of 18 J/cm² ± 10 % in a day, the cap is 40",
            course(*(lit(n, (9 - n) * HOUR) for n in (1, 2, 3)), caps=_cap(40)),
        ),
        silent=("two sessions of 18 J/cm² ± 10 % in a day", course(lit(1, 9 * HOUR), lit(2, HOUR), caps=_cap(40))),
        boundary=(
            "a session exactly a day before the next",
            course(lit(1, 25 * HOUR), lit(2, HOUR), caps=_cap(20)),
            CLEAR,
        ),
        undetermined=(
            "two sessions of 18 J/cm² ± 10 %, the cap is 36",
            course(lit(1, 9 * HOUR), lit(2, HOUR), caps=_cap(36)),
        ),
    ),
    *examples(
        "over-cap",
        fires=(
            "18 J/cm² ± 10 % of red and as much of a band that nobody knows, the cap is 16 of each",
            course(lit(1, 9 * HOUR), lit(2, HOUR, program=_UNMEASURED), caps=_cap(16, None)),
        ),
        silent=(
            "18 J/cm² ± 10 % of a band that nobody knows, the cap is 20 of red",
            course(lit(1, HOUR, program=_UNMEASURED), caps=_cap(20)),
        ),
        boundary=(
            "54 J/cm² ± 10 % in three sessions of a band that nobody knows, the cap is 59.4 of red",
            course(*(lit(n, (9 - n) * HOUR, program=_UNMEASURED) for n in (1, 2, 3)), caps=_cap(59.4)),
            CLEAR,
        ),
        undetermined=(
            "54 J/cm² ± 10 % in three sessions of a band that nobody knows, the cap is 20 of red",
            course(*(lit(n, (9 - n) * HOUR, program=_UNMEASURED) for n in (1, 2, 3)), caps=_cap(20)),
        ),
    ),
    *examples(
        "output-drift",
        fires=("7 W in three sessions, its own median is 10 W", daily(_WEAK, _WEAK, _WEAK)),
        silent=("10 W as always", daily({}, {}, {})),
        boundary=("7 W in two sessions", daily(_WEAK, _WEAK), CLEAR),
        undetermined=("three sessions without any sample of the level", daily(*({"output_level": None},) * 3)),
    ),
    *examples(
        "device-cloned",
        fires=("session 11 began while session 10 ran", course(past(10, HOUR), past(11, HOUR - 2 * MINUTE))),
        silent=("a session a day, counted upwards", daily()),
        boundary=("session 11 began as session 10 ended", course(past(10, HOUR), past(11, HOUR - 4 * MINUTE)), CLEAR),
        undetermined=(
            "heard in two homes half an hour apart",
            course(past(10, HOUR, gateway=GatewayId("gw-a")), past(11, HOUR / 2, gateway=GatewayId("gw-b"))),
        ),
    ),
    *examples(
        "heat-stacked",
        fires=(
            "red light a minute after radiofrequency that ended at 41 °C",
            course(past(1, HOUR), lit(1, 55 * MINUTE)),
        ),
        silent=("red light five hours after", course(past(1, 6 * HOUR), lit(1, HOUR))),
        boundary=("red light 20 min after: 0.9 °C are left", course(past(1, HOUR), lit(1, 36 * MINUTE)), CLEAR),
        undetermined=(
            "red light at some time in the two hours after",
            course(past(1, 3 * HOUR), lit(1, HOUR, started=_SOON)),
        ),
    ),
    *examples(
        "heat-stacked",
        fires=(
            "red light on the left cheek a minute after radiofrequency there",
            course(past(1, HOUR), lit(1, 55 * MINUTE, zones=(Zone.CHEEK_LEFT,))),
        ),
        silent=(
            "red light on the chin a minute after radiofrequency on the cheek",
            course(past(1, HOUR), lit(1, 55 * MINUTE, zones=(Zone.CHIN,))),
        ),
        boundary=(
            "red light 20 min after, nobody knows where: 0.9 °C are left",
            course(past(1, HOUR), lit(1, 36 * MINUTE, zones=())),
            CLEAR,
        ),
        undetermined=(
            "red light a minute after, and the record that says where is not here",
            course(past(1, HOUR), lit(1, 55 * MINUTE, zones=())),
        ),
    ),
    *examples(
        "worn-tip",
        fires=("contact for 80 % in three sessions, it used to be 98 %", daily(_POOR, _POOR, _POOR)),
        silent=("360 Ω and contact as always", daily()),
        boundary=("480 Ω in two sessions, then 360 Ω as always", daily(_DRY, _DRY, {}), CLEAR),
        undetermined=(
            "three sessions of which no sample came",
            daily(*({"contact_fraction": None, "impedance_ohm": None},) * 3),
        ),
    ),
    *examples(
        "other-person",
        fires=("contact and motion of another kind, twice in three sessions", daily(_SOMEBODY, {}, _SOMEBODY)),
        silent=("as always", daily()),
        boundary=(
            "less contact and a higher impedance, twice, as with a worn tip",
            daily(*({"contact_fraction": 0.7, "impedance_ohm": 480.0},) * 2),
            CLEAR,
        ),
        undetermined=("contact and motion of another kind, once", daily(_SOMEBODY)),
    ),
    *examples(
        "clock-stepped",
        fires=("the clock jumped back by a day", stepped(-DAY, MINUTE)),
        silent=("the clock runs as it should", course()),
        boundary=("60 s, and no doubt about it", stepped(MINUTE, 0 * MINUTE), CLEAR),
        undetermined=("80 s, give or take a minute", stepped(80 * MINUTE / 60, MINUTE)),
    ),
    *examples(
        "device-cloned",
        fires=("two serials by one identity", course(head=device(HEAD, Modality.RF, serials=given("A1", "B7")))),
        silent=("one serial, and no other", course(head=device(HEAD, Modality.RF, serials=given("A1")))),
        boundary=("a later session with a lower number", course(past(11, 9 * HOUR), past(10, HOUR)), FIRES),
        undetermined="times that overlap only within their doubt are no sign of two devices",
    ),
    *examples(
        "device-cloned",
        fires=("two identities by one serial, of one model", course(head=device(TWIN, Modality.LED))),
        silent=("one serial each", course()),
        boundary=("the serial of a mask on a head, another maker's way to count", course(), CLEAR),
        undetermined="a serial is said or not",
    ),
    *examples(
        "firmware-recalled",
        fires=("a session on 1.3.0, which is recalled", course(past(1, HOUR), head=recalled("1.3.0"))),
        silent=("none is recalled", course(past(1, HOUR))),
        boundary=("1.3.0 ran, and 1.3.1 is recalled", course(past(1, HOUR), head=recalled("1.3.1")), CLEAR),
        undetermined=(
            "no record yet",
            course(past(1, HOUR, recorded=False, firmware=None), head=recalled("1.3.0")),
        ),
    ),
    *examples(
        "firmware-recalled",
        fires=(
            "a session on 1.3.0, which is recalled, and the device gives no version",
            course(past(1, HOUR), head=untold("1.3.0")),
        ),
        silent=("no version in its record, and one by the device", course(past(1, HOUR, firmware=""))),
        boundary=("one in its record, and none by the device", course(past(1, HOUR), head=untold()), CLEAR),
        undetermined=(
            "none by the device, nor in its records",
            course(past(1, HOUR, firmware=""), head=untold()),
        ),
    ),
)
