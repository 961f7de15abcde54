"""A course checker that a test drives by hand, and what it found."""

from datetime import UTC, datetime

from monitor_api.check.courses import CourseChecker
from monitor_api.clock import Clocks
from monitor_api.courses.due import CourseKey
from monitor_api.records.courses import CourseFindingRow
from tests.monitor_api.check.line import Line
from tests.service import CLINIC, PATIENT, rows

KEY = CourseKey(CLINIC, PATIENT)


class Watched:
    """A course checker by clocks that a test sets."""

    def __init__(self, line: Line, now: datetime):
        self.line, self.now = line, now
        self.checker = CourseChecker(
            line.stores.database, Clocks(civil=lambda: self.now, wall=lambda: datetime.now(UTC)), "check-1"
        )

    def look(self) -> int:
        count = 0
        while done := self.checker.check_due():
            count += done
        return count


def findings(line: Line) -> dict[str, CourseFindingRow]:
    return {row.rule: row for row in rows(line.stores, CourseFindingRow)}
