"""Users and tokens of a clinic: list, add, and end their access."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from monitor_api.http.deeds import users as deeds
from monitor_api.http.deeds.users import MadeToken, NewToken, NewUser
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.describing import told
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries import users as queries
from monitor_api.http.queries.users import Token, User
from monitor_api.http.replays import Created, create
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, creates, needs
from vocabulary.identity import UserId

routes = APIRouter(tags=["users"])


@routes.get("/users", **told("List users", examples.page(examples.USER)))
def list_users(visit: Annotated[Visit, needs(Permission.MANAGE_USERS)], wanted: Wanted) -> Page[User]:
    """The clinic's users, in the order in which they were added."""
    with visit.reading() as session:
        return queries.users(session, visit.caller, wanted)


@routes.post("/users", response_model=User, **told("Add a user", examples.USER, 404, 409, status=201))
def add_user(visit: Annotated[Visit, creates(Permission.MANAGE_USERS)], wanted: NewUser) -> Response:
    """Add somebody who can log in."""
    password_hash = visit.parts.passwords.hash(wanted.password.get_secret_value())

    def deed(writing: Writing) -> Created:
        made = deeds.add_user(writing, wanted, password_hash)
        return Created(thing=made, id=made.id)

    return create(visit, wanted, deed)


@routes.post("/users/{user_id}/disable", **told("Disable a user", examples.USER, 409))
def disable_user(visit: Annotated[Visit, needs(Permission.MANAGE_USERS)], user_id: UUID) -> User:
    """Keep a user out from now on; their logins end at once."""
    with visit.writing() as writing:
        return deeds.disable_user(writing, UserId(user_id))


@routes.get("/tokens", **told("List tokens", examples.page(examples.TOKEN)))
def list_tokens(visit: Annotated[Visit, needs(Permission.MANAGE_TOKENS)], wanted: Wanted) -> Page[Token]:
    """The tokens of the clinic's machines, newest first, without their secrets."""
    with visit.reading() as session:
        return queries.tokens(session, visit.caller, wanted)


@routes.post("/tokens", response_model=MadeToken, **told("Make a token", examples.MADE_TOKEN, status=201))
def make_token(visit: Annotated[Visit, creates(Permission.MANAGE_TOKENS)], wanted: NewToken) -> Response:
    """Make a token for a machine. Its secret is in this answer and nowhere else, not even in a repetition of it."""

    def deed(writing: Writing) -> Created:
        made = deeds.make_token(writing, wanted)
        return Created(thing=made, id=made.token.id, again=MadeToken(token=made.token, secret=None))

    return create(visit, wanted, deed)


@routes.post("/tokens/{token_id}/revoke", **told("Revoke a token", examples.TOKEN, 409))
def revoke_token(visit: Annotated[Visit, needs(Permission.MANAGE_TOKENS)], token_id: UUID) -> Token:
    """End a token at once."""
    with visit.writing() as writing:
        return deeds.revoke_token(writing, token_id)
