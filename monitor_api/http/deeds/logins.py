"""Begin, renew and end logins."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, SecretStr
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller, Credential, find_caller, hash_of, new_secret
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.errors import Unauthenticated
from monitor_api.http.parts import Api
from monitor_api.http.wanted import Body, shown
from monitor_api.records.people import LoginRow, UserRow
from monitor_api.records.trail import ActorKind


class LoginTry(Body):
    """A login and its password."""

    model_config = shown(login="dr.example", password="a dozen characters or more")  # noqa: S106 - an example

    login: Annotated[str, Field(min_length=1, max_length=120)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLogin:
    """A login that began: the secret for the cookie, and whose it is."""

    secret: str
    caller: Caller


def log_in(api: Api, wanted: LoginTry, address: str, present: Credential | None) -> NewLogin:
    """Begin a login, under a secret of its own; the one that the browser had ends. Raises Unauthenticated, TooMany.

    An unknown login takes as long to refuse as a wrong password.
    """
    login = login_name(wanted.login)
    api.pace.try_login(login, address)
    with api.parts.database.read() as session:
        user = session.scalar(select(UserRow).where(UserRow.login == login, UserRow.disabled_at.is_(None)))
    right = api.parts.passwords.fits(user.password_hash if user else None, wanted.password.get_secret_value())
    api.pace.tried(login, address, right=right)
    if not right or user is None:
        raise Unauthenticated("This login and password do not belong together")
    with api.parts.database.write() as session:
        return _begin(session, api, user, present)


def login_name(text: str) -> str:
    """A login as it is stored, however it is typed."""
    return text.strip().casefold()


def _begin(session: Session, api: Api, user: UserRow, present: Credential | None) -> NewLogin:
    real_now = api.parts.clocks.wall()
    mine = LoginRow.user_id == user.id
    over = LoginRow.expires_at <= real_now
    session.execute(
        delete(LoginRow).where(or_(mine & over, LoginRow.token_hash == present.proof) if present else mine & over)
    )
    secret = new_secret()
    session.add(
        LoginRow(
            token_hash=hash_of(secret),
            user_id=user.id,
            csrf_token=new_secret(),
            created_at=real_now,
            expires_at=real_now + api.parts.settings.http.login_lasts,
        )
    )
    session.flush()
    caller = _caller(session, secret, real_now)
    now, signatures = api.parts.clocks.civil(), api.parts.signatures
    writing = Writing(session=session, caller=caller, now=now, real_now=real_now, signatures=signatures)
    writing.leave_trail("logged in", ("user", user.id))
    return NewLogin(secret=secret, caller=caller)


def renew_login(writing: Writing) -> NewLogin:
    """Go on under a new secret and a new CSRF token, until the same end; the old ones are worth nothing at once."""
    secret = new_secret()
    mine = LoginRow.token_hash == writing.caller.proof
    renewed = update(LoginRow).where(mine).values(token_hash=hash_of(secret), csrf_token=new_secret())
    writing.session.execute(renewed)
    writing.leave_trail("login renewed", ("user", writing.caller.id))
    return NewLogin(secret=secret, caller=_caller(writing.session, secret, writing.real_now))


def log_out(writing: Writing) -> None:
    """End the caller's login."""
    writing.session.execute(delete(LoginRow).where(LoginRow.token_hash == writing.caller.proof))
    writing.leave_trail("logged out", ("user", writing.caller.id))


def _caller(session: Session, secret: str, real_now: datetime) -> Caller:
    caller = find_caller(session, Credential(kind=ActorKind.USER, proof=hash_of(secret)), real_now)
    if caller is None:
        raise Unauthenticated("This login ended while it was used")
    return caller


def remaining(caller: Caller, real_now: datetime) -> timedelta:
    """How long a login lasts still."""
    return max(timedelta(0), caller.expires_at - real_now)
