"""How things are said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinical.misuse.rules import parts
from monitor_api.http.queries.sessions import Started
from monitor_api.screens import words
from vocabulary.instants import Known
from vocabulary.quantities import Quantity, Unit

NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "said"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(days=2), "2 d"),
    ],
)
def test_an_age_is_said_in_one_unit(old, said):
    assert words.age(NOW - old, NOW) == said


def test_a_session_between_two_contacts_has_both_of_them_and_no_other_moment():
    surely = Started(earliest=NOW, latest=NOW + timedelta(hours=30), known_by=Known.ANCHOR)
    vaguely = replace(surely, known_by=Known.BRACKET)
    assert words.began(surely, ZoneInfo("UTC"), "of ") == "of Wed 4 Mar, 20:00"
    assert words.began(vaguely, ZoneInfo("UTC"), "of ") == "between Wed 4 Mar, 20:00 and Fri 6 Mar, 02:00"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (45, "45 s"), (240, "4 min"), (630, "10 min 30 s"), (43200, "12 h"), (57700, "16 h 1 min 40 s")],
)
def test_a_duration_is_said_as_people_say_it(seconds, said):
    assert words.lasting(seconds) == said


def test_an_amount_has_its_unit_and_never_breaks_from_it():
    assert words.amount(Quantity(1800.0, Unit.JOULE)) == "1,800\N{NO-BREAK SPACE}J"
    assert words.amount(Quantity(19.84, Unit.JOULE_PER_CM2)) == "19.8\N{NO-BREAK SPACE}J/cm²"


def test_what_is_not_known_is_said_to_be_so():
    assert words.amount(None) == "not known"
    assert words.device_name(None) == "Device of unknown kind"


def test_a_rules_sentence_is_said_with_units_as_people_write_them():
    said = words.said("Dose 20.7 J/cm2 at 43.1 Cel for 9 s so far").replace("\N{NO-BREAK SPACE}", "_")
    assert said == "Dose 20.7_J/cm² at 43.1_°C for 9_s so far"


def test_a_moment_is_said_where_the_patient_lives():
    assert words.moment(NOW, ZoneInfo("Asia/Kolkata")) == "Thu 5 Mar, 01:30"


def test_an_explanation_is_taken_apart_at_its_titles_and_lines_go_on():
    lines = ["It was hot.", "Cause: too little gel,", "a worn tip.", "Time to respond: one hour."]
    assert parts(lines) == [("Cause", "too little gel, a worn tip."), ("Time to respond", "one hour.")]
