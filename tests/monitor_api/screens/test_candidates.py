"""Candidates in the shadow on screen: what each changes, whom it would call, with the age of that; start and end."""

import pytest
from playwright.sync_api import expect

from monitor_api.records.shadows import ShadowRow
from tests.monitor_api.screens.browsing import Desk
from tests.monitor_api.screens.clinic import Clinic
from tests.monitor_api.screens.shadowed import begin, found_of
from tests.monitor_api.screens.site import Site
from tests.monitor_api.screens.test_orders import posted, text

TYPED = """without = ["off-schedule"]

[limits.rf]
rest_h = 20

[figures]
silence_intervals = 2
"""


@pytest.fixture
def clinic(site: Site) -> Clinic:
    return site.clinic()


def rows(clinic: Clinic) -> list[ShadowRow]:
    with clinic.database.read() as session:
        return session.query(ShadowRow).where(ShadowRow.clinic_id == clinic.id).order_by(ShadowRow.from_at).all()


def test_a_candidate_is_told_in_words_with_whom_it_would_call_and_how_old_that_is(site: Site, clinic: Clinic):
    doctor, ida, jun = clinic.user("physician", "Dr Weiss"), clinic.patient("Ida Berg"), clinic.patient("Jun Mori")
    clinic.patient("Otto Later")
    tried = {"limits": {"rf": {"rest_h": 20, "patient": str(jun)}}, "figures": {"silence_intervals": 2}}
    shadow = begin(clinic, tried, "Fewer calls?", days_ago=3, started_by=doctor)
    found_of(clinic, shadow, ida, 7, ("stops", "clinical-silence", "medium", "No session for 4 days"))
    found_of(clinic, shadow, jun, 130, ("stays", "too-hot", "high", "Skin at 43 Cel"), ("starts", "x", "low", "New"))
    with site.visitor(doctor) as visitor:
        page = text(visitor.get("/candidates"))
    assert "Fewer calls? In the shadow Started by Dr Weiss 3 d ago" in page
    assert "RF device of Jun Mori, shortest rest: 20 h" in page
    assert "A silence begins after so many times the usual time between sessions: 2" in page
    assert "4 sessions of 2 patients since it began; 1 patient not judged yet. The oldest judgement was 2 h ago" in page
    assert "It would also have called: 1 time" in page
    assert "It would not have called: 1 time" in page
    assert "Ida Berg" in page
    assert "No session for 4 days" in page


def test_before_anybody_was_judged_the_page_says_so(site: Site, clinic: Clinic):
    begin(clinic, {"without": ["too-soon"]})
    with site.visitor(clinic.user("physician")) as visitor:
        page = text(visitor.get("/candidates"))
    assert "Nobody was judged by it yet: the service does that every ten minutes." in page
    assert "Without the rule too-soon" in page


def test_on_whom_it_cannot_be_tried_and_what_was_decided_against_is_said(site: Site, clinic: Clinic):
    shadow = begin(clinic, {"limits": {"rf": {"duration_min": 3}}})
    nothing = {"rules": [], "starts": [], "stops": []}
    found_of(clinic, shadow, clinic.patient(), 1, problem="limits.duration_s: too short", calls=nothing, sessions=0)
    found_of(clinic, shadow, clinic.patient(), 1)
    begin(clinic, {"figures": {"silence_floor_h": 1}})
    with site.visitor(clinic.user("physician")) as visitor:
        page = text(visitor.get("/candidates"))
    assert "Not tried on 1 patient, whose regimen cannot have these limits: limits.duration_s: too short" in page
    assert "figures.silence_floor_h: expected a number from 6 to 336. End it." in page


def test_one_is_started_from_what_a_replay_takes_and_ended_by_a_button(site: Site, clinic: Clinic):
    doctor = clinic.user("physician", "Dr Weiss")
    with site.visitor(doctor) as visitor:
        answer = posted(visitor, "/candidates", because="Fewer calls?", candidate=TYPED)
        assert (answer.status_code, answer.headers["location"]) == (303, "/candidates")
        (row,) = rows(clinic)
        assert (row.because, row.started_by, row.candidate) == (
            "Fewer calls?",
            doctor,
            {"without": ["off-schedule"], "limits": {"rf": {"rest_h": 20}}, "figures": {"silence_intervals": 2}},
        )
        answer = posted(visitor, f"/candidates/{row.id}/end")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/candidates/{row.id}")
        page = text(visitor.get(f"/candidates/{row.id}"))
        assert "by Dr Weiss" in page
        assert "End it" not in page
        assert "Fewer calls?" in text(visitor.get("/candidates"))
    assert rows(clinic)[0].ended_by == doctor


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("without = [", "toml: "),
        ("a = " + "[" * 2000, "toml: is nested too deeply"),
        ('without = ["too-hut"]', "without: there is no rule too-hut"),
        ("[figures]\nsilence_floor_h = 1", "figures.silence_floor_h: expected a number from 6 to 336"),
        ("[limits.rf]\nskin_celsius = 90", "limits.rf.skin_celsius: "),
        ('[limits.rf]\nrest_h = 3\npatient = "00000000-0000-0000-0000-000000000000"', "limits.rf.patient: no patient"),
        ("because = 1", "because: "),
        ("", "changes nothing"),
    ],
)
def test_what_makes_no_sense_is_said_beside_what_was_typed(site: Site, clinic: Clinic, typed: str, said: str):
    with site.visitor(clinic.user("physician")) as visitor:
        answer = posted(visitor, "/candidates", because="Why <not>?", candidate=typed)
    page = text(answer)
    assert answer.status_code == 422
    assert "It was not started." in page
    assert said in page
    assert "Why &lt;not&gt;?" in answer.text
    assert rows(clinic) == []


def test_more_than_three_are_not_started_and_it_is_said_what_to_do(site: Site, clinic: Clinic):
    for _ in range(3):
        begin(clinic, {"without": ["too-soon"]})
    with site.visitor(clinic.user("physician")) as visitor:
        answer = posted(visitor, "/candidates", because="A fourth?", candidate=TYPED)
    assert "3 candidates are in the shadow already. End one, then start this one." in text(answer)
    assert len(rows(clinic)) == 3


@pytest.mark.parametrize("role", ["operator", "maker", "patient"])
def test_who_does_not_decide_sees_none(site: Site, clinic: Clinic, role: str):
    shadow = begin(clinic, {"without": ["too-soon"]})
    patient = clinic.patient() if role == "patient" else None
    with site.visitor(clinic.user(role, patient=patient)) as visitor:
        assert visitor.get("/candidates").status_code == 403
        assert visitor.get(f"/candidates/{shadow}").status_code == 404
        assert posted(visitor, f"/candidates/{shadow}/end").status_code == 404
    assert rows(clinic)[0].ended_at is None


def test_a_page_that_is_open_shows_what_the_watch_finds_meanwhile(clinic: Clinic, desk: Desk):
    doctor, ida = clinic.user("physician"), clinic.patient("Ida Berg")
    shadow = begin(clinic, {"without": ["too-soon"]})
    page = desk.live("/candidates", user=doctor)
    expect(page.get_by_text("Nobody was judged by it yet")).to_be_visible()
    found_of(clinic, shadow, ida, 0, ("stops", "too-soon", "medium", "4 h after the session before"))
    clinic.announce("shadow", shadow, None)
    expect(page.get_by_role("link", name="Ida Berg")).to_be_visible(timeout=20_000)
    assert page.get_by_text("4 h after the session before").count() == 1


def test_what_is_wrong_stays_beside_what_was_typed_while_the_page_is_followed(clinic: Clinic, desk: Desk):
    shadow = begin(clinic, {"without": ["too-soon"]})
    page = desk.live("/candidates", user=clinic.user("physician"))
    page.get_by_label("What you want to learn").fill("Is it too strict?")
    page.get_by_label("The candidate").fill("without = 3")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("It was not started.")).to_be_visible()
    found_of(clinic, shadow, clinic.patient("Ida Berg"), 0, ("stops", "too-soon", "medium", "4 h"))
    clinic.announce("shadow", shadow, None)
    expect(page.get_by_role("link", name="Ida Berg")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("It was not started.")).to_be_visible()
    expect(page.get_by_label("The candidate")).to_have_value("without = 3")


def test_what_was_typed_stays_while_the_page_is_followed(clinic: Clinic, desk: Desk):
    doctor = clinic.user("physician")
    shadow = begin(clinic, {"without": ["too-soon"]})
    page = desk.live("/candidates", user=doctor)
    page.get_by_label("What you want to learn").fill("Is it too strict?")
    page.get_by_label("The candidate").fill(TYPED)
    found_of(clinic, shadow, clinic.patient("Ida Berg"), 0, ("stops", "too-soon", "medium", "4 h"))
    clinic.announce("shadow", shadow, None)
    expect(page.get_by_role("link", name="Ida Berg")).to_be_visible(timeout=20_000)
    expect(page.get_by_label("The candidate")).to_have_value(TYPED)
    expect(page.get_by_label("What you want to learn")).to_have_value("Is it too strict?")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Is it too strict?")).to_be_visible(timeout=20_000)
    assert len(rows(clinic)) == 2
