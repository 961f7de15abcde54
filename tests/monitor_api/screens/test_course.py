"""A patient's weeks on the pages: adherence as a range, what a call saves, and what a physician notes of them."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import httpx
import pytest

from clinical.adherence.horizon import Reach, Standing
from monitor_api.http.callers import Caller
from monitor_api.http.queries.courses import patient_course
from monitor_api.http.queries.triage import triage_facts
from monitor_api.records.courses import CourseSummaryRow
from monitor_api.records.practices import PracticeRow
from monitor_api.screens.adherence import reach_words, share_words
from monitor_api.screens.histories import wanted
from monitor_api.screens.triage import Show, rows
from tests.monitor_api.screens.clinic import NOW, Clinic
from tests.monitor_api.screens.cohort import Treated, treated
from tests.monitor_api.screens.site import Site
from tests.monitor_api.screens.test_orders import posted, text
from vocabulary.identity import PatientId

SATURDAY = date(2026, 3, 21)


@pytest.fixture
def here(site: Site) -> Clinic:
    """A clinic of a test's own, in which time runs."""
    return site.clinic()


@pytest.fixture
def anna(here: Clinic) -> Treated:
    return treated(here, "Anna Lind", "5.5")


@pytest.fixture
def visitor(site: Site, here: Clinic) -> Iterator[httpx.Client]:
    with site.visitor(here.user("physician", "Dr Weiss")) as found:
        yield found


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.75, 0.83, "75 to 83 %"),
        (0.7, 0.7, "70 %"),
        (0.698, 0.698, "69 %"),
        (0.751, 0.822, "75 to 83 %"),
        (0.0, 1.0, "0 to 100 %"),
        (0.5, None, "at least 50 %"),
    ],
)
def test_a_share_is_never_said_to_be_better_or_narrower_than_it_is(low, high, said):
    assert share_words(low, high) == said


@pytest.mark.parametrize(
    ("standing", "misses", "last_day", "said"),
    [
        (Standing.REACHABLE, 2, SATURDAY, "2 slots may still be missed, last day Sat 21 Mar"),
        (Standing.REACHABLE, 0, SATURDAY, "No slot may be missed any more, last day Sat 21 Mar"),
        (
            Standing.UNCERTAIN,
            1,
            SATURDAY,
            "At best, if all that is not known was taken: 1 slot may still be missed, last day Sat 21 Mar",
        ),
        (Standing.LOST, -3, None, "Target out of reach: 3 slots too many missed"),
        (Standing.SECURED, 4, None, "Target reached"),
    ],
)
def test_how_far_a_target_is_is_said_in_a_sentence(standing, misses, last_day, said):
    assert reach_words(standing, Reach(last_day=last_day, misses=misses, secured=False)) == said


def test_a_patients_page_shows_each_measure_with_its_range_target_and_definition(site: Site):
    with site.visitor("physician") as visitor:
        said = text(visitor.get(site.path("Emre")))
    # Of the 20 slots due in four rounds of five, four sessions came; none of the rest is proven.
    assert re.search(
        r"Adherence A 20 to 100 % target 70 %: not decided yet 20 slots due .* adherence-frequency v2", said
    )
    assert "Adherence B" in said
    assert "adherence-cms v2" in said
    assert re.search(r"\d+ slots: 4 taken, \d+ unknown", said)


def test_energy_says_what_was_not_calibrated_and_findings_say_since_when(site: Site):
    with site.visitor("physician") as visitor:
        said = text(visitor.get(site.path("Petra")))
    assert "Radiofrequency" in said
    assert "not calibrated" in said
    assert "○ Cannot be decided: The clock of the device is not known well enough" in said
    assert re.search(r"2 of the last 5 sessions were off the prescribed days since Fri 20 Feb, 21:00 · goes on", said)


def test_what_goes_on_is_listed_however_much_began_and_ended_since(clinic: Clinic, physician: Caller):
    who = clinic.patient()
    with clinic.filling():
        lasting = clinic.weeks_showed(who, "No session for 50 days", 50)
        for number in range(101):
            clinic.weeks_showed(who, f"Off schedule {number}", 2, cleared_at=NOW)
    with clinic.database.read() as session:
        found = patient_course(session, physician, PatientId(who), NOW).episodes
    assert (found[0].id, len(found)) == (lasting, 100)


def test_a_page_lists_what_goes_on_before_what_is_over_and_nothing_that_is_clear(
    here: Clinic, anna: Treated, visitor: httpx.Client
):
    here.weeks_showed(anna.id, "Late twice", 2, cleared_at=here.now)
    here.weeks_showed(anna.id, "No session for 9 days", 9)
    here.weeks_showed(anna.id, "Records are still on their way", 1, outcome="clear", cleared_at=here.now)
    said = text(visitor.get(f"/patients/{anna.id}"))
    assert re.search(r"No session for 9 days since .* goes on .* Late twice since .* until ", said)
    assert "on their way" not in said


def test_days_are_excused_by_a_form_and_the_excuse_withdrawn(anna: Treated, visitor: httpx.Client):
    page = f"/patients/{anna.id}"
    answer = posted(visitor, f"{page}/excuses", first="2026-03-09", last="2026-03-15", because="Travels")
    assert answer.headers["location"] == f"{page}#excuses"
    answer = visitor.get(page)
    # A therapy day starts at 04:00 where she lives: the last one ends on the day after.
    assert "Mon 9 Mar, 04:00 to Mon 16 Mar, 04:00: Travels" in text(answer)
    withdraw = re.search(r'action="(/excuses/[^"]+/withdraw)"', answer.text)
    assert withdraw
    posted(visitor, withdraw[1], back=page)
    assert "it does not count" in text(visitor.get(page))


@pytest.mark.parametrize(
    "typed",
    [
        {"first": "2026-03-09", "last": "2026-03-15", "because": ""},
        {"first": "2026-03-15", "last": "2026-03-09", "because": "Travels"},
        {"first": "soon", "last": "2026-03-09", "because": "Travels"},
        {"first": "2026-03-09", "last": "9999-12-31", "because": "Travels"},
    ],
)
def test_an_excuse_that_does_not_say_when_or_why_is_asked_for_again(anna: Treated, visitor: httpx.Client, typed):
    answer = posted(visitor, f"/patients/{anna.id}/excuses", **typed)
    assert answer.status_code == 422
    assert "Give a first day, a last day" in text(answer)
    assert f'value="{typed["because"]}"' in answer.text


def test_answers_about_the_skin_are_noted_by_a_form(anna: Treated, visitor: httpx.Client):
    page = f"/patients/{anna.id}"
    assert "Phototype not known" in text(visitor.get(page))
    posted(visitor, f"{page}/skin", phototype="IV", photosensitised="yes")
    assert re.search(r"Phototype IV Made sensitive to light yes Asked \d+ s ago", text(visitor.get(page)))
    assert posted(visitor, f"{page}/skin", phototype="VII").status_code == 422


def steps_offered(page: str) -> list[str]:
    return re.findall(r'name="step" value="(\w+)"', page)


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="&#34;([^"]+)&#34;"', page)
    assert found
    return f'"{found[1]}"'


def test_a_regimens_page_offers_the_steps_that_are_possible_and_takes_them(anna: Treated, visitor: httpx.Client):
    page = f"/regimens/{anna.regimen}"
    before = visitor.get(page).text
    assert steps_offered(before) == ["paused", "held", "stopped"]
    posted(visitor, f"{page}/steps", step="held", because="A blister", seen=seen_in(before))
    held = visitor.get(page)
    assert steps_offered(held.text) == ["resumed", "stopped"]
    assert "Held, by Dr Weiss: A blister" in text(held)
    posted(visitor, f"{page}/steps", step="stopped", because="It came back", seen=seen_in(held.text))
    assert steps_offered(visitor.get(page).text) == []


def test_a_step_with_what_somebody_changed_meanwhile_is_refused(anna: Treated, visitor: httpx.Client):
    page = f"/regimens/{anna.regimen}"
    seen = seen_in(visitor.get(page).text)
    posted(visitor, f"{page}/steps", step="held", because="A blister", seen=seen)
    assert posted(visitor, f"{page}/steps", step="paused", because="Travels", seen=seen).status_code == 412
    assert steps_offered(visitor.get(page).text) == ["resumed", "stopped"]


def test_a_step_without_a_reason_is_asked_for_again(anna: Treated, visitor: httpx.Client):
    page = f"/regimens/{anna.regimen}"
    answer = posted(visitor, f"{page}/steps", step="held", because=" ", seen=seen_in(visitor.get(page).text))
    assert answer.status_code == 422
    assert "Say why" in text(answer)


def test_an_alert_of_no_one_session_leads_to_what_was_found_over_the_weeks(
    here: Clinic, anna: Treated, visitor: httpx.Client
):
    because = "No session for 6 days, where 1.4 days were planned"
    here.alert(anna.id, None, None, "medium", rule="silent-patient", because=because)
    assert because in text(visitor.get("/"))
    page = visitor.get(f"/patients/{anna.id}").text
    assert '<a href="#found">found over the weeks</a>' in page
    assert f'/sessions/{anna.sessions[-1]}">all about it' in page


def summary(clinic: Clinic, patient, standing: str | None, misses: int = 0, days_left: int | None = None) -> None:
    last_day = None if days_left is None else NOW.date() + timedelta(days=days_left)
    clinic.add(
        CourseSummaryRow(
            clinic_id=clinic.id,
            patient_id=patient,
            modality="led",
            share_low=0.5,
            share_high=0.75,
            target=0.7,
            engagement="active",
            standing=standing,
            misses=misses,
            last_day=last_day,
            judged_at=NOW - timedelta(minutes=12),
        )
    )


@pytest.fixture
def physician(clinic: Clinic, caller_of) -> Caller:
    return caller_of(clinic, "physician")


def test_phases_turn_at_the_hour_that_the_clinic_decided_on(clinic: Clinic, physician: Caller):
    treated(clinic, "Anna Lind", "5.5")
    starts = []
    for hour in (4, 1):
        with clinic.database.write() as session:
            (one,) = triage_facts(session, physician, wanted(NOW, None)).prescribed
            starts.append((hour, one.days.starts_at.hour))
            decision = PracticeRow(
                clinic_id=clinic.id, version=1, figures={"day_starts_hour": 1}, from_at=NOW, decided_by=physician.id
            )
            session.merge(decision)
    assert starts == [(4, 4), (1, 1)]


def listed(clinic: Clinic, physician: Caller):
    with clinic.database.read() as session:
        return rows(triage_facts(session, physician, wanted(NOW, None)), NOW)


def test_rows_without_an_alert_come_by_what_a_call_can_still_save(clinic: Clinic, physician: Caller):
    targets = {
        "lost": ("lost", -2, None),
        "safe": ("secured", 3, None),
        "doubtful": ("uncertain", 1, 2),
        "later": ("reachable", 0, 9),
        "roomy": ("reachable", 4, 2),
        "tight": ("reachable", 1, 2),
    }
    for name, target in targets.items():
        summary(clinic, clinic.patient(name), *target)
    clinic.patient("unjudged")
    found = listed(clinic, physician)
    assert [row.name for row in found] == ["tight", "roomy", "later", "doubtful", "safe", "lost", "unjudged"]
    assert [row.name for row in found if row.is_in(Show.HELP)] == ["tight", "roomy", "later", "doubtful"]


def test_who_can_still_be_helped_are_listed_by_that_whatever_alerts_they_have(here: Clinic, visitor: httpx.Client):
    alarmed, calm, lost = (treated(here, name, "5.5") for name in ("Alarmed", "Calm", "Lost"))
    here.alert(alarmed.id, alarmed.uid, alarmed.sessions[-1], "high")
    summary(here, alarmed.id, "reachable", 3, 9)
    summary(here, calm.id, "reachable", 0, 1)
    summary(here, lost.id, "lost", -1)
    said = text(visitor.get("/?show=help"))
    assert said.index("Calm") < said.index("Alarmed")
    assert "Lost 0" not in said
    assert "50 to 75 % judged" in said
    assert "No slot may be missed any more, last day Thu 5 Mar" in said
