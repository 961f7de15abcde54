"""What the keyboard does: letters that can be switched off, and a chart that is read without a pointer."""

import pytest
from playwright.sync_api import Page, expect

from tests.monitor_api.screens.browsing import Desk
from tests.monitor_api.screens.cohort import treated
from tests.monitor_api.screens.site import Site


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.textContent.trim()")


def press(page: Page, *keys: str) -> Page:
    for key in keys:
        page.keyboard.press(key)
    return page


def test_j_and_k_go_down_and_up_the_rows(desk: Desk):
    page = desk.live()
    assert focused(press(page, "j")) == "Goran Brandt"
    assert focused(press(page, "j", "j")) == "Hye Adler"
    assert focused(press(page, "k")) == "Petra Garcia"
    assert focused(press(page, "k", "k", "k")) == "Goran Brandt"


def test_enter_opens_the_patient_that_j_came_to(desk: Desk):
    page = press(desk.live(), "j", "j", "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Petra Garcia")


def test_j_passes_over_rows_that_a_search_hides(desk: Desk):
    page = desk.live()
    page.get_by_role("searchbox").fill("Ju")
    page.get_by_role("searchbox").blur()
    assert focused(press(page, "j")) == "Jun Ito"


def test_a_takes_on_the_alert_of_the_row_with_the_focus_and_of_no_other(desk: Desk, site: Site):
    clinic = site.clinic()
    patients = [treated(clinic, name, "5.5") for name in ("Anna", "Ben")]
    for minutes, one in enumerate(patients):
        clinic.alert(one.id, one.uid, one.sessions[-1], because=f"Hot {minutes}")
    page = desk.live(user=clinic.user("physician", "Dr Maja"))
    press(page, "a")
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(2)
    who = focused(press(page, "j", "j"))
    press(page, "a")
    expect(page.locator("#rows tr").filter(has_text="✓ Taken on by Dr Maja")).to_contain_text(who)
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(1)


def test_letters_do_nothing_once_they_are_switched_off_and_stay_so(desk: Desk):
    page = desk.live()
    page.get_by_role("checkbox", name="Keys").uncheck()
    page.reload()
    page.wait_for_selector("#live[data-state=live]")
    expect(page.get_by_role("checkbox", name="Keys")).not_to_be_checked()
    press(page, "j")
    assert page.evaluate("document.activeElement === document.body")


@pytest.mark.parametrize("modifier", ["Control", "Alt", "Meta"])
def test_a_letter_with_a_modifier_belongs_to_the_browser(desk: Desk, modifier: str):
    page = press(desk.live(), f"{modifier}+k")
    assert page.evaluate("document.activeElement === document.body")


def test_letters_that_are_typed_are_text(desk: Desk):
    page = desk.live()
    page.get_by_role("searchbox").click()
    page.keyboard.type("jka")
    assert page.get_by_role("searchbox").input_value() == "jka"


def test_a_chart_is_read_by_keyboard_with_names_values_and_units(desk: Desk, site: Site):
    page = desk.live(site.path("Petra"))
    readout = page.get_by_role("slider")
    readout.focus()
    press(page, "Home", "ArrowRight", "ArrowRight")
    expect(readout).to_have_attribute(
        "aria-valuetext", "0:02, Skin temperature 34.4 °C, Power 8.1 W, Energy 8 J, contact yes"
    )
    press(page, "End")
    expect(readout).to_have_text("3:59, Skin temperature 40.8 °C, Power 7.8 W, Energy 1,843 J, contact yes")
    press(page, "PageDown")
    expect(readout).to_contain_text("3:29")
    expect(page.locator(".plot .cursor").first).to_have_css("visibility", "visible")


def test_where_samples_lack_the_chart_says_no_data(desk: Desk, site: Site):
    page = desk.live(site.path("Jun"))
    readout = page.get_by_role("slider")
    readout.focus()
    press(page, "Home")
    row = page.locator("#values tr", has_text="no data").first
    for _ in range(row.evaluate("row => row.sectionRowIndex") // 30):
        press(page, "PageUp")
    for _ in range(row.evaluate("row => row.sectionRowIndex") % 30):
        press(page, "ArrowRight")
    expect(readout).to_have_text("5:00 to 6:00, no data")


def test_a_pointer_reads_the_same_values_as_the_table(desk: Desk, site: Site):
    page = desk.live(site.path("Petra"))
    box = page.locator(".plot").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    readout = page.locator("#readout")
    expect(readout).to_contain_text("2:00, Skin temperature")
    line = page.locator("#values tr").nth(120)
    assert line.locator("td").first.inner_text() in readout.inner_text()
