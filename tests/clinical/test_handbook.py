"""The page of rules is the rules."""

from pathlib import Path

from clinical.misuse.handbook import handbook
from clinical.misuse.rules import parts
from clinical.misuse.table import COURSE_RULES, RULES

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
PARTS = ["Cause", "Consequence", "Action", "Time to respond", "Source"]


def test_the_page_says_what_the_rules_say():
    assert PAGE.read_text() == handbook(), "the rules changed: run  make docs"


def test_every_rule_tells_a_physician_cause_consequence_action_time_and_source():
    every = (*RULES, *COURSE_RULES)
    assert {rule.id: [title for title, _ in parts(rule.explanation)] for rule in every} == dict.fromkeys(
        (rule.id for rule in every), PARTS
    )


def test_a_part_goes_on_over_several_lines():
    assert parts(("It is so.", "Cause: one thing,", "or another.", "Action: look.")) == [
        ("Cause", "one thing, or another."),
        ("Action", "look."),
    ]
