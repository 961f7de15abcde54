"""Stopping and holding from the pages: plain forms, and never more said than the home has confirmed."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import expect

from clinical.figures import FIGURES
from monitor_api.cohorts.age import note_as_of
from monitor_api.records.orders import GuardStopRow, IncidentRow, OrderReportRow, SendingRow, WishRow
from monitor_api.records.practices import PracticeRow
from tests.monitor_api.screens.browsing import PHONE, Desk
from tests.monitor_api.screens.clinic import Clinic
from tests.monitor_api.screens.cohort import Treated
from tests.monitor_api.screens.site import Site


@pytest.fixture
def clinic(site: Site) -> Clinic:
    """A clinic of a test's own, in which time runs."""
    return site.clinic()


def posted(visitor: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return visitor.post(path, data={"csrf": f"csrf-{visitor.cookies['lumenward']}"} | fields)


def text(answer: httpx.Response) -> str:
    """A page's words, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def confirm(clinic: Clinic, outcome: str = "taken", detail: str = "") -> None:
    """The gateway says what came of everything that was asked."""
    with clinic.writing() as session:
        for wish in session.query(WishRow).where(WishRow.clinic_id == clinic.id):
            for sending in session.query(SendingRow).where(SendingRow.wish_id == wish.id):
                sending.first_at = sending.taken_at = wish.asked_at
                at = wish.asked_at + timedelta(seconds=1)
                session.add(
                    OrderReportRow(
                        clinic_id=clinic.id,
                        wish_id=wish.id,
                        gateway_id=sending.gateway_id,
                        outcome=outcome,
                        at=at,
                        detail=detail,
                    )
                )


def test_a_stop_from_a_patients_page_is_said_to_be_unconfirmed_until_the_home_confirms_it(
    site: Site, clinic: Clinic, anna: Treated
):
    page = f"/patients/{anna.id}"
    with site.visitor(clinic.user("physician", "Dr Weiss")) as visitor:
        assert posted(visitor, f"/devices/{anna.uid}/stop", back=page).headers["location"] == page
        assert re.search(
            r"Stop asked \d\d:\d\d:\d\d by Dr Weiss · not confirmed yet \( \d+ s \)", text(visitor.get(page))
        )
        confirm(clinic, "done")
        said = text(visitor.get(page))
    assert re.search(r"the gateway has it since \d\d:\d\d:\d\d · the device stopped \d\d:\d\d:\d\d", said)
    assert "not confirmed" not in said


@pytest.mark.parametrize(
    ("came_of_it", "words"),
    [
        (None, r"not sent: there was no way to the gateway until \d\d:\d\d:\d\d"),
        ("taken", r"not confirmed; sent until \d\d:\d\d:\d\d"),
        ("unreachable", r"could not reach the device; tried until \d\d:\d\d:\d\d"),
        ("expired", r"not done in its time \d\d:\d\d:\d\d: it came too late"),
    ],
)
def test_a_stop_that_was_not_done_in_its_time_says_what_is_known_of_it(
    site: Site, clinic: Clinic, anna: Treated, came_of_it, words
):
    with site.visitor(clinic.user("physician")) as visitor:
        posted(visitor, f"/devices/{anna.uid}/stop")
        if came_of_it:
            confirm(clinic, came_of_it, "it came too late")
        with clinic.writing() as session:
            wish = session.query(WishRow).where(WishRow.clinic_id == clinic.id).one()
            wish.until_at = wish.asked_at
        said = text(visitor.get(f"/patients/{anna.id}"))
    assert re.search(words, said)


def test_the_end_of_a_hold_is_told_of_for_as_long_as_nobody_confirms_it(site: Site, clinic: Clinic, anna: Treated):
    with site.visitor(clinic.user("physician")) as visitor:
        posted(visitor, f"/devices/{anna.uid}/hold", reason="A blister")
        posted(visitor, f"/devices/{anna.uid}/hold/lift")
        with clinic.writing() as session:
            for wish in session.query(WishRow).where(WishRow.clinic_id == clinic.id):
                wish.asked_at -= timedelta(days=3)
        waiting = text(visitor.get(f"/patients/{anna.id}"))
        confirm(clinic)
        over = text(visitor.get(f"/patients/{anna.id}"))
    assert ("Hold lifted" in waiting, "Hold lifted" in over) == (True, False)


def test_a_device_that_cannot_be_stopped_from_afar_is_said_to(site: Site, clinic: Clinic, anna: Treated):
    with site.visitor(clinic.user("physician")) as visitor:
        posted(visitor, f"/devices/{anna.uid}/stop")
        confirm(clinic, "unsupported", "it has no stop")
        assert "this device cannot be told so" in text(visitor.get(f"/patients/{anna.id}"))


def test_a_stop_that_the_gateway_has_and_cannot_pass_on_is_said_to_wait_for_the_device(
    site: Site, clinic: Clinic, anna: Treated
):
    page = f"/patients/{anna.id}"
    with site.visitor(clinic.user("physician")) as visitor:
        posted(visitor, f"/devices/{anna.uid}/stop")
        confirm(clinic, "taken")
        assert "· not stopped yet" in text(visitor.get(page))
        confirm(clinic, "unreachable")
        assert re.search(r"out of its reach; it tries until \d\d:\d\d:\d\d", text(visitor.get(page)))


def test_a_held_device_is_marked_on_the_triage_list_and_the_patients_page_and_to_the_patient(
    site: Site, clinic: Clinic, anna: Treated
):
    page = f"/patients/{anna.id}"
    with site.visitor(clinic.user("physician", "Dr Weiss")) as visitor:
        assert "‖ Held" not in text(visitor.get("/"))
        posted(visitor, f"/devices/{anna.uid}/hold", reason="A blister", back=page)
        assert "Anna Lind ‖ Held" in text(visitor.get("/"))
        said = text(visitor.get(page))
        assert re.search(
            r"‖ Held No session is to run on it\. Held \d\d:\d\d:\d\d by Dr Weiss · until it is lifted", said
        )
        assert "“A blister”" in said
        posted(visitor, f"/devices/{anna.uid}/hold/lift", back=page)
        assert "‖ Held" not in text(visitor.get("/")) + text(visitor.get(page))


def test_a_patient_is_asked_not_to_use_a_device_that_is_held(site: Site, clinic: Clinic, anna: Treated):
    with site.visitor(clinic.user("physician")) as visitor:
        posted(visitor, f"/devices/{anna.uid}/hold", reason="A blister")
    with site.visitor(clinic.user("patient", "Anna", anna.id)) as visitor:
        said = text(visitor.get("/me"))
    assert "Please do not use your LED mask for now" in said
    assert "blister" not in said


def test_a_hold_without_a_reason_is_asked_for_again_and_holds_nothing(site: Site, clinic: Clinic, anna: Treated):
    with site.visitor(clinic.user("physician")) as visitor:
        answer = posted(visitor, f"/devices/{anna.uid}/hold", reason=" ", hours="72", back="/")
        assert answer.status_code == 422
        assert "Say why" in text(answer)
        assert '<option value="72" selected>' in answer.text
        assert "‖ Held" not in text(visitor.get("/"))


def test_a_hold_for_three_days_says_until_when(site: Site, clinic: Clinic, anna: Treated):
    with site.visitor(clinic.user("physician")) as visitor:
        posted(visitor, f"/devices/{anna.uid}/hold", reason="A blister", hours="72")
        assert re.search(r"until \w{3} \d+ \w{3}, \d\d:\d\d", text(visitor.get(f"/patients/{anna.id}")))


def test_a_form_leads_to_no_other_site(site: Site, clinic: Clinic, anna: Treated):
    with site.visitor(clinic.user("physician")) as visitor:
        for path, about in (("stop", {}), ("hold", {"reason": "r"}), ("hold/lift", {})):
            answer = posted(visitor, f"/devices/{anna.uid}/{path}", back="https://evil.example", **about)
            assert answer.headers["location"] == "/"


@pytest.mark.parametrize("role", ["patient", "operator", "maker"])
def test_only_a_physician_of_the_clinic_orders(site: Site, clinic: Clinic, anna: Treated, role: str):
    patient = anna.id if role == "patient" else None
    for user in (clinic.user(role, patient=patient), site.users["physician"]):
        with site.visitor(user) as visitor:
            for path, about in (("stop", {}), ("hold", {"reason": "r"}), ("hold/lift", {})):
                assert posted(visitor, f"/devices/{anna.uid}/{path}", **about).status_code in {403, 404}
            assert visitor.get(f"/devices/{anna.uid}/hold").status_code in {403, 404}


def test_a_form_without_the_logins_token_stops_nothing(site: Site, clinic: Clinic, anna: Treated):
    with site.visitor(clinic.user("physician")) as visitor:
        assert visitor.post(f"/devices/{anna.uid}/stop", data={"back": "/"}).status_code == 403
        assert "Stop asked" not in text(visitor.get(f"/patients/{anna.id}"))


def running(clinic: Clinic, anna: Treated) -> UUID:
    """A session of Anna's that is running now."""
    began = clinic.now - timedelta(minutes=1)
    about = {"recorded": False, "end_reason": None, "heard_at": clinic.now, "samples_stored": 60, "active_s": 60}
    session = clinic.session(anna.id, anna.uid, 99, began, **about)
    clinic.samples(anna.uid, 99, active_s=list(range(1, 61)))
    return session


def test_a_session_can_be_stopped_while_it_runs_and_not_afterwards(site: Site, clinic: Clinic, anna: Treated):
    session = running(clinic, anna)
    with site.visitor(clinic.user("physician")) as visitor:
        assert "Stop now" in visitor.get(f"/sessions/{session}").text
        assert "Stop now" not in visitor.get(f"/sessions/{anna.sessions[0]}").text
    with site.visitor(clinic.user("maker")) as visitor:
        assert "Stop now" not in visitor.get(f"/sessions/{session}").text


def test_a_session_says_that_the_gateway_stopped_it_and_why(site: Site, clinic: Clinic, anna: Treated):
    for counter, outcome in ((0, "done"), (1, "unreachable")):
        clinic.add(
            GuardStopRow(
                clinic_id=clinic.id,
                session_id=anna.sessions[counter],
                rule="too-hot",
                shown_at=clinic.now,
                at=clinic.now,
                outcome=outcome,
                device_uid=anna.uid,
                gateway_id=clinic.gateway,
                because="skin at 42.6 Cel, above 42.5 Cel for 3 s",
            )
        )
    with site.visitor(clinic.user("physician")) as visitor:
        stopped, tried = (text(visitor.get(f"/sessions/{one}")) for one in anna.sessions[:2])
    assert "■ The gateway stopped this session: skin at 42.6 °C, above 42.5 °C for 3 s" in stopped
    assert "tried to stop this session, and the device has not confirmed it" in tried


def test_incidents_of_gateways_are_on_the_operators_page(site: Site, clinic: Clinic):
    clinic.add(
        IncidentRow(
            gateway_id=clinic.gateway,
            kind="disk failed",
            shown_at=clinic.now - timedelta(hours=1),
            at=clinic.now - timedelta(hours=1),
            clinic_id=clinic.id,
            until_at=clinic.now,
            detail="No space left on device",
        )
    )
    with site.visitor(clinic.user("operator")) as visitor:
        assert "Disk failed No space left on device" in text(visitor.get("/operator"))


def test_the_operators_page_tells_every_figure_in_force_and_where_it_is_from(site: Site, clinic: Clinic):
    by = clinic.user("physician", "Dr Roth")
    figures = {"taken_fraction": 0.75, "led_merge_gap_min": 8}
    clinic.add(PracticeRow(clinic_id=clinic.id, version=1, figures=figures, from_at=clinic.now, decided_by=by))
    with site.visitor(clinic.user("operator")) as visitor:
        shown = text(visitor.get("/operator")).replace("\N{NO-BREAK SPACE}", " ")
    assert "taken_fraction 0.75 Dr Roth, " in shown
    assert "led_merge_gap_min 8 min Dr Roth, " in shown
    assert "over_fraction 1.2 product default" in shown
    assert shown.count("product default") == len(FIGURES)


@pytest.mark.parametrize(("days", "told"), [(1, "24 h ago"), (3, "the watch missed nights")])
def test_the_age_of_the_snapshot_is_on_the_operators_page(site: Site, clinic: Clinic, days: int, told: str):
    file = site.house.folder / "snapshot" / "sessions.parquet"
    with site.visitor(clinic.user("operator")) as visitor:
        assert "Snapshot of session facts none here" in text(visitor.get("/operator"))
        file.parent.mkdir()
        file.write_bytes(b"")
        note_as_of(file, clinic.now - timedelta(days=days))
        shown = text(visitor.get("/operator"))
    file.unlink()
    file.parent.rmdir()
    assert told in shown
    assert ("missed nights" in shown) is (days == 3)


def test_in_a_browser_a_stop_is_asked_without_leaving_the_page(desk: Desk, clinic: Clinic, anna: Treated):
    page = desk.live(f"/patients/{anna.id}", clinic.user("physician", "Dr Weiss"))
    page.get_by_role("button", name="Stop now").click()
    expect(page.locator(".orders")).to_contain_text("not confirmed yet")
    expect(page.get_by_role("button", name="Stop now")).to_be_enabled()
    confirm(clinic, "done")
    clinic.announce("device", anna.uid, None)
    expect(page.locator(".orders")).to_contain_text("the device stopped")


def test_on_a_phone_a_hold_is_asked_for_with_a_reason_and_lifted(desk: Desk, clinic: Clinic, anna: Treated):
    page = desk.live(f"/patients/{anna.id}", clinic.user("physician"), viewport=PHONE)
    page.get_by_role("link", name="Hold …").click()
    page.get_by_label("Why").fill("A blister")
    page.get_by_role("button", name="Hold the device").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("‖ Held")
    page.get_by_role("button", name="Lift hold").click()
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Held")
