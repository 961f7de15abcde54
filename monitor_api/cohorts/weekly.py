"""Weekly adherence of many patients in one query: the taken slots of each week, as the pure function finds them.

Rules, kept here:
- A strand, one modality of one patient, has a number. Weeks are of seven therapy days, counted from the first for which
  anything of it was ever planned; a round counts in the week in which it ends. Only rounds that are over count.
- A row of `rounds` is such a round, whatever phase or version it is of and whatever its length; days away have made
  slots of it excused. `alone`: it is the only one of its week.
- A row of `uses` is a use of one round, merged as sessions of a course are; one that may be of two rounds has a row in
  each with nothing sure, so that it fills neither for certain.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final, NamedTuple

import pandas as pd
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from clinical.adherence.account import Strand
from clinical.adherence.slots import JudgedRound
from clinical.practice import NEARLY

WEEK_DAYS: Final = 7


class UseRow(NamedTuple):
    """A use in a round; `day`: the round's first, in days since any one date; a slot is taken from a dose of 1 on."""

    strand: int
    day: int
    dose_low: float
    dose_high: float


class RoundRow(NamedTuple):
    """A round that is over: slots `asked` for and `excused`, and how many of those asked for can still be reported."""

    strand: int
    week: int
    day: int
    asked: int
    excused: int
    unseen: int
    alone: bool


_TABLES: Final = """
CREATE TABLE uses (strand INTEGER, day INTEGER, dose_low FLOAT, dose_high FLOAT);
CREATE TABLE rounds (
    strand INTEGER, week INTEGER, day INTEGER, asked INTEGER, excused INTEGER, unseen INTEGER, alone BOOLEAN
);
"""

_WEEKLY: Final = """
WITH found AS (
    SELECT strand, day, count(*) FILTER (dose_low >= 1) AS low,
           count(*) FILTER (dose_high >= 1) AS high
    FROM uses GROUP BY 1, 2
), filled AS (
    SELECT strand, week, alone, asked, excused, unseen = 0 AS proven, least(asked, coalesce(low, 0)) AS taken_low,
           least(asked, unseen + coalesce(high, 0)) AS taken_high
    FROM rounds LEFT JOIN found USING (strand, day)
)
SELECT strand, week, asked, excused, taken_low, taken_high, proven FROM filled WHERE alone
UNION ALL
SELECT strand, week, sum(asked)::INTEGER, sum(excused)::INTEGER, sum(taken_low)::INTEGER, sum(taken_high)::INTEGER,
       bool_and(proven)
FROM filled WHERE NOT alone GROUP BY 1, 2
"""
"""What is alone in its week is not added up: with most regimens that is every round."""


def create_tables(connection: DuckDBPyConnection) -> None:
    """Make the tables that `weekly_adherence` reads."""
    connection.execute(_TABLES)


def load(connection: DuckDBPyConnection, uses: Iterable[UseRow], rounds: Iterable[RoundRow]) -> None:
    """Add rows to both tables."""
    for table, rows, columns in (("uses", uses, UseRow._fields), ("rounds", rounds, RoundRow._fields)):
        connection.register("arrived", pd.DataFrame(list(rows), columns=list(columns)))
        connection.execute(f"INSERT INTO {table} SELECT * FROM arrived")  # noqa: S608 - two names written above
        connection.unregister("arrived")


def weekly_adherence(connection: DuckDBPyConnection) -> DuckDBPyRelation:
    """Strand, week, slots asked and excused, taken at least and at most, and whether all records of it are here."""
    return connection.sql(_WEEKLY)


def use_rows(number: int, rounds: Iterable[JudgedRound]) -> Iterator[UseRow]:
    """The rows of uses in rounds of a strand, each dose as a part of what its clinic takes a slot from."""
    for judged in rounds:
        for one in judged.counted:
            low, enough = one.dose.low if one.sure else 0.0, judged.practice.taken_fraction - NEARLY
            yield UseRow(number, judged.round.first.toordinal(), low / enough, one.dose.high / enough)


def round_rows(number: int, strand: Strand, rounds: Iterable[JudgedRound]) -> Iterator[RoundRow]:
    """The rows of rounds of a strand."""
    placed = [((one.round.end - strand.first - timedelta(days=1)).days // WEEK_DAYS, one) for one in rounds]
    many = Counter(week for week, _ in placed)
    for week, judged in placed:
        due = judged.round.due
        yield RoundRow(
            strand=number,
            week=week,
            day=judged.round.first.toordinal(),
            asked=due,
            excused=judged.round.excused,
            unseen=min(due, judged.unseen),
            alone=many[week] == 1,
        )
