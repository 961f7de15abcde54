"""The examples of the rules on a schedule: too much, too little, at the wrong time, and silence."""

from datetime import timedelta
from typing import Final

from clinical.misuse.examples.kinds import Example, examples
from clinical.misuse.examples.schedules import DAILY, MON_WED, THRICE, asked, began, excused, held, over
from clinical.verdicts import Outcome
from vocabulary.devices import Modality

HOUR: Final = timedelta(hours=1)
FIRES, CLEAR = Outcome.FIRES, Outcome.CLEAR
LATE: Final = 0.75
"""Of a day after its session of the morning: from here eight hours of doubt reach into the next therapy day."""

_TEN: Final = tuple(began(day) for day in range(10))

OF_SCHEDULES: Final[tuple[Example, ...]] = (
    *examples(
        "used-on-hold",
        fires=("a session on the first day of a hold", over(THRICE, [began(0), began(2)], holds=held(2, 3))),
        silent=("sessions before the hold and after it", over(THRICE, [began(0), began(3.1)], holds=held(2, 3))),
        boundary=("a session as the hold ends", over(THRICE, [began(0), began(3)], holds=held(2, 3)), CLEAR),
        undetermined=(
            "a session that began within an hour, in which the hold began",
            over(THRICE, [began(2, late=HOUR)], holds=held(2.02, 3)),
        ),
    ),
    *examples(
        "used-on-hold",
        fires=("light after a stop of light", over(THRICE, [began(2)], holds=held(2, 3, Modality.LED, stopped=True))),
        silent=("light while radiofrequency is on hold", over(THRICE, [began(2)], holds=held(2, 3, Modality.RF))),
        boundary=("light after the regimen ended without a stop", over(THRICE, [began(5)], ended=4.0), CLEAR),
        undetermined=(
            "a session that began within an hour, in which the treatment was stopped",
            over(THRICE, [began(2, late=HOUR)], holds=held(2.02, 3, Modality.LED, stopped=True)),
        ),
    ),
    *examples(
        "too-many-a-day",
        fires=(
            "two sessions an hour apart, planned is at most one a day",
            over(THRICE, [began(0), began(1 / 24)], on=1),
        ),
        silent=("one session", over(THRICE, [began(0)], on=1)),
        boundary=(
            "a second session that gave a tenth of the dose",
            over(THRICE, [began(0), began(1 / 24, 0.1)], on=1),
            CLEAR,
        ),
        undetermined=(
            "a second session, that evening or in the next morning",
            over(THRICE, [began(0), began(LATE, late=8 * HOUR)], on=3),
        ),
    ),
    *examples(
        "too-many-a-day",
        fires=(
            "at three, and at five of the next therapy day, allowed is one in 24 hours",
            over(THRICE, [began(LATE), began(LATE + 1 / 12)], on=2, allowed={"most_per_day": 1}),
        ),
        silent=(
            "two sessions an hour apart, allowed are two in 24 hours",
            over(THRICE, [began(0), began(1 / 24)], on=1, allowed={"most_per_day": 2}),
        ),
        boundary=(
            "a second session 20 h after the first, allowed is one in 24 hours",
            over(THRICE, [began(0), began(20 / 24)], on=2, allowed={"most_per_day": 1}),
            CLEAR,
        ),
        undetermined=(
            "a second session 18 to 26 h after the first, allowed is one in 24 hours",
            over(THRICE, [began(0), began(LATE, late=8 * HOUR)], on=3, allowed={"most_per_day": 1}),
        ),
    ),
    *examples(
        "too-many-a-week",
        fires=("four sessions in a week, planned are three", over(THRICE, [began(day) for day in (0, 1, 2, 3)])),
        silent=("three sessions", over(THRICE, [began(day) for day in (0, 1, 2)])),
        boundary=(
            "the fourth on the first day of the next week",
            over(THRICE, [began(day) for day in (0, 1, 2, 7)], on=8),
            CLEAR,
        ),
        undetermined=(
            "the fourth in the last night of the week, or after it",
            over(THRICE, [began(0), began(1), began(2), began(6 + LATE, late=8 * HOUR)], on=8),
        ),
    ),
    *examples(
        "too-many-a-week",
        fires=(
            "four sessions in four days, across two weeks of the regimen, allowed are three in 7 days",
            over(THRICE, [began(day) for day in (4, 5, 6, 7)], on=8, allowed={"most_per_week": 3}),
        ),
        silent=(
            "four sessions in a week, planned are three, allowed four in 7 days",
            over(THRICE, [began(day) for day in (0, 1, 2, 3)], allowed={"most_per_week": 4}),
        ),
        boundary=(
            "a fourth session 7 days less 4 h after the first, allowed are three in 7 days",
            over(THRICE, [began(day) for day in (0, 2, 4, 7 - 4 / 24)], on=8, allowed={"most_per_week": 3}),
            CLEAR,
        ),
        undetermined=(
            "a fourth session 6 days and 18 to 26 h after the first, allowed are three in 7 days",
            over(
                THRICE,
                [*(began(day) for day in (0, 2, 4)), began(6 + LATE, late=8 * HOUR)],
                on=8,
                allowed={"most_per_week": 3},
            ),
        ),
    ),
    *examples(
        "off-schedule",
        fires=(
            "sessions on Tuesday and Thursday, planned are Monday and Wednesday",
            over(MON_WED, [began(1), began(3)]),
        ),
        silent=("sessions on Monday and Wednesday", over(MON_WED, [began(0), began(2)])),
        boundary=(
            "Tuesday and Thursday, where three a week are planned and no days",
            over(THRICE, [began(1), began(3)]),
            CLEAR,
        ),
        undetermined=(
            "Tuesday, and a second one that evening or on Wednesday",
            over(MON_WED, [began(1), began(1 + LATE, late=8 * HOUR)]),
        ),
    ),
    *examples(
        "partial-twice",
        fires=("79 % of the dose, twice", over(THRICE, [began(0, 0.79), began(2, 0.79)])),
        silent=("half the dose, once", over(THRICE, [began(0, 0.5)])),
        boundary=("80 % of the dose, twice", over(THRICE, [began(0, 0.8), began(2, 0.8)]), CLEAR),
        undetermined=(
            "half the dose, twice, by samples alone",
            over(THRICE, [began(0, 0.5, recorded=False), began(2, 0.5, recorded=False)]),
        ),
    ),
    *examples(
        "missed-slot",
        fires=("two sessions of three, and the week is over", over(THRICE, [began(0), began(2)])),
        silent=("two of three, and a holiday between", over(THRICE, [began(0), began(2)], excuses=excused(1, 4))),
        boundary=("two of three, and the week is not over", over(THRICE, [began(0), began(2)], on=6.7), CLEAR),
        undetermined=(
            "two of three, and records are complete up to the fifth day only",
            over(THRICE, [began(0), began(2)], proven=5.0),
        ),
    ),
    *examples(
        "clinical-silence",
        fires=("one a day is planned, and none came for two", over(DAILY, [began(0)], on=2)),
        silent=("one a day is planned, and the last was this morning", over(DAILY, [began(0)], on=0.5)),
        boundary=("36 h without a session, 1.5 times the interval", over(DAILY, [began(0)], on=1.5), FIRES),
        undetermined=("37 h, of which the clock leaves two open", over(DAILY, [began(0, late=2 * HOUR)], on=1.55)),
    ),
    *examples(
        "clinical-silence",
        fires=("two days without a session, a week ago", over(DAILY, [began(day) for day in (0, 2, 3, 4)], on=4.5)),
        silent=("a session a day", over(DAILY, [began(day) for day in range(5)], on=4.5)),
        boundary=("36 h from one session to the next", over(DAILY, [began(0), began(1.5)], on=2), FIRES),
        undetermined=("37 h, of which the clock leaves two open", over(DAILY, [began(0, late=2 * HOUR)], on=1.55)),
    ),
    *examples(
        "clinical-silence",
        fires=("a session that the device counted a day ago never came", over(DAILY, [began(0)], on=3, counted=2)),
        silent=("the last one here is of this morning", over(DAILY, [began(0), began(1)], on=1.5, counted=1.4)),
        boundary=("2 h since the device told of it", over(DAILY, [began(0)], on=3, counted=3 - 2 / 24), FIRES),
        undetermined=("an hour since the device told of it", over(DAILY, [began(0)], on=3, counted=3 - 1 / 24)),
    ),
    *examples(
        "technical-silence",
        fires=(
            "one a day is planned, and nothing was heard of the device for two",
            over(DAILY, [began(0)], on=3, heard=1.0),
        ),
        silent=("heard this morning", over(DAILY, [began(0)], on=3, heard=2.9)),
        boundary=("not heard for 36 h", over(DAILY, [began(0)], on=3, heard=1.5), FIRES),
        undetermined="when a device was last heard is the gateway's own doing, and known",
    ),
    *examples(
        "limits-unconfirmed",
        fires=("asked two days ago, and never confirmed", over(THRICE, [], on=2, limits=asked(None))),
        silent=("confirmed after half a day", over(THRICE, [], on=9, limits=asked(0.5))),
        boundary=("asked a day ago, and never confirmed", over(THRICE, [], on=1, limits=asked(None)), FIRES),
        undetermined="either it was confirmed or not; what a device has without a word of it is not asked",
    ),
    *examples(
        "limits-unconfirmed",
        fires=("a hold, asked two hours ago", over(THRICE, [], on=1 / 12, limits=asked(None, is_hold=True))),
        silent=("a hold, confirmed at once", over(THRICE, [], on=1, limits=asked(0, is_hold=True))),
        boundary=("a hold, asked an hour ago", over(THRICE, [], on=1 / 24, limits=asked(None, is_hold=True)), FIRES),
        undetermined="either it was confirmed or not; what a device has without a word of it is not asked",
    ),
    *examples(
        "drift",
        fires=(
            "1.4 times the usual dose in three sessions",
            over(DAILY, [*_TEN, *(began(day, 1.4) for day in (10, 11, 12))], on=13),
        ),
        silent=("as usual", over(DAILY, [*_TEN, began(10)], on=11)),
        boundary=(
            "1.4 times the usual dose in two sessions",
            over(DAILY, [*_TEN, began(10, 1.4), began(11, 1.4)], on=12),
            CLEAR,
        ),
        undetermined="a figure that a session lacks is passed over, and until seven have it nothing is usual",
    ),
    *examples(
        "drift",
        fires=(
            "1.4 times the usual dose in three sessions, and as usual again",
            over(DAILY, [*_TEN, *(began(day, 1.4) for day in (10, 11, 12)), began(13)], on=14),
        ),
        silent=(
            "half the dose since half is prescribed",
            over(DAILY, [began(day, 1 if day < 14 else 0.5) for day in range(17)], on=17, halved=2),
        ),
        boundary=(
            "1.3 times the usual dose in three sessions",
            over(DAILY, [*_TEN, *(began(day, 1.3) for day in (10, 11, 12))], on=13),
            CLEAR,
        ),
        undetermined="a figure that a session lacks is passed over, and until seven have it nothing is usual",
    ),
)
