"""Weekly adherence of many patients in one query: the taken slots of each week, as the pure function finds them.

Rules, kept here:
- A row of `uses` is one use of one week's round, merged as sessions of a course are; one that may be of two weeks has a
  row in each with nothing sure, so that it fills neither for certain.
- A row of `weekly_regimens` is a patient's weekly regimen: weeks count from its first therapy day. A week without a
  row in the answer has no use: nothing taken where it is proven, nothing known where it is not.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import pandas as pd
from duckdb import DuckDBPyConnection, DuckDBPyRelation

from clinical.adherence.account import Strand
from clinical.adherence.practice import Practice
from clinical.adherence.slots import JudgedRound

WEEK_DAYS: Final = 7


class UseRow(NamedTuple):
    """A use in a week's round; `day`: its first, in days since any one date; doses are fractions of the planned one."""

    patient: int
    day: int
    dose_low: float
    dose_high: float


class WeeklyRegimen(NamedTuple):
    """A patient's weekly regimen: slots `asked` a week, `weeks` that are over, of them `proven` from the first on."""

    patient: int
    first_day: int
    weeks: int
    proven: int
    asked: int


_TABLES: Final = """
CREATE TABLE uses (patient INTEGER, day INTEGER, dose_low FLOAT, dose_high FLOAT);
CREATE TABLE weekly_regimens (patient INTEGER, first_day INTEGER, weeks INTEGER, proven INTEGER, asked INTEGER);
"""

_WEEKLY: Final = """
WITH found AS (
    SELECT patient, day, count(*) FILTER (dose_low >= $taken::FLOAT) AS low,
           count(*) FILTER (dose_high >= $taken::FLOAT) AS high
    FROM uses GROUP BY 1, 2
), placed AS (
    SELECT *, (day - first_day) // $days AS week FROM found JOIN weekly_regimens USING (patient) WHERE day >= first_day
)
SELECT patient, week, asked, least(asked, low) AS taken_low,
       CASE WHEN week < proven THEN least(asked, high) ELSE asked END AS taken_high
FROM placed WHERE week < weeks
"""
"""Uses are counted before their week is found: what is joined is a fifth of them, or less."""


def create_tables(connection: DuckDBPyConnection) -> None:
    """Make the tables that `weekly_adherence` reads."""
    connection.execute(_TABLES)


def load(connection: DuckDBPyConnection, uses: Iterable[UseRow], regimens: Iterable[WeeklyRegimen]) -> None:
    """Add rows to both tables."""
    for table, rows, columns in (("uses", uses, UseRow._fields), ("weekly_regimens", regimens, WeeklyRegimen._fields)):
        connection.register("arrived", pd.DataFrame(list(rows), columns=list(columns)))
        connection.execute(f"INSERT INTO {table} SELECT * FROM arrived")  # noqa: S608 - two names written above
        connection.unregister("arrived")


def weekly_adherence(connection: DuckDBPyConnection, practice: Practice) -> DuckDBPyRelation:
    """Patient, week, slots asked, and of them taken at least and at most, for every week that is over and has a use."""
    return connection.sql(_WEEKLY, params={"taken": practice.taken_fraction, "days": WEEK_DAYS})


def use_rows(patient: int, strand: Strand) -> Iterator[UseRow]:
    """The rows of a strand's rounds."""
    for judged in strand.recent:
        for one in judged.counted:
            yield UseRow(patient, judged.round.first.toordinal(), one.dose.low if one.sure else 0.0, one.dose.high)


def weekly_regimen(patient: int, over: tuple[JudgedRound, ...]) -> WeeklyRegimen:
    """The row of a regimen that asks for slots in every week, from its rounds that are over."""
    unproven = (number for number, one in enumerate(over) if one.unseen)
    return WeeklyRegimen(
        patient=patient,
        first_day=over[0].round.first.toordinal(),
        weeks=len(over),
        proven=next(unproven, len(over)),
        asked=over[0].round.due,
    )
