"""Every rule is shown by its examples, and every example is held against its rule."""

from dataclasses import replace

import pytest
from msgspec import structs

from clinical.judgement import judge_course
from clinical.misuse.course_rules import CourseAt, Episode, course_at
from clinical.misuse.examples.kinds import Kind, OfSession, disagreements, outcome_of
from clinical.misuse.examples.table import EXAMPLES
from clinical.misuse.rules import Rule
from clinical.misuse.table import COURSE_RULES, RULES
from clinical.verdicts import CLEAR, NOTHING, Outcome, fires

EVERY = (*RULES, *COURSE_RULES)


def switched_off(rule):
    return replace(rule, judge=(lambda _s, _l: CLEAR) if isinstance(rule, Rule) else (lambda _at: iter(())))


def shouting(rule):
    def always(at):
        yield Episode(onset="x", began_at=at.now, cleared_at=None, verdict=fires("always", NOTHING), sessions=())

    return replace(rule, judge=(lambda _s, _l: fires("always", NOTHING)) if isinstance(rule, Rule) else always)


def others(rule):
    return [one for one in EVERY if one.id != rule.id]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.rule}: {one.words}")
def test_a_rule_says_of_its_example_what_the_example_says(example):
    assert list(disagreements([example], EVERY)) == []


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_every_rule_has_an_example_that_fires_a_silent_one_a_boundary_and_an_undetermined_one(rule):
    shown = [example for example in EXAMPLES if example.rule == rule.id]
    assert {example.kind for example in shown if example.subject or example.kind is Kind.UNDETERMINED} == set(Kind)
    assert {Outcome.FIRES, Outcome.CLEAR} <= {example.outcome for example in shown if example.subject}
    if not any(example.outcome is Outcome.UNDETERMINED and example.subject for example in shown):
        assert [example.words for example in shown if example.subject is None] != [""]


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_a_rule_that_is_switched_off_contradicts_its_examples(rule):
    assert any(f"{rule.id}, " in said for said in disagreements(EXAMPLES, [*others(rule), switched_off(rule)]))


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_a_rule_that_always_fires_contradicts_its_examples(rule):
    assert any(f"{rule.id}, " in said for said in disagreements(EXAMPLES, [*others(rule), shouting(rule)]))


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_a_rule_that_is_missing_is_told(rule):
    assert f"{rule.id}: no such rule" in list(disagreements(EXAMPLES, others(rule)))


def test_an_example_without_a_subject_says_why_a_rule_can_always_tell():
    silent = [example for example in EXAMPLES if example.subject is None]
    assert silent
    assert all(example.kind is Kind.UNDETERMINED and len(example.words) > 20 for example in silent)


COURSES = [example for example in EXAMPLES if isinstance(example.subject, CourseAt)]


@pytest.mark.parametrize("example", COURSES, ids=lambda one: f"{one.rule}: {one.words}")
def test_the_order_of_sessions_and_how_often_one_comes_change_no_verdict(example):
    at = example.subject
    sessions = (*reversed(at.course.sessions), *at.course.sessions[:2])
    turned = course_at(replace(at.course, sessions=sessions), at.now, worn=at.worn, limits=at.limits)
    found = judge_course(structs.replace(turned, said=at.said))
    assert sorted(found, key=lambda one: one.id) == sorted(judge_course(at), key=lambda one: one.id)


@pytest.mark.parametrize("example", COURSES, ids=lambda one: f"{one.rule}: {one.words}")
def test_findings_of_a_course_go_by_ids_of_their_own(example):
    found = judge_course(example.subject)
    assert len({finding.id for finding in found}) == len(found)


def test_examples_of_sessions_are_of_session_rules():
    by_id = {rule.id: rule for rule in EVERY}
    for example in EXAMPLES:
        if example.subject is not None:
            assert isinstance(by_id[example.rule], Rule) is isinstance(example.subject, OfSession)
    with pytest.raises(TypeError):
        outcome_of(COURSE_RULES[0], next(one.subject for one in EXAMPLES if isinstance(one.subject, OfSession)))
