"""The weeks of a cohort: of all people together, how many slots of each week of their treatment were taken."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

import duckdb
import pandas as pd

from clinical.adherence.account import Account, account_of
from clinical.adherence.definitions import Definition
from clinical.course import Course
from clinical.practice import NEARLY, Practice, practice_at
from monitor_api.cohorts.weekly import RoundRow, UseRow, create_tables, load, round_rows, use_rows, weekly_adherence

WEEKLY: Final = Definition(
    "adherence-weekly",
    1,
    "Weekly adherence",
    "Slots taken, of the slots that were due in a week of the treatment, counted from its first therapy day. A round "
    "of slots counts in the week in which it ends, and only once it is over.",
)

_BY_WEEK: Final = """
week, count(*), sum(asked)::BIGINT, sum(excused)::BIGINT, sum(taken_low)::BIGINT, sum(taken_high)::BIGINT,
(sum(asked) FILTER (proven))::BIGINT, count(*) FILTER (asked > 0),
count(*) FILTER (asked > 0 AND taken_low >= {least}), count(*) FILTER (asked > 0 AND taken_high >= {least})
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekOfAll:
    """A week of treatment, the first being 0, of all strands of a cohort that have a round that ended in it.

    Slots that are due, excused, taken at least and at most, and due with all their records here. Of the strands that
    had anything due those that reached the target, at least and at most.
    """

    week: int
    strands: int
    due: int
    excused: int
    taken_low: int
    taken_high: int
    proven: int
    strands_due: int
    reached_low: int
    reached_high: int


class Weeks:
    """Adds up people: call `add` for each part of them, then `by_week`. `left_out`: of whom nothing is counted, by why.

    Everybody is judged by what their clinic decided. Use it as a context; its tables are in memory.
    """

    def __init__(self) -> None:
        self._targets: list[float] = []
        self._tables = duckdb.connect()
        create_tables(self._tables)
        self.people, self.left_out = 0, Counter[str]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tables.close()

    def add(self, courses: Iterable[Course], now: datetime) -> None:
        """Count some people as they stood at an instant."""
        uses: list[UseRow] = []
        rounds: list[RoundRow] = []
        for course in courses:
            self.people += 1
            practice = practice_at(course.practices, now)
            strands = whole_account(course, now, practice).strands
            if not strands:
                self.left_out["nothing is prescribed"] += 1
            for strand in strands:
                over = [one for one in strand.recent if one.round.ends_at <= now]
                if not over:
                    self.left_out["no round is over yet"] += 1
                uses += use_rows(len(self._targets), over)
                rounds += round_rows(len(self._targets), strand, over)
                self._targets.append(practice.frequency_target)
        load(self._tables, uses, rounds)

    @property
    def targets(self) -> tuple[float, ...]:
        """What shares their clinics want to be reached."""
        return tuple(sorted(set(self._targets)))

    def by_week(self) -> tuple[WeekOfAll, ...]:
        """Every week of treatment that anybody had, the first one first."""
        strands = pd.DataFrame({"strand": range(len(self._targets)), "target": self._targets})
        weeks = weekly_adherence(self._tables).join(self._tables.from_df(strands), "strand")
        found = weeks.aggregate(_BY_WEEK.format(least=f"target * asked - {NEARLY}"), "week")
        return tuple(_week(row) for row in sorted(found.fetchall()))


def whole_account(course: Course, now: datetime, practice: Practice) -> Account:
    """A course with every round that it ever had, not those of the last weeks alone."""
    began = min((one.from_at for one in course.regimens), default=now)
    back = max(practice.look_back_days, (now - began).days + 2)
    return account_of(course, now, {}, replace(practice, look_back_days=back))


def _week(row: tuple[int, ...]) -> WeekOfAll:
    week, strands, due, excused, low, high, proven, strands_due, reached_low, reached_high = row
    return WeekOfAll(
        week=week,
        strands=strands,
        due=due,
        excused=excused,
        taken_low=low,
        taken_high=high,
        proven=proven or 0,
        strands_due=strands_due,
        reached_low=reached_low,
        reached_high=reached_high,
    )
