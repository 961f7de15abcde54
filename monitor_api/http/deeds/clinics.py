"""Found a clinic, with the operator who then adds everybody else."""

from datetime import datetime
from typing import Annotated
from uuid import uuid4

from pydantic import Field, SecretStr
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from monitor_api.http.deeds.logins import login_name
from monitor_api.http.errors import Conflict
from monitor_api.http.policy import Role
from monitor_api.http.wanted import Body, Text, Zone
from monitor_api.records.people import ClinicRow, UserRow
from monitor_api.records.trail import FOUNDER, Deed, leave_trail
from vocabulary.identity import ClinicId


class NewClinic(Body):
    """A clinic or a maker's laboratory, its IANA time zone, and the login of its first operator."""

    name: Text
    zone: Zone
    login: Text
    password: Annotated[SecretStr, Field(min_length=12, max_length=200)]


def has_clinic(session: Session) -> bool:
    """Whether any clinic was founded."""
    return session.scalar(select(exists().where(ClinicRow.id.is_not(None)))) or False


def found_clinic(session: Session, wanted: NewClinic, password_hash: str, now: datetime) -> ClinicId:
    """Add a clinic and its operator. Raises Conflict when somebody has the login."""
    login = login_name(wanted.login)
    if session.scalar(select(exists().where(UserRow.login == login))):
        raise Conflict("This login is taken", remedy="Choose another login.")
    clinic = ClinicId(uuid4())
    session.add(ClinicRow(id=clinic, name=wanted.name, zone=wanted.zone))
    session.flush()
    session.add(
        UserRow(
            id=uuid4(),
            clinic_id=clinic,
            login=login,
            name=wanted.login,
            role=Role.OPERATOR,
            password_hash=password_hash,
            created_at=now,
        )
    )
    founded = Deed(clinic=clinic, actor=FOUNDER, action="clinic founded", subject_kind="clinic", subject_id=str(clinic))
    leave_trail(session, founded, now)
    return clinic
