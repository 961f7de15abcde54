"""Add users and end their access; make tokens for machines and revoke them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import Field, SecretStr
from sqlalchemy import delete, exists, select

from monitor_api.http.callers import TOKEN_PREFIX, hash_of, new_secret
from monitor_api.http.deeds.logins import login_name
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.errors import Conflict, Unacceptable
from monitor_api.http.policy import Role
from monitor_api.http.queries.patients import patient_row
from monitor_api.http.queries.users import Token, User, seen_token, seen_user, token_row, user_row
from monitor_api.http.wanted import Body, Text, shown
from monitor_api.records.people import LoginRow, TokenRow, UserRow
from vocabulary.identity import PatientId, UserId


class NewUser(Body):
    """Somebody who is to log in. `patient_id` is who they are, for the role of a patient and no other."""

    model_config = shown(
        login="dr.example",
        name="Dr Eve Example",
        role="physician",
        password="a dozen characters or more",  # noqa: S106 - an example
    )

    login: Text
    name: Text
    role: Role
    password: Annotated[SecretStr, Field(min_length=12, max_length=200)]
    patient_id: PatientId | None = None


class NewToken(Body):
    """A machine that is to have a token; a patient is never a machine."""

    model_config = shown(name="export", role="maker", lasts_days=90)

    name: Text
    role: Literal[Role.PHYSICIAN, Role.MAKER, Role.OPERATOR]
    lasts_days: Annotated[int, Field(ge=1, le=366)] = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A token that was just made. `secret` is shown this once; null when the answer is given again."""

    token: Token
    secret: str | None


def add_user(writing: Writing, wanted: NewUser, password_hash: str) -> User:
    """Add a user to the caller's clinic. Raises Unacceptable, NotThere, Conflict."""
    _check_patient(writing, wanted)
    login = login_name(wanted.login)
    if writing.session.scalar(select(exists().where(UserRow.login == login))):
        raise Conflict("This login is taken", remedy="Choose another login.")
    row = UserRow(
        id=uuid4(),
        clinic_id=writing.caller.clinic,
        login=login,
        name=wanted.name,
        role=wanted.role,
        patient_id=wanted.patient_id,
        password_hash=password_hash,
        created_at=writing.now,
    )
    writing.session.add(row)
    writing.leave_trail("user added", ("user", row.id), role=wanted.role)
    return seen_user(row)


def disable_user(writing: Writing, which: UserId) -> User:
    """Keep a user out from now on; their logins end at once. Raises NotThere, Conflict."""
    row = user_row(writing.session, writing.caller, which)
    if row.id == writing.caller.id:
        raise Conflict("Nobody shuts themselves out", remedy="Another operator has to do this.")
    if row.disabled_at is not None:
        raise Conflict("This user is disabled already")
    row.disabled_at = writing.now
    writing.session.execute(delete(LoginRow).where(LoginRow.user_id == row.id))
    writing.leave_trail("user disabled", ("user", row.id))
    return seen_user(row)


def make_token(writing: Writing, wanted: NewToken) -> MadeToken:
    """Make a token for a machine of the caller's clinic."""
    secret = TOKEN_PREFIX + new_secret()
    row = TokenRow(
        id=uuid4(),
        clinic_id=writing.caller.clinic,
        name=wanted.name,
        role=wanted.role,
        token_hash=hash_of(secret),
        created_at=writing.real_now,
        expires_at=writing.real_now + timedelta(days=wanted.lasts_days),
    )
    writing.session.add(row)
    writing.leave_trail("token made", ("token", row.id), role=wanted.role, expires_at=_text(row.expires_at))
    return MadeToken(token=seen_token(row), secret=secret)


def revoke_token(writing: Writing, which: UUID) -> Token:
    """End a token at once. Raises NotThere, Conflict."""
    row = token_row(writing.session, writing.caller, which)
    if row.revoked_at is not None:
        raise Conflict("This token is revoked already")
    row.revoked_at = writing.real_now
    writing.leave_trail("token revoked", ("token", row.id))
    return seen_token(row)


def _check_patient(writing: Writing, wanted: NewUser) -> None:
    if (wanted.role is Role.PATIENT) is (wanted.patient_id is None):
        reason = "expected for the role of a patient, and for no other"
        raise Unacceptable("The role and the patient do not fit", reasons={"body.patient_id": reason})
    if wanted.patient_id is not None:
        patient_row(writing.session, writing.caller, wanted.patient_id)


def _text(at: datetime) -> str:
    return at.isoformat()
