"""Whether a device's own clock jumped: its ticks from one contact to the next, and its time in sessions seen live.

Rules, kept here:
- A gateway's clock is steady within a boot, so two ticks that it saw in one boot need nothing else. Ticks that it saw
  in two boots are compared in the service's time, where both are sure of that.
- What drift and the doubt of both readings explain is no jump.
- Each gateway is looked at for itself: it sees a jump when it meets the device again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any, Final

from sqlalchemy import and_, func, literal, select
from sqlalchemy.orm import Session, aliased

from clinical.adherence.uses import EVER
from clinical.course import ClockStep
from monitor_api.records.among import has_name, portions
from monitor_api.records.devices import AnchorRow
from monitor_api.sessions import boots, placing
from monitor_api.sessions.evidence import Evidence
from monitor_api.sessions.home_clocks import Stamp, boots_around
from vocabulary.identity import ClinicId
from vocabulary.instants import DeviceUtc, Known

LOOK_BACK: Final = 1000
"""Anchors that are looked at, the newest: one an hour is 672 in four weeks, as far back as rules look."""

_Anchor = Any
"""Columns of an `AnchorRow`."""

_Pair = tuple[_Anchor, _Anchor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How far a device's clock was ahead of a gateway's at `at`, give or take the doubt; `shown_by` as in a step."""

    shown_by: str
    at: datetime
    by: timedelta
    doubt: timedelta


def ahead_in(evidence: Evidence) -> Ahead | None:
    """How far the clock was ahead when a session began; None unless it gives UTC and a gateway saw the session."""
    record = evidence.records[0] if evidence.records else None
    if record is None or not isinstance(record.start, DeviceUtc) or not record.start.synchronised:
        return None
    live = placing.place_live(evidence.began_by, record.elapsed - record.active)
    if live is None or live.known is not Known.LIVE:
        return None
    return Ahead(
        shown_by=str(evidence.key.session),
        at=live.at,
        by=record.start.at - live.at,
        doubt=live.uncertainty + placing.RESOLUTION,
    )


def jumps(known: Iterable[Ahead]) -> Iterator[ClockStep]:
    """The jumps from one reading of a device's clock to the next."""
    for before, after in pairwise(sorted(known, key=lambda one: (one.at, one.shown_by))):
        doubt = before.doubt + after.doubt + (after.at - before.at) * placing.DRIFT
        by = after.by - before.by
        if abs(by) > doubt:
            yield ClockStep(shown_by=after.shown_by, at=after.at, by=by, doubt=doubt)


def tick_jumps(session: Session, clinic: ClinicId, device: str) -> list[ClockStep] | None:
    """The jumps of a device's ticks among its newest anchors; None when there is no anchor."""
    anchors = _newest(session, [(clinic, device)], LOOK_BACK)
    return _steps(session, anchors) if anchors else None


def jumped(session: Session, newest: Mapping[tuple[ClinicId, str], int]) -> Iterator[tuple[ClinicId, str]]:
    """The devices of clinics whose ticks jump among so many of the newest anchors of each."""
    alike = defaultdict[int, list[tuple[ClinicId, str]]](list)
    for name, most in newest.items():
        alike[most].append(name)
    for most, names in alike.items():
        for name, anchors in groupby(sorted(_newest(session, names, most), key=_device), key=_device):
            if _steps(session, list(anchors)):
                yield name


def _steps(session: Session, anchors: Sequence[_Anchor]) -> list[ClockStep]:
    pairs = [pair for _, mine in groupby(sorted(anchors, key=_order), key=_timeline) for pair in pairwise(mine)]
    afar = [pair for pair in pairs if pair[0].boot != pair[1].boot and _jump(*pair, _as_it_came(*pair))]
    seen = _seen(session, afar)
    near = (pair for pair in pairs if pair[0].boot == pair[1].boot)
    steps = [*(_jump(*pair, _in_one_boot(*pair)) for pair in near), *(_jump(*pair, seen.get(pair)) for pair in afar)]
    return [step for step in steps if step is not None]


def _newest(session: Session, names: Iterable[tuple[ClinicId, str]], most: int) -> list[_Anchor]:
    """So many anchors of each device; more where the last of them came at the same instant as others."""
    row, any_other = AnchorRow, aliased(AnchorRow)
    name, at = (row.clinic_id, row.device_uid), any_other.contact_at
    columns = (*name, row.timeline, row.tick_s, row.at, row.uncertainty_s, row.gateway_id, row.boot, row.contact_at)
    found: list[_Anchor] = []
    for some in portions(name, names):
        theirs = select(at).where(has_name((any_other.clinic_id, any_other.device_uid), some))
        last = theirs.order_by(at.desc()).offset(most - 1).limit(1).scalar_subquery()
        since = func.coalesce(last, literal(EVER, row.contact_at.type))
        found += session.execute(select(*columns).join(some, and_(has_name(name, some), row.contact_at >= since)))
    return found


def _device(anchor: _Anchor) -> tuple[ClinicId, str]:
    return anchor.clinic_id, anchor.device_uid


def _timeline(anchor: _Anchor) -> tuple[str, int]:
    return anchor.gateway_id, anchor.timeline


def _order(anchor: _Anchor) -> tuple[str, int, int, datetime]:
    """As one gateway saw them, one timeline after the other."""
    return *_timeline(anchor), anchor.boot, anchor.at


@dataclass(frozen=True, slots=True)
class _Passed:
    """The time between two contacts, give or take the doubt."""

    time: timedelta
    doubt: timedelta


def _as_it_came(before: _Anchor, after: _Anchor) -> _Passed:
    """By what was known of the gateway's clocks when they came: enough to see that there is nothing to see."""
    return _Passed(after.contact_at - before.contact_at, timedelta(0))


def _in_one_boot(before: _Anchor, after: _Anchor) -> _Passed:
    time = after.at - before.at
    return _Passed(time, time * boots.DRIFT)


def _seen(session: Session, pairs: Iterable[_Pair]) -> dict[_Pair, _Passed]:
    """By what is known now, of those pairs whose two boots are placed for sure."""
    stamps = {pair: (_stamp(pair[0]), _stamp(pair[1])) for pair in pairs}
    known = boots_around(session, (stamp for both in stamps.values() for stamp in both))
    found: dict[_Pair, _Passed] = {}
    for pair, both in stamps.items():
        before, after = (boots.see(known[name], at) for name, at in both)
        if before.sure and after.sure:
            time = after.span.middle - before.span.middle
            found[pair] = _Passed(time, (before.span.width + after.span.width) / 2)
    return found


def _stamp(anchor: _Anchor) -> Stamp:
    return (anchor.gateway_id, anchor.boot), anchor.at


def _jump(before: _Anchor, after: _Anchor, passed: _Passed | None) -> ClockStep | None:
    """How far the ticks went beyond the time that passed, where nothing explains that; None too where that is open."""
    if passed is None:
        return None
    readings = timedelta(seconds=before.uncertainty_s + after.uncertainty_s)
    doubt = readings + passed.doubt + abs(passed.time) * placing.DRIFT
    by = timedelta(seconds=after.tick_s - before.tick_s) - passed.time
    if abs(by) <= doubt:
        return None
    return ClockStep(shown_by=f"{after.timeline}:{after.tick_s:g}", at=after.contact_at, by=by, doubt=doubt)
