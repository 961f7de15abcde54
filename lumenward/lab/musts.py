"""What must be so after a scenario, beyond what the demo's verdict asks of every one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from firmware_bridge.virtual.journal import BeginLine, RecordLine
from lumenward.demo.journals import Told
from lumenward.demo.people import patient_id
from lumenward.demo.scenario import Person, people
from lumenward.demo.stored import Stored, StoredSession
from lumenward.demo.verdict import comparable
from lumenward.lab.faults import Bench

SLACK: Final = timedelta(seconds=2)
"""How far a start may lie outside what is said of it: records and samples count whole seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the devices told that they did, and what the service stored."""

    bench: Bench
    told: Told
    stored: Stored


Must = Callable[[Outcome], Iterator[str]]
"""Says what is not as it must be."""


def placed_where_they_were(outcome: Outcome) -> Iterator[str]:
    """A session began within what the service says of its start."""
    for person in people(outcome.bench.demo.world.homes):
        for line in outcome.told[person.uid]:
            if isinstance(line, BeginLine):
                yield from _misplaced(
                    f"{person.uid}:{line.counter}", line, outcome.stored.sessions.get((person.uid, line.counter))
                )


def _misplaced(name: str, began: BeginLine, stored: StoredSession | None) -> Iterator[str]:
    if stored is None or stored.conflict:
        return
    where = stored.started
    if where is None:
        yield f"{name}: nothing places it"
    elif not where.earliest - SLACK <= began.civil <= where.latest + SLACK:
        yield f"{name}: began at {began.civil}, said to be between {where.earliest} and {where.latest}"


def quarantined_and_taken_again(outcome: Outcome) -> Iterator[str]:
    """What was damaged on its way is in quarantine."""
    if not outcome.stored.quarantined:
        yield "nothing is in quarantine, and messages were damaged"


def messages_were_meddled_with(outcome: Outcome) -> Iterator[str]:
    """Something was done to messages: a scenario in which nothing happens proves nothing."""
    if not outcome.bench.relay.meddled:
        yield "nothing was done to any message"


def both_accounts_are_kept(outcome: Outcome) -> Iterator[str]:
    """Two devices under one name: both records are kept, and the conflict is said."""
    session = next(iter(outcome.stored.sessions.values()), None)
    if session is None or not session.conflict:
        yield "the conflict is not said"
    told = {
        comparable(line.record) for lines in outcome.told.values() for line in lines if isinstance(line, RecordLine)
    }
    kept = {comparable(record) for record in session.records} if session else set[bytes]()
    if told != kept:
        yield f"{len(told)} records were told, {len(told & kept)} of them are kept"


def whose_is_whose(outcome: Outcome) -> Iterator[str]:
    """Each session is of whoever had the device when it began."""
    ada, cleo = people(outcome.bench.demo.world.homes)
    yield from _whose(outcome, ada, 1, ada)
    yield from _whose(outcome, ada, 2, cleo)


def _whose(outcome: Outcome, device_of: Person, counter: int, expected: Person) -> Iterator[str]:
    stored = outcome.stored.sessions.get((device_of.uid, counter))
    if stored is None or stored.patient != patient_id(expected):
        yield f"{device_of.uid}:{counter} is not {expected.name}'s"
