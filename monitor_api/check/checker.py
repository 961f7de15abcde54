"""The checker: takes sessions that are due, judges them from what is stored, and commits all of it at once.

Rules, kept here:
- Nothing is judged from memory: workers see batches in any order, the stores see all of them.
- Session, findings, alerts, their trail and the end of the due mark are one transaction. A crash repeats the
  check, and every id is derived, so repeating it changes nothing.
- Facts that come while a check is under way leave its session due.
- The session's row is locked first, then its patient's where it has what calls once, then due marks in the order of
  their keys, as whoever brings facts locks them.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from sqlalchemy.orm import Session

from alerts.desk import report
from clinical.judgement import judge
from monitor_api.check.repeats import settle, stored_habits
from monitor_api.check.results import Conclusion, reports, store_findings, store_session
from monitor_api.clock import Clocks
from monitor_api.courses.due import REST, CourseKey, mark_course_due
from monitor_api.courses.sums import store_sum
from monitor_api.errors import ClaimLost, StoreUnavailable, StoreUnusable
from monitor_api.records.alert_store import SqlAlertStore
from monitor_api.records.database import Database
from monitor_api.records.sessions import SessionRow
from monitor_api.records.trail import CHECKER, Change, ChangeKind, announce
from monitor_api.sessions.assembly import assemble
from monitor_api.sessions.context import facts, find_context
from monitor_api.sessions.due import LEASE, Claim, anything_due, claim_due, give_back, release
from monitor_api.sessions.evidence import gather
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import PatientId

AT_ONCE: Final = 20
"""Checks claimed together."""

_log = logging.getLogger(__name__)


class Checker:
    """One worker of any number; `name` tells them apart."""

    def __init__(self, database: Database, telemetry: Telemetry, clocks: Clocks, name: str) -> None:
        self._database, self._telemetry, self._clocks, self._name = database, telemetry, clocks, name

    def check_due(self) -> int:
        """Check what is due now, and give how many sessions that were. Raises StoreUnavailable, StoreUnusable."""
        claims = self._claim()
        for number, claim in enumerate(claims):
            try:
                self.check(claim)
            except (StoreUnavailable, StoreUnusable):
                self._give_back(claims[number:])
                raise
            except ClaimLost as lost:
                _log.warning("%s", lost)
            except Exception:  # noqa: BLE001 - a session that cannot be judged must not keep the others from it
                _log.exception("session %s cannot be judged; it is tried again in %s", claim.key.session, LEASE)
        return len(claims)

    def _give_back(self, claims: Sequence[Claim]) -> None:
        with suppress(StoreUnavailable), self._database.write() as session:
            give_back(session, claims, self._name)

    def _claim(self) -> list[Claim]:
        now = self._clocks.wall()
        with self._database.read() as session:
            if not anything_due(session, now):
                return []
        with self._database.write() as session:
            return claim_due(session, self._name, now, AT_ONCE)

    def check(self, claim: Claim) -> None:
        """Judge one session from what is stored, and commit what follows from it. Raises ClaimLost."""
        with self._database.read() as session:
            evidence = gather(session, self._telemetry, claim.key)
            account = assemble(evidence)
            context = find_context(session, evidence, account)
        findings = judge(facts(evidence, account, context), context.regimen)
        with self._database.write() as session:
            touched = self._conclude(session, Conclusion(evidence, account, context, findings))
            release(session, claim, self._name, touched=touched, now=self._clocks.civil())
        if account.whole:
            self._telemetry.seal(claim.key)

    def _conclude(self, session: Session, conclusion: Conclusion) -> set[SeriesKey]:
        """Write what follows, and give the other sessions that it says something new of."""
        now = self._clocks.civil()
        key, patient = conclusion.evidence.key, conclusion.context.patient
        before = session.get_one(SessionRow, (key.clinic, key.session))
        owner, goes_on = before.patient_id, before.checked_at is not None and conclusion.account.record is None
        habits = stored_habits(session, before)
        touched = store_session(session, conclusion, now)
        conclusion, called_anew = settle(session, conclusion, habits)
        store_sum(session, conclusion.evidence, conclusion.account)
        store_findings(session, conclusion, now)
        alerts = SqlAlertStore(session, CHECKER, now)
        for news in reports(conclusion):
            report(alerts, news, now)
        change = Change(clinic=key.clinic, kind=ChangeKind.SESSION, subject_id=str(key.session), patient=patient)
        announce(session, change, now)
        # Due marks come last, as everybody locks them: of courses, then of sessions.
        whose = {PatientId(one) for one in (patient, owner) if one is not None}
        at = now + REST if goes_on and owner == patient else now
        mark_course_due(session, (CourseKey(key.clinic, one) for one in whose), at)
        return touched | called_anew
