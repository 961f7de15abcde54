"""Prescribing on screen: from a template to a signed version, with every reason at its field and nothing typed lost."""

import asyncio
import re
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from clinical.regimen.templates import TEMPLATES
from monitor_api.errors import StoreUnavailable
from monitor_api.records.drafts import RegimenDraftRow
from monitor_api.screens.drafting.units import stored, typed
from tests.monitor_api.screens.browsing import PHONE, Desk
from tests.monitor_api.screens.clinic import Clinic
from tests.monitor_api.screens.cohort import Treated
from tests.monitor_api.screens.drafting import LACKING, WHOLE, Page, drafted
from tests.monitor_api.screens.prescribing import FILLED, begun, row, sent, signed
from tests.monitor_api.screens.site import Site
from tests.monitor_api.screens.test_orders import posted, text

LONG = 30_000
"""Milliseconds in which a page on a busy machine says what it has to."""


@pytest.fixture
def clinic(keyed_clinic: Clinic) -> Clinic:
    return keyed_clinic


def test_a_template_is_filled_in_saved_read_and_signed_and_then_in_force(anna: Treated, visitor: httpx.Client):
    owner = text(visitor.get(f"/patients/{anna.id}/prescribe"))
    assert "9 min Read in the source: PMID 39960921: 630 and 850 nm, 9 min, 5 sessions a week" in owner
    path = begun(visitor, anna.id, "led-red-infrared")
    assert "In the way of signing: 2" in text(visitor.get(path))
    assert sent(visitor, path, **FILLED).headers["location"] == f"{path}#reasons"
    assert "Nothing is in the way of signing" in text(visitor.get(path))
    assert sent(visitor, path, "sign").headers["location"] == f"{path}/sign"
    review = text(visitor.get(f"{path}/sign"))
    assert "5 times a week, for 12 weeks: 9 min, 36 J/cm²" in review
    assert "Phase 1, dose of a session: 18 J/cm² → 36 J/cm²" in review
    answer = signed(visitor, path)
    assert answer.headers["location"] == f"/regimens/{anna.regimen}"
    page = text(visitor.get(f"/regimens/{anna.regimen}"))
    assert "Version 2 In force" in page
    assert "Signature valid, prescribed by Dr Noor Haddad" in page
    assert visitor.get(path).status_code == 404


def test_a_draft_says_what_the_last_session_would_have_been_under_it_and_how_old_that_is(
    clinic: Clinic, anna: Treated, visitor: httpx.Client
):
    path = begun(visitor, anna.id, "led-red-infrared")
    assert "The last session under it It is told once nothing is in the way of signing" in text(visitor.get(path))
    sent(visitor, path, **FILLED)
    page = text(visitor.get(path))
    assert re.search(r"The last session under it Wed 4 Mar, 20:\d\d, \d+ min ago . Had the draft held then", page)
    assert "It would have been partial , with 50 % of the planned dose. i Info Dose 18.0 J/cm²" in page
    gentle = begun(visitor, clinic.patient("Bo Berg"), "led-red-infrared")
    sent(visitor, gentle, **FILLED)
    assert "No session with the LED mask yet" in text(visitor.get(gentle))


class NoSamples:
    """A store of samples that is out of reach."""

    def series(self, _key: object) -> None:
        raise StoreUnavailable("telemetry", "no answer")


@pytest.mark.parametrize(("page", "words"), [("", "Its samples cannot be read now"), ("/sign", "or sign without")])
def test_while_samples_cannot_be_read_a_draft_is_shown_and_can_be_signed(
    site: Site, clinic: Clinic, anna: Treated, visitor: httpx.Client, page: str, words: str
):
    path = begun(visitor, anna.id, "led-red-infrared")
    sent(visitor, path, **FILLED)
    app = replace(site.house, telemetry=NoSamples()).app(site.civil)
    cookies = {"lumenward": clinic.log_in(clinic.user("physician", "Dr Ida Holm"))}

    async def shown() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=site.url, cookies=cookies) as browser:
            return await browser.get(path + page, headers={"Accept": "text/html"})

    answer = asyncio.run(shown())
    assert answer.status_code == 200
    assert words in text(answer)


def test_a_patients_page_leads_to_prescribing_and_to_drafts_that_wait(
    clinic: Clinic, anna: Treated, visitor: httpx.Client
):
    assert f'href="/patients/{anna.id}/prescribe"' in visitor.get(f"/patients/{anna.id}").text
    draft = drafted(clinic, anna.id, LACKING)
    assert f'href="/drafts/{draft}"' in visitor.get(f"/patients/{anna.id}").text
    assert "changed 0 s ago by Dr Ines Roth" in re.sub(
        r"changed \d+ s", "changed 0 s", text(visitor.get(f"/patients/{anna.id}/prescribe"))
    )


def test_every_reason_stands_at_its_field_and_is_led_to(clinic: Clinic, anna: Treated, visitor: httpx.Client):
    draft = drafted(clinic, anna.id, LACKING)
    answer = visitor.get(f"/drafts/{draft}")
    reasons = visitor.get(f"/api/v1/regimen-drafts/{draft}").json()["reasons"]
    page = Page(answer.text)
    assert len(reasons) > 20
    assert [link for link in page.links if link in reasons] == list(reasons)
    assert set(reasons) <= page.ids
    assert set(reasons) - page.invalid == set()
    for field, reason in reasons.items():
        at = answer.text.index(f'id="n-{field}"')
        assert f"! {reason[0].upper()}{reason[1:]}" in answer.text[at : at + 400].replace("&gt;", ">"), field


@pytest.mark.parametrize("begin", [*(one.name for one in TEMPLATES), "led", "rf"])
def test_a_form_that_is_sent_as_it_came_changes_nothing(
    clinic: Clinic, anna: Treated, visitor: httpx.Client, begin: str
):
    path = begun(visitor, anna.id, begin)
    before = row(clinic, path)
    assert sent(visitor, path).status_code == 303
    assert (row(clinic, path).revision, row(clinic, path).body) == (1, before.body)


@pytest.mark.parametrize("body", [WHOLE, LACKING])
def test_a_draft_with_everything_in_it_comes_back_as_it_was(
    clinic: Clinic, anna: Treated, visitor: httpx.Client, body: dict
):
    path = f"/drafts/{drafted(clinic, anna.id, body)}"
    expected = body | ({"phototypes": None} if body is LACKING else {})  # none ticked and no reason: all
    sent(visitor, path)
    assert row(clinic, path).body == expected


def test_a_text_that_is_no_number_is_shown_again_and_nothing_is_stored(
    clinic: Clinic, anna: Treated, visitor: httpx.Client
):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    answer = sent(
        visitor, path, phases__0__dose="9,5", phases__1__weeks="2.5", most_per_day="9999999", limits__rest_s="3"
    )
    assert answer.status_code == 422
    page = Page(answer.text)
    assert page.invalid == {"phases.0.dose", "phases.1.weeks", "most_per_day"}
    assert [page.fields[name] for name in ("phases.0.dose", "phases.1.weeks", "limits.rest_s")] == [
        ["9,5"],
        ["2.5"],
        ["3"],
    ]
    assert "Not stored: 3 fields cannot be read" in text(answer)
    assert row(clinic, path).revision == 1


def test_what_somebody_typed_is_not_lost_when_another_was_faster(clinic: Clinic, anna: Treated, visitor: httpx.Client):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    old = Page(visitor.get(path).text).fields
    sent(visitor, path, most_per_week="1")
    late = visitor.post(path, data=old | {"most_per_day": "2", "do": "save"})
    assert late.status_code == 412
    assert "was changed after you opened it" in text(late)
    page = Page(late.text)
    assert (page.fields["most_per_day"], page.fields["most_per_week"]) == (["2"], ["2"])
    assert row(clinic, path).body["most_per_week"] == 1
    assert visitor.post(path, data=page.fields | {"do": "save"}).status_code == 303
    assert (row(clinic, path).body["most_per_day"], row(clinic, path).body["most_per_week"]) == (2, 2)


@pytest.mark.parametrize(
    ("do", "at", "numbers"),
    [
        ("add phases", "phases.2", (3, 2, 2)),
        ("drop phases.0", "phases", (1, 2, 2)),
        ("add programmes", "programmes.2", (2, 3, 2)),
        ("drop programmes.1", "programmes", (2, 1, 2)),
        ("add caps", "caps.2", (2, 2, 3)),
        ("drop caps.7", "reasons", (2, 2, 2)),
        ("add zones", "reasons", (2, 2, 2)),
        ("drop limits.0", "reasons", (2, 2, 2)),
    ],
)
def test_parts_are_added_and_taken_away_with_what_was_typed_kept(
    clinic: Clinic, anna: Treated, visitor: httpx.Client, do: str, at: str, numbers: tuple[int, ...]
):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    assert sent(visitor, path, do, most_per_week="9").headers["location"] == f"{path}#{at}"
    body = row(clinic, path).body
    assert (len(body["phases"]), len(body["programmes"]), len(body["caps"])) == numbers
    assert body["most_per_week"] == 9


def test_a_light_is_added_to_its_programme(clinic: Clinic, anna: Treated, visitor: httpx.Client):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    sent(visitor, path, "add programmes.1.light")
    assert [len(one["light"]) for one in row(clinic, path).body["programmes"]] == [2, 1]
    sent(visitor, path, "drop programmes.0.light.0")
    assert row(clinic, path).body["programmes"][0]["light"][0]["band"] == "near infrared"


def test_no_more_phases_are_added_than_a_draft_can_hold(clinic: Clinic, anna: Treated, visitor: httpx.Client):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE | {'phases': WHOLE['phases'] * 6})}"
    answer = sent(visitor, path, "add phases")
    assert (answer.status_code, len(row(clinic, path).body["phases"])) == (422, 12)
    assert "no more than 12" in text(answer)


def test_days_that_are_ticked_say_how_many_sessions_there_are(clinic: Clinic, anna: Treated, visitor: httpx.Client):
    path = begun(visitor, anna.id, "led")
    sent(visitor, path, "add phases")
    ticked = {"phases__0__timing__weekdays": ["tuesday", "sunday"], "phases__0__timing__period_days": ""}
    sent(visitor, path, **ticked)
    timing = {"frequency": 2, "period_days": 7, "weekdays": ["tuesday", "sunday"]}
    assert row(clinic, path).body["phases"][0]["timing"] == timing


@pytest.mark.parametrize(
    ("typed_in", "words"),
    [
        ({"phases__0__duration_s": "99999999999"}, "duration of a session : expected no more than 5270400"),
        ({"limits__rest_s": "99999999999"}, "Rest : expected no more than 87840"),
        ({"phases__0__weeks": "1000000"}, "weeks : expected no more than 1000"),
        ({"phases__0__dose": "18 J"}, "expected a number alone, of up to 12 digits"),
        ({"phases__0__dose": "1" * 13}, "expected a number alone, of up to 12 digits"),
    ],
)
def test_what_cannot_be_stored_is_said_in_the_unit_that_was_typed(
    clinic: Clinic, anna: Treated, visitor: httpx.Client, typed_in: dict, words: str
):
    answer = sent(visitor, f"/drafts/{drafted(clinic, anna.id, WHOLE)}", **typed_in)
    assert (answer.status_code, words in text(answer)) == (422, True), text(answer)


def test_what_was_changed_meanwhile_says_so_to_people_and_names_no_etag(
    clinic: Clinic, anna: Treated, visitor: httpx.Client
):
    answer = posted(visitor, f"/drafts/{drafted(clinic, anna.id, WHOLE)}/discard", seen='"9"')
    assert (answer.status_code, "load the page again" in text(answer), '"9"' in text(answer)) == (412, True, False)


def test_on_a_phone_no_title_of_a_part_lies_over_its_fields(desk: Desk, clinic: Clinic, anna: Treated):
    page = desk.open(f"/drafts/{drafted(clinic, anna.id, WHOLE)}", clinic.user("physician"), viewport=PHONE)
    below = page.evaluate(
        """[...document.querySelectorAll(".part")].map(part => {
            const [title, next] = [...part.children].map(one => one.getBoundingClientRect());
            return next.top - title.bottom;
        })"""
    )
    assert len(below) > 8
    assert min(below) >= 0


def test_a_draft_is_discarded_by_who_has_seen_it_as_it_is(clinic: Clinic, anna: Treated, visitor: httpx.Client):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    assert posted(visitor, f"{path}/discard", seen='"9"').status_code == 412
    seen = Page(visitor.get(path).text).fields["seen"][0]
    assert posted(visitor, f"{path}/discard", seen=seen).headers["location"] == f"/patients/{anna.id}#regimen"
    assert visitor.get(path).status_code == 404


@pytest.mark.parametrize("role", ["patient", "operator", "maker", "physician"])
def test_only_physicians_of_the_clinic_prescribe(site: Site, clinic: Clinic, anna: Treated, role: str):
    draft = drafted(clinic, anna.id, WHOLE)
    other = site.users["physician"] if role == "physician" else clinic.user(role, patient=anna.id)
    with site.visitor(other) as visitor:
        for path in (f"/patients/{anna.id}/prescribe", f"/drafts/{draft}", f"/drafts/{draft}/sign"):
            assert visitor.get(path).status_code == 404, path
            assert posted(visitor, path, begin="led", meant="yes", seen="*").status_code == 404, path
        assert posted(visitor, f"/drafts/{draft}/discard", seen="*").status_code == 404
    assert row(clinic, f"/drafts/{draft}").revision == 1


def test_a_form_without_the_logins_token_signs_nothing(clinic: Clinic, anna: Treated, visitor: httpx.Client):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    assert visitor.post(f"{path}/sign", data={"meant": "yes", "seen": "*"}).status_code == 403
    assert visitor.post(path, data={"do": "drop phases.0", "seen": "*"}).status_code == 403
    assert len(row(clinic, path).body["phases"]) == 2


@given(
    path=st.sampled_from(["phases.0.duration_s", "limits.duration_s", "limits.rest_s", "caps.3.window_s", "cem43.x"]),
    value=st.integers(0, 10**8) | st.floats(0, 10**8).map(lambda value: round(value, 3)),
)
def test_a_number_goes_to_the_screen_and_back_as_it_was(path: str, value: float):
    assert stored(path, typed(path, value)) == value


def test_with_the_keyboard_alone_a_draft_is_filled_in_and_saved_on_a_phone_without_scripts(
    desk: Desk, clinic: Clinic, anna: Treated
):
    draft = drafted(clinic, anna.id, LACKING)
    page = desk.open(f"/drafts/{draft}", clinic.user("physician"), viewport=PHONE, java_script_enabled=False)
    page.get_by_role("link", name="Phase 2, dose of a session").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Dose of a session, J/cm², phase 2")).to_be_focused(timeout=LONG)
    page.keyboard.type("12.5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Phase 2, dose of a session")).to_have_count(0, timeout=LONG)
    expect(page.get_by_label("Dose of a session, J/cm², phase 2")).to_have_value("12.5", timeout=LONG)


def test_what_is_being_typed_stays_when_the_page_hears_of_anothers_change(desk: Desk, clinic: Clinic, anna: Treated):
    draft = drafted(clinic, anna.id, WHOLE)
    page = desk.live(f"/drafts/{draft}", clinic.user("physician"))
    page.get_by_label("In 7 days").fill("5")
    with clinic.writing() as session:
        changed = session.get_one(RegimenDraftRow, draft)
        changed.revision, changed.body = 2, WHOLE | {"most_per_week": 0}
    clinic.announce("draft", draft, anna.id)
    expect(page.locator("#reasons")).to_contain_text("In the way of signing", timeout=LONG)
    expect(page.get_by_label("In 7 days")).to_have_value("5")
    page.get_by_role("button", name="Save the draft").first.click()
    expect(page.get_by_role("alert").first).to_contain_text("was changed after you opened it", timeout=LONG)
    expect(page.get_by_label("In 7 days")).to_have_value("5")
