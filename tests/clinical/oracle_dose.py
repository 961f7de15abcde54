"""Ledger, rolling sums and thermal dose once more, the long way and on nouns alone: by session, by second."""

from datetime import UTC, datetime, timedelta
from math import inf

from vocabulary.devices import Modality, Zone
from vocabulary.quantities import Unit

FACE = (
    Zone.FOREHEAD,
    Zone.PERIORBITAL_LEFT,
    Zone.PERIORBITAL_RIGHT,
    Zone.CHEEK_LEFT,
    Zone.CHEEK_RIGHT,
    Zone.NOSE,
    Zone.PERIORAL,
    Zone.CHIN,
    Zone.JAW_LEFT,
    Zone.JAW_RIGHT,
)


def rate(celsius):
    """How many seconds at 43 °C a second is worth: each degree above doubles it, each below quarters it."""
    return 2.0 ** (celsius - 43) if celsius >= 43 else 4.0 ** (celsius - 43)


def cem43_of(seconds, zone, *, highest, error):
    """Lowest and highest CEM43 of one zone, in minutes, of a session given second by second.

    A second is (celsius, zone), or None where it was not seen.
    """
    low = high = 0.0
    for at, second in enumerate(seconds):
        if second is not None:
            celsius, where = second
            if where == zone:
                low += rate(celsius - error)
                high += rate(celsius + error)
            continue
        before = next((one for one in reversed(seconds[:at]) if one is not None), None)
        after = next((one for one in seconds[at + 1 :] if one is not None), None)
        around = [one for one in (before, after) if one is not None]
        if zone not in [where for _, where in around]:
            continue
        high += inf if highest is None else rate(max(highest, *[celsius for celsius, _ in around]) + error)
        if before and after and before[1] == after[1] == zone and hole_at(seconds, at) <= 5:
            low += rate(min(before[0], after[0]) - error)
    return low / 60, high / 60


def hole_at(seconds, at):
    first = last = at
    while first > 0 and seconds[first - 1] is None:
        first -= 1
    while last + 1 < len(seconds) and seconds[last + 1] is None:
        last += 1
    return last - first + 1


def window_of(parts, since, until):
    """What surely lies after `since` and not after `until`, and what may; a part is (earliest, latest, low, high)."""
    low = sum(part[2] for part in parts if since < part[0] and part[1] <= until)
    high = sum(part[3] for part in parts if part[1] > since and part[0] <= until)
    return low, high


def ledger_of(sessions, devices, since, until):
    """Delivered energy by (zone, band, unit), lowest and highest, after `since` and not after `until`."""
    accounts = {}
    for session in {one.session: one for one in sessions}.values():
        earliest = session.started.earliest if session.started else datetime.min.replace(tzinfo=UTC)
        latest = session.started.latest if session.started else session.heard_at
        for zone in treated(session.zones):
            for band, unit, low, high in delivered(session, devices.get(session.device), len(session.zones)):
                part = (earliest, latest, low, high)
                accounts.setdefault((zone, band, unit), []).append(part)
    sums = {key: window_of(parts, since, until) for key, parts in accounts.items()}
    seen = {key for key, parts in accounts.items() if any(part[1] > since and part[0] <= until for part in parts)}
    return {key: sums[key] for key in seen}


def treated(zones):
    if not zones:
        return set(FACE)
    return {part for zone in zones for part in (FACE if zone is Zone.WHOLE_FACE else (zone,))}


def delivered(session, device, zones):
    share = 1 / zones if zones else 0
    for low, high, band, unit in energy(session, device):
        yield band, unit, low * share, high
    if session.cem43_min is not None:
        yield None, Unit.MINUTE, session.cem43_min.low if zones == 1 else 0.0, session.cem43_min.high


def energy(session, device):
    outputs = [one for one in device.outputs if one.program == session.program] if device else []
    if session.modality is Modality.LED and outputs:
        for band in {one.band for one in outputs}:
            low = high = 0.0
            for one in outputs:
                if one.band is band:
                    dose = one.irradiance_mw_per_cm2 * (session.active / timedelta(seconds=1)) / 1000
                    low += dose - dose * one.uncertainty_fraction
                    high += dose + dose * one.uncertainty_fraction
            yield max(low, 0.0), high, band, Unit.JOULE_PER_CM2
    elif session.dose is not None:
        doubt = session.dose.value * ((device.calibration.dose_fraction if device else None) or 0)
        yield max(session.dose.value - doubt, 0.0), session.dose.value + doubt, None, session.dose.unit
