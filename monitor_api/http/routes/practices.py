"""The figures that the clinic decides on: read them, and decide."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from monitor_api.http.deeds import practices as deeds
from monitor_api.http.deeds.practices import PracticeBody
from monitor_api.http.describing import told
from monitor_api.http.etags import IfMatch, etag
from monitor_api.http.policy import Permission
from monitor_api.http.queries import practices as queries
from monitor_api.http.queries.practices import SeenPractice
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, needs

routes = APIRouter(prefix="/practice", tags=["practice"])


@routes.get("", **told("Read the clinic's figures", examples.PRACTICE))
def read_practice(visit: Annotated[Visit, needs(Permission.SEE_PRACTICE)], response: Response) -> SeenPractice:
    """What patients are judged by, and where each figure is from; its ETag is what a decision has to name."""
    with visit.reading() as session:
        found = queries.practice(session, visit.caller)
    return _tagged(found, response)


@routes.put("", **told("Decide on the clinic's figures", examples.PRACTICE, 412, 428))
def put_practice(
    visit: Annotated[Visit, needs(Permission.DECIDE_PRACTICE)],
    wanted: PracticeBody,
    response: Response,
    *,
    if_match: IfMatch = None,
) -> SeenPractice:
    """Have patients judged by these figures from now on; whatever is not named is the product's default.

    Everybody's weeks are judged again at once. A session is judged by the figures of when it began.
    """
    with visit.writing() as writing:
        decided = deeds.decide_practice(writing, wanted, if_match)
    return _tagged(decided, response)


def _tagged(practice: SeenPractice, response: Response) -> SeenPractice:
    response.headers["ETag"] = etag(str(practice.version))
    return practice
