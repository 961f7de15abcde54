"""`bench clinical`: one patient judged anew, weekly adherence of a hundred thousand, a quarter of a year replayed."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from time import monotonic, thread_time
from typing import Final, TypeVar

from clinical.adherence.definitions import adherence
from clinical.adherence.horizon import horizon
from clinical.course import Course
from clinical.dose.ledger import ledger
from clinical.judgement import judge_course
from clinical.misuse.course_rules import course_at
from clinical.misuse.table import COURSE_RULES
from lumenward.bench.context import Bench, Figure, Figures, Load, Share, Work
from lumenward.bench.measuring import collecting_as_the_service, quantile
from lumenward.bench.patients import NOW, RESTLESS, STEADY, make_course, worn_in
from lumenward.errors import ChildFailed
from lumenward.replay.timing import replay_core_s

ROUNDS: Final = 300
"""How often a patient is judged; 300 give a 99th percentile that is not the worst."""

SHARED: Final = 50
"""How often, to see where the time goes."""

HISTORIES: Final = (
    ("_half_a_year", 0.5, STEADY),
    ("_four_years", 4.0, STEADY),
    ("_restless", 2.0, RESTLESS),
    ("", 2.0, STEADY),
)
"""What a figure's name has of a history, how many years that is, and of whom."""

WEEKLY_YEARS: Final = 1.0
WEEKLY_S: Final = 600.0
"""How long the weekly adherence may take, with the making of its table."""

REPLAY_DAYS: Final = 90
REPLAYED_OF: Final = 10
"""Weekly adherence is of ten times as many patients as a replay."""


def run(work: Work, rounds: int = ROUNDS) -> Figures:
    """Measure. Raises ChildFailed, Interrupted."""
    figures: dict[str, float | None] = {}
    for place, (name, years, habits) in enumerate(HISTORIES):
        with collecting_as_the_service():
            took = _reevaluations(make_course(years, place, habits), rounds, work)
        figures |= {f"reevaluate{name}_p50_ms": quantile(took, 0.5), f"reevaluate{name}_p99_ms": quantile(took, 0.99)}
        work.progress(0.1 * (place + 1))
    work.profile += _shares(make_course(2.0, seed=len(HISTORIES) - 1))
    figures["weekly_adherence_ratio"], figures["weekly_adherence_peak_mb"] = _weekly(work)
    work.progress(0.6)
    figures["replay_core_s"] = _replay_s(work)
    return figures


def _reevaluations(course: Course, rounds: int, work: Work) -> list[float]:
    """Milliseconds of CPU that each of many judgements took: rules, adherence, horizon and ledger, all anew."""
    worn = worn_in(course)
    took: list[float] = []
    for _ in range(rounds):
        work.progress(0)
        began = thread_time()
        at = course_at(course, NOW, worn=worn)
        judge_course(at)
        for strand in at.account.strands:
            adherence(at.account, strand)
            horizon(at.account, strand)
        ledger(at.given)
        took.append((thread_time() - began) * 1e3)
    return took


def _shares(course: Course) -> list[Share]:
    """Where the time of a judgement goes, by its steps; what several of them share counts to the first that asks."""
    worn, spent = worn_in(course), _Spent()
    for _ in range(SHARED):
        at = spent.on("gathering the course", partial(course_at, course, NOW, worn=worn))
        for rule in COURSE_RULES:
            spent.on(f"rule {rule.id}", partial(judge_course, at, (rule,)))
        for strand in at.account.strands:
            spent.on("adherence", partial(adherence, at.account, strand))
            spent.on("horizon", partial(horizon, at.account, strand))
        spent.on("ledger", partial(ledger, at.given))
    whole = sum(spent.seconds.values()) or 1.0
    return [Share(f"judged anew: {step}", seconds / whole) for step, seconds in spent.seconds.items()]


T = TypeVar("T")


class _Spent:
    """CPU time by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def on(self, step: str, work: Callable[[], T]) -> T:
        """Do a step of the work."""
        began = thread_time()
        done = work()
        self.seconds[step] += thread_time() - began
        return done


def _weekly(work: Work) -> tuple[float, float]:
    command = [sys.executable, "-m", "lumenward.bench.weekly", str(work.size), str(WEEKLY_YEARS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    until = monotonic() + WEEKLY_S
    try:
        while process.poll() is None and monotonic() < until:
            work.progress(0.6 - 0.3 * (until - monotonic()) / WEEKLY_S)
            work.stop.wait(0.2)
        if process.poll() != 0:
            raise ChildFailed("weekly", "it failed, or took too long", "")
        ratio, megabytes = json.loads(process.communicate()[0])
        return float(ratio), float(megabytes)
    finally:
        process.kill()
        process.wait()


def _replay_s(work: Work) -> float:
    """Seconds on all cores, for a tenth of the patients whose weeks are counted."""
    people = max(1, work.size // REPLAYED_OF)
    return replay_core_s(people, REPLAY_DAYS, lambda part: work.progress(0.6 + 0.4 * part), work.stop)


FIGURES: Final = (
    Figure(
        name="reevaluate_p99_ms",
        means="CPU time to judge a patient of two years (500 sessions) anew: rules, adherence, horizon, ledger; ms",
        bound="≤ 5",
    ),
    Figure(name="reevaluate_p50_ms", means="the same, median"),
    Figure(name="reevaluate_half_a_year_p50_ms", means="the same of half a year (125 sessions), median"),
    Figure(name="reevaluate_half_a_year_p99_ms", means="the same, 99th percentile"),
    Figure(name="reevaluate_four_years_p50_ms", means="the same of four years (1,000 sessions), median"),
    Figure(name="reevaluate_four_years_p99_ms", means="the same, 99th percentile"),
    Figure(name="reevaluate_restless_p50_ms", means="the same of a patient without habits, as nobody is, median"),
    Figure(name="reevaluate_restless_p99_ms", means="the same, 99th percentile"),
    Figure(
        name="weekly_adherence_ratio", means="weekly adherence of all for a year, over a bare DuckDB query", bound="≤ 2"
    ),
    Figure(name="weekly_adherence_peak_mb", means="the most memory that took, its table included, MB", bound="≤ 2000"),
    Figure(
        name="replay_core_s",
        means="seconds to replay 90 days of a tenth of them on all cores",
        bound="≤ 60 for 10,000 people",
    ),
)

BENCH: Final = Bench(
    name="clinical",
    sentence="The clinical core: one patient judged anew, the weekly adherence of very many, a replay of the rules.",
    figures=FIGURES,
    load=Load(word="patients", usual=100_000),
    run=run,
)
