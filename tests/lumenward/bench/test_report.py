"""The page of figures is written from results alone."""

from lumenward.bench.context import Bench, Figure, Load, Result, Share
from lumenward.bench.report import report

BENCH = Bench(
    name="line",
    sentence="Batches, drained.",
    figures=(Figure(name="ratio", means="this over that", bound="≥ 0.6"), Figure(name="rate", means="a second")),
    load=Load(word="batches", usual=20),
    run=lambda _: {},
)
SMALL = Result(size=2, figures={"ratio": 0.5, "rate": 10.0}, profile=())
USUAL = Result(
    size=20000,
    figures={"ratio": 0.75, "rate": None},
    profile=(Share("decode", 0.25), Share("SQLite", 0.5)),
)


def page(*results):
    return report([(BENCH, results)], "abc123", "one machine").splitlines()


def test_each_figure_stands_with_its_bound_and_at_each_load():
    lines = page(SMALL, USUAL)
    assert "| figure | what it is | bound | 2 batches | 20,000 batches |" in lines
    assert "| `ratio` | this over that | ≥ 0.6 | 0.5 | 0.75 |" in lines


def test_a_figure_that_the_machine_cannot_give_is_said_to_be_not_here():
    assert "| `rate` | a second |  | 10 | not here |" in page(SMALL, USUAL)


def test_what_takes_most_of_the_time_comes_first():
    lines = page(SMALL, USUAL)
    assert lines.index("| SQLite | 50% |") < lines.index("| decode | 25% |")


def test_the_page_says_of_which_code_and_machine_it_is():
    assert "Measured at `abc123` on one machine." in page(USUAL)
