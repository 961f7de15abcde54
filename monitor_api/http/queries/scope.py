"""Whose rows a caller may see: their clinic's, and of those a patient their own. Every query begins here."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from monitor_api.http.callers import Caller
from monitor_api.http.policy import Role
from monitor_api.records.devices import AssignmentRow, DeviceRow

T = TypeVar("T")
Conditions = tuple[ColumnElement[bool], ...]
IdColumn = InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]


def in_clinic(caller: Caller, clinic: IdColumn) -> Conditions:
    """Rows of the caller's clinic."""
    return (clinic == caller.clinic,)


def theirs(caller: Caller, clinic: IdColumn, patient: IdColumn) -> Conditions:
    """Rows of the caller's clinic; for a patient, those about them."""
    own = (patient == caller.patient,) if caller.role is Role.PATIENT else ()
    return (*in_clinic(caller, clinic), *own)


def assigned_at(now: datetime) -> Conditions:
    """The assignment of a device that holds at an instant."""
    return (
        AssignmentRow.clinic_id == DeviceRow.clinic_id,
        AssignmentRow.device_uid == DeviceRow.uid,
        AssignmentRow.from_at <= now,
        or_(AssignmentRow.until_at.is_(None), AssignmentRow.until_at > now),
    )


def if_given(value: T | None, condition: Callable[[T], ColumnElement[bool]]) -> Conditions:
    """A filter that holds for everything while there is no value."""
    return () if value is None else (condition(value),)
