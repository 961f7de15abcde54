"""How a prescription is written as JSON, and read back: in stores, over HTTP, and under a signature.

Durations are seconds, phases whole weeks, periods whole days; null is "not set". `Written` holds JSON's own types.
What came later than the first signatures, `level`, is written only where it is set: those must still hold.
"""

from datetime import timedelta
from typing import Any

from clinical.plan import Cap, Cem43Levels, Level, Phase, Timing, Weekday
from clinical.regimen.prescription import (
    Light,
    Limits,
    Phototype,
    Phototypes,
    Prescription,
    Programme,
)
from vocabulary.devices import Modality, Zone
from vocabulary.light import Band
from vocabulary.quantities import Quantity, Unit

Written = dict[str, Any]


def write(prescription: Prescription) -> Written:
    """A prescription as JSON, without its modality, which is its regimen's."""
    limits, heat, skin = prescription.limits, prescription.cem43, prescription.phototypes
    return {
        "phases": [_write_phase(one) for one in prescription.phases],
        "programmes": [_write_programme(one) for one in prescription.programmes],
        "zones": [str(one) for one in prescription.zones],
        "limits": _write_limits(limits),
        "caps": [_write_cap(one) for one in prescription.caps],
        "most_per_day": prescription.most_per_day,
        "most_per_week": prescription.most_per_week,
        "cem43": heat and {name: getattr(heat, name) for name in _LEVELS},
        "phototypes": skin and {"allowed": [str(one) for one in skin.allowed], "because": skin.because},
        **_write_level(prescription.level),
    }


def _write_level(level: Level | None) -> Written:
    return {} if level is None else {"level": {"lowest": level.lowest, "highest": level.highest}}


_LEVELS = ("info_min", "warn_min", "alert_min", "stop_min")


def write_timing(timing: Timing) -> Written:
    """A timing as JSON, as it stands in a phase."""
    return {
        "frequency": timing.frequency,
        "period_days": timing.period.days,
        "weekdays": [day.name.lower() for day in timing.weekdays],
    }


def _write_phase(phase: Phase) -> Written:
    return {
        "weeks": None if phase.lasts is None else _weeks(phase.lasts),
        "timing": write_timing(phase.timing),
        "duration_s": phase.duration.total_seconds(),
        "dose": _write_quantity(phase.dose),
    }


def _weeks(lasts: timedelta) -> float:
    """Whole, unless the phase is one that the checks refuse."""
    weeks, rest = divmod(lasts, timedelta(weeks=1))
    return lasts / timedelta(weeks=1) if rest else weeks


def _write_programme(programme: Programme) -> Written:
    light = [
        {
            "band": str(one.band),
            "wavelength_nm": one.wavelength_nm,
            "irradiance_mw_per_cm2": one.irradiance_mw_per_cm2,
        }
        for one in programme.light
    ]
    return {"number": programme.number, "light": light}


def _write_limits(limits: Limits) -> Written:
    return {
        "duration_s": _seconds(limits.duration),
        "dose": limits.dose and _write_quantity(limits.dose),
        "skin_celsius": limits.skin_celsius,
        "skin_grace_s": limits.skin_grace.total_seconds(),
        "rest_s": _seconds(limits.rest),
        "contact_grace_s": limits.contact_grace.total_seconds(),
    }


def _write_cap(cap: Cap) -> Written:
    return {
        "window_s": cap.window.total_seconds(),
        "dose": _write_quantity(cap.dose),
        "band": cap.band and str(cap.band),
        "zone": cap.zone and str(cap.zone),
    }


def _write_quantity(quantity: Quantity) -> Written:
    return {"value": quantity.value, "unit": str(quantity.unit)}


def _seconds(lasts: timedelta | None) -> float | None:
    return None if lasts is None else lasts.total_seconds()


def read(written: Written, modality: Modality) -> Prescription:
    """The prescription that `write` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    heat, skin, level = written["cem43"], written["phototypes"], written.get("level")
    return Prescription(
        modality=modality,
        phases=tuple(_read_phase(one) for one in written["phases"]),
        programmes=tuple(_read_programme(one) for one in written["programmes"]),
        zones=tuple(Zone(one) for one in written["zones"]),
        limits=read_limits(written["limits"]),
        caps=tuple(_read_cap(one) for one in written["caps"]),
        most_per_day=written["most_per_day"],
        most_per_week=written["most_per_week"],
        cem43=heat and Cem43Levels(**{name: heat[name] for name in _LEVELS}),
        phototypes=skin
        and Phototypes(allowed=tuple(Phototype(one) for one in skin["allowed"]), because=skin["because"]),
        level=level and Level(lowest=level["lowest"], highest=level["highest"]),
    )


def _read_phase(written: Written) -> Phase:
    weeks, timing = written["weeks"], written["timing"]
    return Phase(
        lasts=None if weeks is None else timedelta(weeks=weeks),
        timing=Timing(
            frequency=timing["frequency"],
            period=timedelta(days=timing["period_days"]),
            weekdays=tuple(Weekday[day.upper()] for day in timing["weekdays"]),
        ),
        duration=timedelta(seconds=written["duration_s"]),
        dose=read_quantity(written["dose"]),
    )


def _read_programme(written: Written) -> Programme:
    light = (
        Light(
            band=Band(one["band"]),
            wavelength_nm=one["wavelength_nm"],
            irradiance_mw_per_cm2=one["irradiance_mw_per_cm2"],
        )
        for one in written["light"]
    )
    return Programme(number=written["number"], light=tuple(light))


def read_limits(written: Written) -> Limits:
    """The limits of a written prescription."""
    duration_s, dose, rest_s = written["duration_s"], written["dose"], written["rest_s"]
    return Limits(
        duration=None if duration_s is None else timedelta(seconds=duration_s),
        dose=None if dose is None else read_quantity(dose),
        skin_celsius=written["skin_celsius"],
        skin_grace=timedelta(seconds=written["skin_grace_s"]),
        rest=None if rest_s is None else timedelta(seconds=rest_s),
        contact_grace=timedelta(seconds=written["contact_grace_s"]),
    )


def _read_cap(written: Written) -> Cap:
    band, zone = written["band"], written["zone"]
    return Cap(
        window=timedelta(seconds=written["window_s"]),
        dose=read_quantity(written["dose"]),
        band=None if band is None else Band(band),
        zone=None if zone is None else Zone(zone),
    )


def read_quantity(written: Written) -> Quantity:
    """A number with its unit."""
    return Quantity(written["value"], Unit(written["unit"]))
