"""Weekly adherence of very many patients, held against a bare query over the same table, in a process of its own.

python -m lumenward.bench.weekly PATIENTS YEARS      prints JSON: [ratio, megabytes at most]
"""

import json
import resource
import sys
from time import perf_counter
from typing import Final

import duckdb

from monitor_api.cohorts.weekly import WEEK_DAYS, create_tables, weekly_adherence

ROUNDS: Final = 3
"""Of both, in turn; the medians count."""

PER_YEAR: Final = 260
"""Uses of a patient: five a week."""

_FILL: Final = """
INSERT INTO uses SELECT strand, 100 + strand % 7 + use // 5 * 7, share, share FROM (
    SELECT p.range AS strand, u.range AS use, (hash(p.range, u.range) % 100)::FLOAT / 80 AS share
    FROM range($patients) p, range($uses) u
);
INSERT INTO rounds SELECT strand, week, 100 + strand % 7 + week * 7, 5, 0, if(week < $weeks - strand % 3, 0, 5), true
FROM (
    SELECT p.range AS strand, w.range AS week FROM range($patients) p, range($weeks) w
);
"""

_BARE: Final = """
SELECT strand, day // $days AS week, count(*) FILTER (dose_low >= 1) AS low,
       count(*) FILTER (dose_high >= 1) AS high
FROM uses GROUP BY 1, 2
"""


def main(patients: int, years: float) -> tuple[float, float]:
    """The ratio of both times, and the most memory that this process held, in MB."""
    connection = duckdb.connect()
    create_tables(connection)
    uses, weeks = round(PER_YEAR * years), round(52 * years)
    for statement in _FILL.strip().split(";\n"):
        connection.execute(statement, _named(statement, patients=patients, uses=uses, weeks=weeks))
    asked = {"days": WEEK_DAYS}
    took = [
        (
            _seconds(weekly_adherence(connection), "sum(taken_low), sum(taken_high)"),
            _seconds(connection.sql(_BARE, params=asked), "sum(low), sum(high)"),
        )
        for _ in range(ROUNDS)
    ]
    ours, bare = (sorted(times)[ROUNDS // 2] for times in zip(*took, strict=True))
    return ours / bare, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _named(statement: str, **values: float) -> dict[str, float]:
    return {name: value for name, value in values.items() if f"${name}" in statement}


def _seconds(found: duckdb.DuckDBPyRelation, sums: str) -> float:
    """How long it takes to find all rows, and add them up so that none has to leave."""
    began = perf_counter()
    found.aggregate(sums).fetchall()
    return perf_counter() - began


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), float(sys.argv[2]))))
