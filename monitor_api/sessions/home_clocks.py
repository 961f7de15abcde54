"""Read what is stored of gateways' clocks, as much of it as the instants in question need."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from monitor_api.records.among import among
from monitor_api.records.clocks import GatewayBootRow, GatewayClockRow
from monitor_api.records.devices import GatewayRow
from monitor_api.sessions.boots import Boot, Comparison, Sighting, see

BootName = tuple[str, int]
"""A gateway, and the number of one of its boots."""

Stamp = tuple[BootName, datetime]
"""An instant by the clock of a boot."""


_BootFacts = Any
"""A `GatewayBootRow`, or its columns alone: SQLAlchemy types the two apart."""

_ClockFacts = Any
"""A `GatewayClockRow`, or its columns alone."""

NEAR: Final = 8
"""How many comparisons before and after an instant are looked at: each was told because it says more."""

_NAME: Final = (GatewayBootRow.gateway_id, GatewayBootRow.boot)
_BOOT: Final = select(*GatewayBootRow.__table__.c, GatewayRow.registered_at).join(
    GatewayRow, GatewayRow.id == GatewayBootRow.gateway_id
)


def boots_around(session: Session, stamps: Iterable[Stamp]) -> dict[BootName, Boot]:
    """The boots of these instants, each with the comparisons around them, and with what its neighbours bound."""
    instants: defaultdict[BootName, list[datetime]] = defaultdict(list)
    for name, at in stamps:
        instants[name].append(at)
    found: dict[BootName, Boot] = {}
    for row in among(session, _BOOT, _NAME, instants):
        name, registered_at = (row.gateway_id, row.boot), row.registered_at
        compared = _compared(session, name, min(instants[name]), max(instants[name]))
        found[name] = _boot(row, registered_at, compared) if compared else _between_others(session, row, registered_at)
    return found


def latest_boots(session: Session, names: Iterable[BootName]) -> dict[BootName, Boot]:
    """These boots, each with its latest comparison: enough for what has just come from them."""
    return {
        (row.gateway_id, row.boot): _boot(row, row.registered_at, [] if row.at is None else [_comparison(row)])
        for row in among(session, _LATEST, _NAME, names)
    }


def _latest() -> Select[*tuple[Any, ...]]:
    clock, any_other = GatewayClockRow, aliased(GatewayClockRow)
    newest = select(func.max(any_other.at)).where(_same(any_other, GatewayBootRow)).correlate(GatewayBootRow)
    compared = and_(_same(clock, GatewayBootRow), clock.at == newest.scalar_subquery())
    return _BOOT.add_columns(clock.at, clock.service_at, clock.uncertainty_s).outerjoin(clock, compared)


def _same(clock: type[GatewayClockRow], boot: type[GatewayBootRow]) -> ColumnElement[bool]:
    return and_(clock.gateway_id == boot.gateway_id, clock.boot == boot.boot)


_LATEST: Final = _latest()


def _compared(session: Session, name: BootName, first: datetime, last: datetime) -> list[Comparison]:
    """The comparisons of a boot from some before one instant to some after another."""
    at = GatewayClockRow.at
    mine = select(GatewayClockRow).where(GatewayClockRow.gateway_id == name[0], GatewayClockRow.boot == name[1])
    found = [
        *session.scalars(mine.where(at <= first).order_by(at.desc()).limit(NEAR)),
        *(session.scalars(mine.where(at > first, at < last)) if first < last else ()),
        *session.scalars(mine.where(at >= last, at > first).order_by(at).limit(NEAR)),
    ]
    return [_comparison(row) for row in found]


def _comparison(row: _ClockFacts) -> Comparison:
    return Comparison(at=row.at, service_at=row.service_at, uncertainty=timedelta(seconds=row.uncertainty_s))


def _boot(row: _BootFacts, registered_at: datetime, comparisons: Sequence[Comparison]) -> Boot:
    return Boot(
        first_at=row.first_at,
        last_at=row.last_at,
        lead=timedelta(seconds=row.lead_s),
        not_before=registered_at,
        not_after=None,
        comparisons=tuple(comparisons),
    )


def _between_others(session: Session, row: _BootFacts, registered_at: datetime) -> Boot:
    """A boot that was never compared, between the nearest ones that were."""
    ended, began = _compared_boot(session, row, later=False), _compared_boot(session, row, later=True)
    return replace(
        _boot(row, registered_at, ()),
        not_before=registered_at if ended is None else max(registered_at, ended.span.earliest),
        not_after=None if began is None else began.span.latest,
    )


def _compared_boot(session: Session, row: _BootFacts, *, later: bool) -> Sighting | None:
    """The end of the nearest earlier boot whose clock was compared, or the beginning of the nearest later one."""
    boot = GatewayBootRow.boot
    side, nearest = (boot > row.boot, boot.asc()) if later else (boot < row.boot, boot.desc())
    was_compared = exists().where(_same(GatewayClockRow, GatewayBootRow))
    query = select(GatewayBootRow).where(GatewayBootRow.gateway_id == row.gateway_id, side, was_compared)
    other = session.scalar(query.order_by(nearest).limit(1))
    if other is None:
        return None
    at = other.first_at if later else other.last_at
    return see(_boot(other, at, _compared(session, (other.gateway_id, other.boot), at, at)), at)
