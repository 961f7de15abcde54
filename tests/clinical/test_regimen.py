"""A regimen that contradicts itself is refused, with every reason at once."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from math import inf, nan
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinical.errors import RegimenRefused
from clinical.plan import Cap, Cem43Levels, Level, Phase, Timing, Weekday
from clinical.regimen import (
    NO_LIMITS,
    Light,
    Phototype,
    Phototypes,
    Prescription,
    Programme,
    Regimen,
)
from clinical.regimen.checks import reasons_against
from clinical.regimen.room import fits
from clinical.regimen.written import read, write
from tests.clinical.sessions import LIMITS
from tests.regimens import WEEK, weekly
from vocabulary.devices import Modality, Zone
from vocabulary.identity import RegimenId
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit

DOSE = Quantity(1800.0, Unit.JOULE)
MINUTES = timedelta(minutes=4)
GOOD = {
    "id": RegimenId(UUID(int=3)),
    "version": 1,
    "modality": Modality.RF,
    "phases": (weekly(3, MINUTES, DOSE, 4), weekly(2, MINUTES, DOSE)),
    "limits": LIMITS,
}
RED = Light(band=Band.RED, wavelength_nm=633, irradiance_mw_per_cm2=15.0)
INFRARED = Light(band=Band.NEAR_INFRARED, wavelength_nm=830, irradiance_mw_per_cm2=15.0)
MASK = {
    "id": RegimenId(UUID(int=4)),
    "version": 2,
    "modality": Modality.LED,
    "phases": (weekly(5, timedelta(minutes=10), Quantity(18.0, Unit.JOULE_PER_CM2)),),
    "limits": replace(NO_LIMITS, duration=timedelta(minutes=11)),
    "programmes": (Programme(number=0, light=(RED, INFRARED)),),
    "zones": (Zone.WHOLE_FACE,),
    "most_per_day": 1,
    "most_per_week": 5,
    "cem43": Cem43Levels(info_min=1, warn_min=2, alert_min=5, stop_min=15),
    "phototypes": Phototypes(allowed=tuple(Phototype), because="light of these bands suits all skin"),
}


def phase(**changed) -> dict:
    return {"phases": (replace(weekly(3, MINUTES, DOSE), **changed),)}


def timing(frequency: int, days: float = 7, *weekdays: Weekday) -> dict:
    return phase(timing=Timing(frequency=frequency, period=timedelta(days=days), weekdays=weekdays))


def limits(**changed) -> dict:
    return {"limits": replace(LIMITS, **changed)}


def cap(value: float = 90.0, unit: Unit = Unit.JOULE_PER_CM2, days: float = 7, **of) -> dict:
    where = {"band": None, "zone": None, **of}
    return {"caps": (Cap(window=timedelta(days=days), dose=Quantity(value, unit), **where),)}


def light(**changed) -> dict:
    return {"programmes": (Programme(number=0, light=(replace(RED, **changed),)),)}


def refused(good: dict, change: dict) -> dict[str, str]:
    with pytest.raises(RegimenRefused) as refusal:
        Regimen(**{**good, **change})
    return refusal.value.reasons


def test_a_regimen_that_agrees_with_itself_is_one():
    assert Regimen(**GOOD).limits == LIMITS
    assert Regimen(**MASK, **cap()).programmes == MASK["programmes"]


MON, TUE, THU = Weekday.MONDAY, Weekday.TUESDAY, Weekday.THURSDAY


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"version": 0}, "version"),
        ({"modality": Modality.EMS}, "modality"),
        ({"phases": ()}, "phases"),
        ({"phases": (weekly(3, MINUTES, DOSE, 1),) * 13}, "phases"),
        ({"phases": (weekly(3, MINUTES, DOSE), weekly(2, MINUTES, DOSE, 4))}, "phases.0.weeks"),
        (phase(lasts=timedelta(0)), "phases.0.weeks"),
        (phase(lasts=timedelta(days=10)), "phases.0.weeks"),
        (phase(lasts=WEEK, timing=Timing(frequency=2, period=timedelta(days=14), weekdays=())), "phases.0.weeks"),
        (timing(0), "phases.0.timing.frequency"),
        (timing(22), "phases.0.timing.frequency"),
        (timing(4, 1), "phases.0.timing.frequency"),
        (timing(1, 0), "phases.0.timing.period_days"),
        (timing(1, 1.5), "phases.0.timing.period_days"),
        (timing(1, 93), "phases.0.timing.period_days"),
        (timing(3, 7, MON, THU), "phases.0.timing.frequency"),
        (timing(2, 14, MON, THU), "phases.0.timing.period_days"),
        (timing(2, 7, THU, MON), "phases.0.timing.weekdays"),
        (timing(2, 7, MON, MON), "phases.0.timing.weekdays"),
        (phase(duration=timedelta(0)), "phases.0.duration_s"),
        (phase(duration=timedelta(hours=3)), "phases.0.duration_s"),
        (phase(dose=Quantity(18.0, Unit.JOULE_PER_CM2)), "phases.0.dose"),
        (phase(dose=Quantity(0.0, Unit.JOULE)), "phases.0.dose"),
        (phase(dose=Quantity(nan, Unit.JOULE)), "phases.0.dose"),
        (phase(dose=Quantity(inf, Unit.JOULE)), "phases.0.dose"),
        (limits(dose=Quantity(1799.0, Unit.JOULE)), "limits.dose"),
        (limits(dose=Quantity(nan, Unit.JOULE)), "limits.dose"),
        (limits(dose=Quantity(20.0, Unit.JOULE_PER_CM2)), "limits.dose"),
        (limits(duration=timedelta(minutes=3)), "limits.duration_s"),
        (limits(skin_celsius=50.0), "limits.skin_celsius"),
        (limits(skin_celsius=30.0), "limits.skin_celsius"),
        (limits(skin_celsius=nan), "limits.skin_celsius"),
        (limits(skin_grace=timedelta(seconds=-1)), "limits.skin_grace_s"),
        (limits(contact_grace=timedelta(seconds=-1)), "limits.contact_grace_s"),
        (limits(rest=timedelta(seconds=-1)), "limits.rest_s"),
        (limits(rest=timedelta(days=32)), "limits.rest_s"),
        (timing(7), "limits.rest_s"),  # a day of rest after each, every day
        ({**timing(2, 7, MON, TUE), **limits(rest=timedelta(days=2))}, "limits.rest_s"),
        ({"phases": (*GOOD["phases"][:1], weekly(7, MINUTES, DOSE))}, "limits.rest_s"),
        ({"most_per_day": 0}, "most_per_day"),
        ({"most_per_day": 3, "most_per_week": 2}, "most_per_day"),
        ({**timing(4, 2), **limits(rest=None), "most_per_day": 1}, "most_per_day"),
        ({"most_per_week": 2}, "most_per_week"),
        ({"zones": (Zone.CHIN, Zone.CHIN)}, "zones"),
        (light(), "programmes.0.light"),
        ({"programmes": (Programme(number=1, light=()), Programme(number=1, light=()))}, "programmes.1.number"),
        ({"programmes": (Programme(number=256, light=()),)}, "programmes.0.number"),
        (cap(), "caps.0.dose"),
        (cap(1799.0, Unit.JOULE, 1, zone=Zone.CHIN) | {"zones": (Zone.CHIN,)}, "caps.0.dose"),
        (cap(3 * 1800 - 1, Unit.JOULE) | {"zones": (Zone.CHIN,)}, "caps.0.dose"),
        (cap(nan, Unit.JOULE), "caps.0.dose"),
        (cap(9000.0, Unit.JOULE, 0), "caps.0.window_s"),
        (cap(9000.0, Unit.JOULE, 367), "caps.0.window_s"),
        (cap(9000.0, Unit.JOULE, band=Band.RED), "caps.0.band"),
        (cap(9000.0, Unit.JOULE, zone=Zone.NOSE) | {"zones": (Zone.CHIN,)}, "caps.0.zone"),
    ],
)
def test_a_contradiction_is_refused_by_its_field(change, field):
    assert field in refused(GOOD, change)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (light(wavelength_nm=415), "programmes.0.light.0.wavelength_nm"),
        (light(irradiance_mw_per_cm2=0.0), "programmes.0.light.0.irradiance_mw_per_cm2"),
        (light(irradiance_mw_per_cm2=nan), "programmes.0.light.0.irradiance_mw_per_cm2"),
        (light(irradiance_mw_per_cm2=25.0), "limits.duration_s"),  # 18 J/cm² take 12 min
        (light(irradiance_mw_per_cm2=25.0), "phases.0.duration_s"),
        (cap(band=Band.BLUE), "caps.0.band"),
        (cap(8.9, days=1), "caps.0.dose"),  # each band has half of 18
        (cap(8.9, days=1, band=Band.RED), "caps.0.dose"),
        (cap(44.0, band=Band.RED), "caps.0.dose"),  # five times nine
        ({"cem43": Cem43Levels(info_min=0, warn_min=2, alert_min=5, stop_min=15)}, "cem43.info_min"),
        ({"cem43": Cem43Levels(info_min=1, warn_min=2, alert_min=2, stop_min=15)}, "cem43.alert_min"),
        ({"cem43": Cem43Levels(info_min=1, warn_min=2, alert_min=5, stop_min=nan)}, "cem43.stop_min"),
        ({"level": Level(lowest=9, highest=8)}, "level.highest"),
        ({"level": Level(lowest=0, highest=8)}, "level.lowest"),
        ({"level": Level(lowest=1, highest=inf)}, "level.highest"),
        ({"phototypes": Phototypes(allowed=(), because="x")}, "phototypes.allowed"),
        ({"phototypes": Phototypes(allowed=(Phototype.I, Phototype.I), because="x")}, "phototypes.allowed"),
        ({"phototypes": Phototypes(allowed=(Phototype.I,), because=" ")}, "phototypes.because"),
    ],
)
def test_a_contradiction_of_light_heat_skin_and_days_is_refused_by_its_field(change, field):
    assert field in refused(MASK, change)


@pytest.mark.parametrize(
    "change",
    [
        {**timing(7), **limits(rest=timedelta(hours=23))},
        {**timing(2, 7, MON, TUE), **limits(rest=timedelta(hours=24))},  # each a little later, and back by Monday
        timing(1, 2),
        cap(1800.0, Unit.JOULE, 1, zone=Zone.CHIN),
        cap(3 * 1800.0, Unit.JOULE) | {"zones": (Zone.CHIN,)},
        cap(9000.0, Unit.JOULE, zone=Zone.CHIN) | {"zones": (Zone.WHOLE_FACE,)},
    ],
)
def test_what_is_only_just_possible_is_taken(change):
    assert Regimen(**{**GOOD, **change})


@pytest.mark.parametrize("change", [cap(9.0, days=1), cap(45.0, band=Band.RED), light(irradiance_mw_per_cm2=None)])
def test_light_that_only_just_fits_or_is_not_known_is_taken(change):
    assert Regimen(**{**MASK, **change})


def test_a_regimen_that_sets_no_limits_is_held_to_those_that_stand_all_the_same():
    held = Regimen(**{**GOOD, "limits": NO_LIMITS}).held_to(Quantity(1800.0, Unit.JOULE))
    assert held.skin_celsius == 42.5
    assert held.dose == Quantity(pytest.approx(1980.0), Unit.JOULE)
    assert (held.duration, held.rest) == (None, None)


def test_without_a_limit_a_session_is_held_to_the_dose_of_its_own_phase():
    stronger = weekly(1, MINUTES, Quantity(2000.0, Unit.JOULE))
    regimen = Regimen(**{**GOOD, "limits": NO_LIMITS, "phases": (*GOOD["phases"][:1], stronger)})
    held = [regimen.held_to(phase.dose).dose for phase in regimen.phases]
    assert held == [Quantity(pytest.approx(1980.0), Unit.JOULE), Quantity(pytest.approx(2200.0), Unit.JOULE)]


def test_a_limit_that_a_regimen_sets_is_the_one_that_holds():
    assert Regimen(**GOOD).held_to(Quantity(9.0, Unit.JOULE)) == LIMITS


def test_every_reason_is_given_at_once():
    wrong = phase(duration=timedelta(0), timing=Timing(frequency=0, period=WEEK, weekdays=()))
    assert refused(GOOD, {**wrong, "version": 0, "most_per_day": 0}).keys() == {
        "version",
        "phases.0.timing.frequency",
        "phases.0.duration_s",
        "most_per_day",
    }


def possible(timing: Timing, hours: int) -> bool:
    """Whether sessions can begin on whole hours, `hours` apart at least, the same in every week, by trying all."""
    choices = [range(24 * day, 24 * day + 24) for day in timing.weekdays]
    return any(
        all(later - earlier >= hours for earlier, later in zip(begins, (*begins[1:], begins[0] + 168), strict=True))
        for begins in product(*choices)
    )


@given(days=st.sets(st.sampled_from(Weekday), min_size=1, max_size=3), hours=st.integers(1, 168))
def test_rest_fits_between_days_of_the_week_just_when_trying_all_hours_finds_a_way(days, hours):
    of_days = Timing(frequency=len(days), period=WEEK, weekdays=tuple(sorted(days)))
    assert fits(of_days, timedelta(hours=hours)) == possible(of_days, hours)


numbers = st.one_of(st.floats(), st.floats(-1, 100), st.just(9.0))
short = st.floats(-10, 8000).map(lambda seconds: timedelta(seconds=seconds))
quantities = st.builds(Quantity, numbers, st.sampled_from([Unit.JOULE, Unit.JOULE_PER_CM2, Unit.CELSIUS]))
timings = st.builds(
    Timing,
    frequency=st.integers(-1, 30),
    period=st.integers(-1, 100).map(lambda days: timedelta(days=days)),
    weekdays=st.lists(st.sampled_from(Weekday), max_size=3).map(tuple),
)
phases = st.builds(
    Phase,
    lasts=st.none() | st.integers(-1, 200).map(lambda days: timedelta(days=days)),
    timing=timings | st.just(Timing(frequency=3, period=WEEK, weekdays=())),
    duration=short,
    dose=quantities,
)
lights = st.builds(
    Light,
    band=st.sampled_from(Band),
    wavelength_nm=st.integers(300, 1200),
    irradiance_mw_per_cm2=st.none() | numbers,
)
whatever = st.fixed_dictionaries(
    {
        "modality": st.sampled_from(Modality),
        "phases": st.lists(phases, max_size=3).map(tuple),
        "programmes": st.lists(
            st.builds(Programme, number=st.integers(-1, 2), light=st.lists(lights, max_size=2).map(tuple)), max_size=2
        ).map(tuple),
        "zones": st.lists(st.sampled_from(Zone), max_size=2).map(tuple),
        "caps": st.lists(
            st.builds(
                Cap,
                window=st.integers(-1, 400).map(lambda days: timedelta(days=days)),
                dose=quantities,
                band=st.none() | st.sampled_from(Band),
                zone=st.none() | st.sampled_from(Zone),
            ),
            max_size=2,
        ).map(tuple),
        "most_per_day": st.none() | st.integers(-1, 3),
        "most_per_week": st.none() | st.integers(-1, 9),
        "level": st.none() | st.builds(Level, lowest=st.floats(), highest=st.floats()),
    }
)


@given(said=whatever, limits_said=st.builds(replace, st.just(NO_LIMITS), rest=st.none() | short, dose=quantities))
def test_whatever_is_prescribed_is_taken_whole_or_refused_by_fields_of_its_written_form(said, limits_said):
    wanted = Prescription(limits=limits_said, **said)
    reasons = reasons_against(wanted)
    document = {"modality": wanted.modality, **write(wanted)}
    assert all(reason and has(document, field.split(".")) for field, reason in reasons.items())
    if not reasons:
        regimen = Regimen.of(read(write(wanted), wanted.modality), RegimenId(UUID(int=1)), 1)
        assert sound(regimen)
        assert write(regimen) == write(wanted)


def has(document, path: list[str]) -> bool:
    for step in path:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return True


def sound(regimen: Regimen) -> bool:
    """What must hold of every regimen, in other words than the checks'."""
    rest = regimen.limits.rest or timedelta(0)
    return all(
        0 < one.dose.value < inf
        and one.timing.frequency * (one.duration + rest) <= one.timing.period
        and (regimen.limits.dose is None or regimen.limits.dose.value >= one.dose.value)
        and (one.lasts is not None or one is regimen.phases[-1])
        and len({cap.dose.unit for cap in regimen.caps} | {one.dose.unit}) == 1
        for one in regimen.phases
    )
