"""The checker killed -9 at every step: the alert is raised exactly once, whatever was interrupted."""

from datetime import UTC, datetime

from clinical.judgement import judge
from monitor_api.check.checker import Checker
from monitor_api.check.results import Conclusion
from monitor_api.records.attention import AlertRow, AuditRow, FindingRow
from monitor_api.records.sessions import DueRow, SessionRow
from monitor_api.sessions.assembly import assemble
from monitor_api.sessions.context import facts, find_context
from monitor_api.sessions.due import release
from monitor_api.sessions.evidence import gather
from tests.kills.dying import in_child, steps_to_die_at
from tests.service import FakeBroker, Sealer, found, give_back, open_service, rf_device, rf_samples, rows, worker_of


class CheckOutsideTheTransaction(Checker):
    """The sabotaged twin: ends the due mark in one transaction and writes what follows in another."""

    def check(self, claim):
        with self._database.read() as session:
            evidence = gather(session, self._telemetry, claim.key)
            account = assemble(evidence)
            context = find_context(session, evidence, account)
        findings = judge(facts(evidence, account, context), context.regimen)
        with self._database.write() as session:
            release(session, claim, self._name, touched=(), now=self._clocks.civil())
        with self._database.write() as session:
            self._conclude(session, Conclusion(evidence, account, context, findings))


class Crash:
    """One service with an overheated session that is due, hit by one kill and brought back."""

    def __init__(self, directory, checker=Checker):
        self.directory, self.checker = directory, checker
        directory.mkdir()
        stores = open_service(directory)
        found(stores)
        gateway = Sealer()
        hot = [gateway.batch(rf_device(), rf_samples(0)), gateway.batch(rf_samples(10, skin=43.5))]
        worker_of(stores, directory).handle(hot, FakeBroker(), lambda _: True)
        stores.close()

    def work(self, steps):
        stores = open_service(self.directory)
        stores.database.engine.dispose()
        steps.watch_engine(stores.database.engine)
        self.checker(stores.database, stores.telemetry, stores.clocks, "check-1").check_due()

    def kill_at(self, step):
        return in_child(self.work, step)

    def recover(self):
        """What a restarted checker does once the lease of the dead one has run out."""
        stores = open_service(self.directory)
        with stores.database.write() as session:
            for row in session.query(DueRow):
                row.claimed_until = datetime(2000, 1, 1, tzinfo=UTC)
        checker = Checker(stores.database, stores.telemetry, stores.clocks, "check-2")
        while checker.check_due():
            pass
        outcome = {
            "alerts": [(row.rule, row.severity) for row in rows(stores, AlertRow)],
            "raised": sum(1 for row in rows(stores, AuditRow) if row.subject_kind == "alert"),
            "findings": [row.rule for row in rows(stores, FindingRow)],
            "due": len(rows(stores, DueRow)),
            "checked": all(row.checked_at for row in rows(stores, SessionRow)),
        }
        stores.close()
        return outcome


WELL = {"alerts": [("too-hot", "high")], "raised": 1, "findings": ["too-hot"], "due": 0, "checked": True}


def test_at_whatever_step_the_checker_dies_the_alert_is_raised_exactly_once(data):
    total = Crash(data / "count").kill_at(None)
    assert total > 20
    for step in steps_to_die_at(data, total):
        crash = Crash(data / str(step))
        assert crash.kill_at(step) is None
        assert crash.recover() == WELL, f"killed at step {step} of {total}"
        give_back(crash.directory)


def test_a_checker_that_was_not_killed_leaves_the_same(data):
    crash = Crash(data / "whole")
    crash.kill_at(None)
    assert crash.recover() == WELL


def test_a_twin_that_checks_outside_the_transaction_is_caught(data):
    total = Crash(data / "count", CheckOutsideTheTransaction).kill_at(None)
    outcomes = []
    for step in range(1, total + 1, 4):
        crash = Crash(data / str(step), CheckOutsideTheTransaction)
        crash.kill_at(step)
        outcomes.append(crash.recover() == WELL)
        give_back(crash.directory)
    assert not all(outcomes)
