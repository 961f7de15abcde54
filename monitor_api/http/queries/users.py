"""The users of a clinic, and the tokens of its machines."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.policy import Role
from monitor_api.http.queries.scope import in_clinic
from monitor_api.records.people import TokenRow, UserRow
from vocabulary.identity import PatientId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who can log in. `patient_id`: which patient they are, null but for patients."""

    id: UserId
    login: str
    name: str
    role: Role
    patient_id: PatientId | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A machine's token, without its secret. Its instants are real time, also in a demo."""

    id: UUID
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def users(session: Session, caller: Caller, wanted: PageWanted) -> Page[User]:
    """The clinic's users, in the order in which they were added."""
    query = select(UserRow).where(*in_clinic(caller, UserRow.clinic_id))
    order = Order(by=(UserRow.created_at, UserRow.id))
    return paged(session, query, order, wanted, make=seen_user)


def user_row(session: Session, caller: Caller, which: UserId) -> UserRow:
    """The row of a user of the clinic. Raises NotThere."""
    row = session.scalar(select(UserRow).where(UserRow.id == which, *in_clinic(caller, UserRow.clinic_id)))
    if row is None:
        raise NotThere
    return row


def names(session: Session, caller: Caller, which: Collection[UserId]) -> dict[UserId, str]:
    """The names of users of the clinic; who is not there is left out."""
    found = select(UserRow.id, UserRow.name).where(UserRow.id.in_(which), *in_clinic(caller, UserRow.clinic_id))
    return {UserId(id_): name for id_, name in session.execute(found)}


def seen_user(row: UserRow) -> User:
    """A user out of its row."""
    return User(
        id=UserId(row.id),
        login=row.login,
        name=row.name,
        role=Role(row.role),
        patient_id=None if row.patient_id is None else PatientId(row.patient_id),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )


def tokens(session: Session, caller: Caller, wanted: PageWanted) -> Page[Token]:
    """The clinic's tokens, newest first."""
    query = select(TokenRow).where(*in_clinic(caller, TokenRow.clinic_id))
    order = Order(by=(TokenRow.created_at, TokenRow.id), newest_first=True)
    return paged(session, query, order, wanted, make=seen_token)


def token_row(session: Session, caller: Caller, which: UUID) -> TokenRow:
    """The row of a token of the clinic. Raises NotThere."""
    row = session.scalar(select(TokenRow).where(TokenRow.id == which, *in_clinic(caller, TokenRow.clinic_id)))
    if row is None:
        raise NotThere
    return row


def seen_token(row: TokenRow) -> Token:
    """A token out of its row."""
    return Token(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
