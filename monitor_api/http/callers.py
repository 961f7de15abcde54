"""Who is calling: what a request shows as proof, and whose it is. Only hashes of secrets are stored."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from monitor_api.http.policy import MAY, PERSONAL, Permission, Role
from monitor_api.records.people import LoginRow, TokenRow, UserRow
from monitor_api.records.trail import Actor, ActorKind
from vocabulary.identity import ClinicId, PatientId

TOKEN_PREFIX: Final = "lw_"  # noqa: S105 - what a token begins with, so that scanners for leaked secrets know one
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a request shows: the hash of a login's cookie or of a machine's token."""

    kind: ActorKind
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody we know. `patient` is None but for patients, `csrf_token` None for machines, which need none."""

    kind: ActorKind
    id: UUID
    name: str
    clinic: ClinicId
    role: Role
    patient: PatientId | None
    proof: str
    csrf_token: str | None
    expires_at: datetime

    @property
    def actor(self) -> Actor:
        """Who the trail says it was."""
        return Actor(kind=self.kind, id=self.id)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the tables of `policy` give them."""
        return MAY[self.role] - (PERSONAL if self.kind is ActorKind.TOKEN else frozenset())


def new_secret() -> str:
    """256 random bits as text."""
    return token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What is stored of a secret; it has 256 bits of chance in it, so a plain hash will do."""
    return sha256(secret.encode(errors="replace")).hexdigest()


def credential_of(request: HTTPConnection, cookie: str) -> Credential | None:
    """What the request shows, None when nothing: a token in its header, else the login in the cookie of that name."""
    header = request.headers.get("authorization", "")
    if header.lower().startswith(_BEARER):
        return Credential(kind=ActorKind.TOKEN, proof=hash_of(header[len(_BEARER) :].strip()))
    secret = request.cookies.get(cookie)
    return None if secret is None else Credential(kind=ActorKind.USER, proof=hash_of(secret))


def find_caller(session: Session, credential: Credential, now: datetime) -> Caller | None:
    """Whose proof it is; None when it is nobody's, expired, revoked or disabled. `now` is real time."""
    if credential.kind is ActorKind.TOKEN:
        return _machine(session, credential.proof, now)
    return _person(session, credential.proof, now)


def admitted(session: Session, proofs: Collection[str], now: datetime) -> set[str]:
    """Those of the proofs that still hold."""
    logins = (
        select(LoginRow.token_hash)
        .join(UserRow, UserRow.id == LoginRow.user_id)
        .where(LoginRow.token_hash.in_(proofs), LoginRow.expires_at > now, UserRow.disabled_at.is_(None))
    )
    tokens = select(TokenRow.token_hash).where(TokenRow.token_hash.in_(proofs), *_in_force(now))
    return {*session.scalars(logins), *session.scalars(tokens)}


def _person(session: Session, proof: str, now: datetime) -> Caller | None:
    found = session.execute(
        select(LoginRow, UserRow)
        .join(UserRow, UserRow.id == LoginRow.user_id)
        .where(LoginRow.token_hash == proof, LoginRow.expires_at > now, UserRow.disabled_at.is_(None))
        # A patient without a patient's row would be bound to nothing.
        .where(or_(UserRow.role != Role.PATIENT, UserRow.patient_id.is_not(None)))
    ).one_or_none()
    if found is None:
        return None
    login, user = found
    return Caller(
        kind=ActorKind.USER,
        id=user.id,
        name=user.name,
        clinic=ClinicId(user.clinic_id),
        role=Role(user.role),
        patient=PatientId(user.patient_id) if user.role == Role.PATIENT and user.patient_id else None,
        proof=proof,
        csrf_token=login.csrf_token,
        expires_at=login.expires_at,
    )


def _machine(session: Session, proof: str, now: datetime) -> Caller | None:
    token = session.scalar(select(TokenRow).where(TokenRow.token_hash == proof, *_in_force(now)))
    if token is None or token.role == Role.PATIENT:
        return None
    return Caller(
        kind=ActorKind.TOKEN,
        id=token.id,
        name=token.name,
        clinic=ClinicId(token.clinic_id),
        role=Role(token.role),
        patient=None,
        proof=proof,
        csrf_token=None,
        expires_at=token.expires_at,
    )


def _in_force(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return TokenRow.expires_at > now, TokenRow.revoked_at.is_(None)
