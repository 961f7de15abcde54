"""Store what the states of a device say together: when it named each number, and since when the service knows of it."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, case
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from monitor_api.ingest.rows import Row
from monitor_api.records.devices import NamedRow
from monitor_api.records.upsert import upsert
from vocabulary.devices import DeviceState

_FIRST: Final = ("first_at", "learned_at")


def store_named(session: Session, marks: Iterable[Row]) -> None:
    """Note what states name: in whatever order, however often and by however many workers they come, it is the same."""
    upsert(session, NamedRow, _named(marks), _wider)


def _named(marks: Iterable[Row]) -> list[Row]:
    """A row for each number that a device names; a session that runs has no record yet, and so is not named."""
    found: dict[tuple[Any, str, int], Row] = {}
    for mark in marks:
        if mark["state"] != DeviceState.EMITTING:
            row = {
                "clinic_id": mark["clinic_id"],
                "device_uid": mark["device_uid"],
                "newest": mark["detail"]["newest"],
                "first_at": mark["by_at"],
                "last_at": mark["at"],
                "learned_at": mark["learned_at"],
            }
            known = found.setdefault((row["clinic_id"], row["device_uid"], row["newest"]), row)
            known.update({name: min(known[name], row[name]) for name in _FIRST})
            known["last_at"] = max(known["last_at"], row["last_at"])
    return list(found.values())


def _wider(new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[Any]]:
    stored = NamedRow.__table__.c
    firsts = {name: case((stored[name] > new[name], new[name]), else_=stored[name]) for name in _FIRST}
    return {**firsts, "last_at": case((stored.last_at < new.last_at, new.last_at), else_=stored.last_at)}
