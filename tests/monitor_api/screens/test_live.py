"""A page that is open stays true, by itself and without moving under anybody's hand."""

import re
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.monitor_api.screens.browsing import Desk
from tests.monitor_api.screens.clinic import Clinic
from tests.monitor_api.screens.cohort import Treated, treated
from tests.monitor_api.screens.site import Site

HIGH = "Skin at 44.0 °C, above 42.5 °C for 9 s"


@dataclass
class Ward:
    """Three patients, of whom one has a medium alert, and two physicians."""

    clinic: Clinic
    patients: dict[str, Treated]
    maja: UUID
    jonas: UUID

    def alert(self, name: str, severity: str = "high", because: str = HIGH) -> UUID:
        one = self.patients[name]
        return self.clinic.alert(
            one.id, one.uid, one.sessions[-1], severity, because=because, raised_at=self.clinic.now
        )


@pytest.fixture
def ward(site: Site) -> Ward:
    clinic = site.clinic()
    patients = {name: treated(clinic, name, "5.5") for name in ("Anna", "Ben", "Cleo")}
    maja, jonas = clinic.user("physician", "Dr Maja"), clinic.user("physician", "Dr Jonas")
    ward = Ward(clinic, patients, maja, jonas)
    ward.alert("Anna", "medium", "Dose 20.7 J/cm2, the limit is 19.8")
    return ward


def names(page: Page) -> list[str]:
    return page.locator("#rows .name").all_inner_texts()


def row(page: Page, name: str):
    return page.locator("#rows tr").filter(has=page.get_by_role("link", name=name, exact=True))


def test_a_new_alert_is_in_its_row_within_two_seconds_and_no_row_jumps(desk: Desk, ward: Ward):
    page = desk.live(user=ward.maja)
    before = names(page)
    ward.alert("Cleo")
    expect(row(page, "Cleo").locator(".badge.high")).to_be_visible(timeout=2000)
    assert names(page) == before
    expect(page.locator("#sort")).to_have_text("1 changed. Sort again")


def test_rows_are_sorted_again_when_somebody_asks_for_it(desk: Desk, ward: Ward):
    page = desk.live(user=ward.maja)
    ward.alert("Cleo")
    page.locator("#sort").click()
    expect(page.locator("#rows .name").first).to_have_text("Cleo")
    expect(page.locator("#sort")).to_be_hidden()


def test_a_new_high_alert_is_spoken(desk: Desk, ward: Ward):
    page = desk.live(user=ward.maja)
    ward.alert("Ben")
    expect(page.locator("#spoken")).to_contain_text("New high alert: Ben. Skin at 44.0 °C")


def test_the_focus_and_what_is_open_and_typed_survive_an_update(desk: Desk, ward: Ward):
    page = desk.live(user=ward.maja)
    page.locator("#meanings summary").click()
    page.get_by_role("searchbox").fill("e")
    row(page, "Cleo").locator(".name").focus()
    ward.alert("Cleo")
    expect(row(page, "Cleo").locator(".badge.high")).to_be_visible()
    assert page.evaluate("document.activeElement.textContent") == "Cleo"
    assert page.get_by_role("searchbox").input_value() == "e"
    expect(page.locator("#meanings dl")).to_be_visible()
    assert [one for one in names(page) if row(page, one).is_visible()] == ["Ben", "Cleo"]


def test_the_focus_stays_with_its_patient_when_rows_are_sorted(desk: Desk, ward: Ward):
    page = desk.live(user=ward.maja)
    ward.alert("Cleo")
    expect(page.locator("#sort")).to_be_visible()
    row(page, "Ben").locator(".name").focus()
    page.evaluate("document.getElementById('sort').click()")
    expect(page.locator("#rows .name").first).to_have_text("Cleo")
    assert page.evaluate("document.activeElement.textContent") == "Ben"


def test_an_acknowledgement_is_seen_at_once_with_who_and_when_and_the_focus_stays(desk: Desk, ward: Ward):
    page = desk.live(user=ward.maja)
    row(page, "Anna").get_by_role("button", name="Acknowledge").click()
    expect(row(page, "Anna")).to_contain_text("✓ Taken on by Dr Maja", timeout=2000)
    expect(row(page, "Anna").locator(".why time")).to_have_text(re.compile(r"^[0-3] s ago$"), timeout=500)
    assert page.evaluate("document.activeElement.textContent") == "Anna"
    assert page.url.endswith("/")


def test_a_second_physician_sees_the_acknowledgement_within_two_seconds(desk: Desk, ward: Ward):
    first, second = desk.live(user=ward.maja), desk.live(user=ward.jonas)
    row(first, "Anna").get_by_role("button", name="Acknowledge").click()
    expect(row(second, "Anna")).to_contain_text("Taken on by Dr Maja", timeout=2000)


def test_who_acknowledges_second_finds_who_was_first(desk: Desk, ward: Ward):
    page = desk.open(f"/patients/{ward.patients['Anna'].id}", ward.jonas, java_script_enabled=False)
    other = desk.live(user=ward.maja)
    row(other, "Anna").get_by_role("button", name="Acknowledge").click()
    expect(row(other, "Anna")).to_contain_text("Taken on by Dr Maja")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#alerts")).to_contain_text("Taken on by Dr Maja")


def test_an_acknowledgement_is_in_the_trail(desk: Desk, ward: Ward):
    alert = ward.alert("Ben")
    page = desk.live(f"/patients/{ward.patients['Ben'].id}", ward.maja)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#alerts")).to_contain_text("Taken on by Dr Maja")
    trail = page.request.get("/api/v1/audit").json()["items"]
    assert [one for one in trail if str(alert) in str(one) and str(ward.maja) in str(one)]


@pytest.mark.parametrize("path", ["/", "patient"])
def test_without_scripts_an_alert_is_acknowledged_by_a_form(desk: Desk, ward: Ward, path: str):
    where = f"/patients/{ward.patients['Anna'].id}" if path == "patient" else path
    page = desk.open(where, ward.maja, java_script_enabled=False)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("✓ Taken on by Dr Maja")).to_be_visible()
    assert page.url.endswith(where)


def test_a_patients_page_shows_a_new_session_and_alert_by_itself(desk: Desk, ward: Ward):
    page = desk.live(f"/patients/{ward.patients['Ben'].id}", ward.maja)
    expect(page.locator("#h-alerts")).to_have_text("No open alert")
    ward.alert("Ben")
    expect(page.locator("#h-alerts")).to_have_text("Why this patient is here", timeout=2000)


def test_ages_count_on_while_a_page_is_open(desk: Desk, ward: Ward):
    page = desk.live(user=ward.maja)
    gateway = row(page, "Ben").locator("td.last small time")
    before = gateway.inner_text()
    expect(gateway).not_to_have_text(before, timeout=30_000)


def test_a_page_that_hears_nothing_says_so_within_ten_seconds_and_goes_on_when_it_can(desk: Desk, ward: Ward):
    page = desk.context(ward.maja).new_page()
    page.clock.install()
    page.goto("/")
    page.clock.run_for(1000)
    expect(page.locator("#live")).to_contain_text("Live, ")
    page.context.set_offline(True)
    page.clock.run_for(10_000)
    expect(page.locator("#stale")).to_contain_text("Connection lost")
    expect(page.locator("#live")).to_have_text("Not live")
    page.context.set_offline(False)
    page.clock.run_for(5000)
    page.clock.resume()
    expect(page.locator("#stale")).to_be_hidden()


def test_who_is_logged_out_elsewhere_is_told(desk: Desk, ward: Ward):
    page = desk.live(user=ward.maja)
    page.context.clear_cookies()
    ward.alert("Ben")
    expect(page.locator("#stale")).to_contain_text("You are logged out", timeout=8000)


def test_twelve_tabs_share_one_stream_and_all_of_them_stay_live(desk: Desk, ward: Ward):
    context, streams = desk.context(ward.maja), []
    context.on("request", lambda asked: streams.append(asked.url) if asked.url.endswith("/events") else None)
    tabs = [context.new_page() for _ in range(12)]
    for tab in tabs:
        tab.goto("/")
    ward.alert("Cleo")
    for tab in tabs:
        expect(row(tab, "Cleo").locator(".badge.high")).to_be_visible()
    assert len(streams) == 1


def test_when_the_tab_with_the_stream_closes_another_one_takes_it(desk: Desk, ward: Ward):
    context = desk.context(ward.maja)
    first, second = context.new_page(), context.new_page()
    for tab in (first, second):
        tab.goto("/")
        tab.wait_for_selector("#live[data-state=live]")
    with context.expect_event("request", lambda asked: asked.url.endswith("/events")):
        first.close()
    ward.alert("Cleo")
    expect(row(second, "Cleo").locator(".badge.high")).to_be_visible(timeout=2000)
