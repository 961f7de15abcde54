"""The checker: takes sessions that are due, judges them from what is stored, and commits all of it at once.

Rules, kept here:
- Nothing is judged from memory: workers see batches in any order, the stores see all of them.
- Session, findings, alerts, their trail and the end of the due mark are one transaction. A crash repeats the
  check, and every id is derived, so repeating it changes nothing.
- Facts that come while a check is under way leave its session due.
- The session's row is locked first, then due marks in the order of their keys, as whoever brings facts locks them.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from threading import Event
from typing import Final

from sqlalchemy.orm import Session

from alerts.desk import report
from clinical.judgement import judge
from monitor_api.check.results import Conclusion, reports, store_findings, store_session
from monitor_api.clock import Clocks
from monitor_api.errors import ClaimLost, StoreUnavailable
from monitor_api.records.alert_store import SqlAlertStore
from monitor_api.records.database import Database
from monitor_api.records.trail import CHECKER, Change, ChangeKind, announce
from monitor_api.sessions.assembly import assemble
from monitor_api.sessions.context import facts, find_context
from monitor_api.sessions.due import LEASE, Claim, anything_due, claim_due, give_back, release
from monitor_api.sessions.evidence import gather
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.series import SeriesKey

AT_ONCE: Final = 20
"""Checks claimed together."""

IDLE_S: Final = 0.03
"""How long to wait when nothing is due: a part of the second in which an alert must be stored."""

RETRY_S: Final = 0.5
"""How long to wait before a store that failed is tried again."""

_log = logging.getLogger(__name__)


class Checker:
    """One worker of any number; `name` tells them apart."""

    def __init__(self, database: Database, telemetry: Telemetry, clocks: Clocks, name: str) -> None:
        self._database, self._telemetry, self._clocks, self._name = database, telemetry, clocks, name

    def run(self, stop: Event) -> None:
        """Check what is due until `stop` is set."""
        while not stop.is_set():
            try:
                stop.wait(0 if self.check_due() else IDLE_S)
            except StoreUnavailable as failure:
                _log.warning("%s; trying again", failure)
                stop.wait(RETRY_S)

    def check_due(self) -> int:
        """Check what is due now, and give how many sessions that were. Raises StoreUnavailable."""
        claims = self._claim()
        for number, claim in enumerate(claims):
            try:
                self.check(claim)
            except StoreUnavailable:
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
            release(session, claim, self._name, touched, self._clocks.civil())
        if account.whole:
            self._telemetry.seal(claim.key)

    def _conclude(self, session: Session, conclusion: Conclusion) -> set[SeriesKey]:
        """Write what follows, and give the other sessions that it says something new of."""
        now = self._clocks.civil()
        key, patient = conclusion.evidence.key, conclusion.context.patient
        touched = store_session(session, conclusion, now)
        store_findings(session, conclusion, now)
        alerts = SqlAlertStore(session, CHECKER, now)
        for news in reports(conclusion):
            report(alerts, news, now)
        change = Change(clinic=key.clinic, kind=ChangeKind.SESSION, subject_id=str(key.session), patient=patient)
        announce(session, change, now)
        return touched
