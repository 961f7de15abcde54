"""Skin answers as of a session: each holds from when it was given, and the first one also for the time before."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import booleans, integers, lists, none, one_of, sampled_from, tuples

from clinical.facts import Wearer
from monitor_api.sessions.skin import SkinAnswers, is_first, wearer_at

START = datetime(2026, 3, 2, 8, tzinfo=UTC)

ANSWERS = lists(tuples(one_of(none(), sampled_from(["I", "II", "VI"])), one_of(none(), booleans())), max_size=5)


def answered(*answers: tuple[str | None, bool | None]) -> tuple[SkinAnswers, ...]:
    """An answer a day, from the first day on."""
    return tuple(
        SkinAnswers(wearer=Wearer(phototype=phototype, photosensitised=sensitive), asked_at=START + timedelta(days=day))
        for day, (phototype, sensitive) in enumerate(answers, 1)
    )


def at(answers: tuple[SkinAnswers, ...], day: float) -> tuple[str | None, bool | None]:
    found = wearer_at(answers, START + timedelta(days=day))
    return found.phototype, found.photosensitised


@pytest.mark.parametrize(
    ("day", "expected"),
    [(0, ("II", False)), (1, ("II", False)), (1.99, ("II", False)), (2, ("II", True)), (9, ("II", True))],
)
def test_an_answer_holds_from_when_it_was_given_until_the_next(day, expected):
    assert at(answered(("II", False), ("II", True)), day) == expected


def test_a_question_that_was_answered_later_than_another_is_answered_for_the_time_before_too():
    assert at(answered(("II", None), ("VI", True)), 0) == ("II", True)
    assert at(answered((None, True), ("VI", None)), 1.5) == ("VI", True)


def test_what_nobody_knows_any_more_is_not_known_from_then_on():
    assert [at(answered(("II", True), ("II", None)), day) for day in (1, 2)] == [("II", True), ("II", None)]


@given(answers=ANSWERS, day=integers(0, 6))
def test_each_question_has_the_last_answer_by_then_or_the_first_one_there_is(answers, day):
    """As one would say it: walk the days, and keep the first answer for those before it."""
    for place, known in enumerate(at(answered(*answers), day)):
        said = [one[place] for one in answers]
        by_then = said[: max(0, day)]
        ever = next((one for one in said if one is not None), None)
        expected = by_then[-1] if any(one is not None for one in by_then) else ever
        assert known == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([], ("II", None), True),
        ([], (None, None), False),
        ([("II", None)], ("VI", None), False),
        ([("II", None)], ("II", False), True),
        ([("II", False), (None, None)], ("II", True), False),
    ],
)
def test_only_the_first_answer_to_a_question_tells_of_the_time_before(before, now, expected):
    phototype, sensitive = now
    assert is_first(answered(*before), Wearer(phototype=phototype, photosensitised=sensitive)) is expected
