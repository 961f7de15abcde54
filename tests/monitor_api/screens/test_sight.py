"""How every page looks and reads: to axe, on a phone, zoomed, in forced colours, on paper, without scripts."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.monitor_api.screens.browsing import DESK, PHONE, Desk
from tests.monitor_api.screens.site import Site

PAGES = {
    "login": (None, "/login"),
    "triage": ("physician", "/"),
    "triage, who can be helped": ("physician", "/?show=help"),
    "triage, none found": ("physician", "/?find=nobody"),
    "patient, too hot": ("physician", "patient Petra"),
    "patient, samples lack": ("physician", "patient Jun"),
    "patient, silent": ("physician", "patient Emre"),
    "patient, taken on": ("physician", "patient Tova"),
    "session": ("physician", "session Jun"),
    "regimen": ("physician", "regimen Petra"),
    "prescribe": ("physician", "prescribe Jun"),
    "draft": ("physician", "draft Jun"),
    "sign": ("physician", "sign Petra"),
    "hold": ("physician", "hold Petra"),
    "candidates": ("physician", "/candidates"),
    "candidate that ended": ("physician", "candidate ended"),
    "own": ("patient", "/me"),
    "own session": ("patient", "session Petra"),
    "operator": ("operator", "/operator"),
    "maker": ("maker", "/maker"),
    "nothing there": ("physician", "/nowhere"),
}

OWN = {
    "patient": Site.path,
    "session": Site.session,
    "hold": Site.hold,
    "candidate": Site.candidate,
    "regimen": Site.regimen,
    "prescribe": Site.prescribe,
    "draft": Site.draft,
    "sign": Site.sign,
}
"""Where the pages of one patient are."""

ZOOMED = {"width": 640, "height": 450}

OPEN = """() => { for (const box of document.querySelectorAll("details")) box.open = true;
  for (const row of document.querySelectorAll(":is(#values, .plain-table) tr:nth-child(n+10)")) row.remove(); }"""
"""Open every box; of a table of hundreds of like rows a few will do."""

SMALL = """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), summary, [role=slider]")]
  .filter(one => one.checkVisibility() && !one.closest("p:not(.crumb), .skip") && !one.matches(".name"))
  .filter(one => (one.closest("label") ?? one).getBoundingClientRect().height < 24)
  .map(one => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest, site: Site, browser: Browser) -> Iterator[Page]:
    """Every page with every box open: the tests that take it only look, so one visit serves them all."""
    user, path = PAGES[request.param]
    kind, _, name = path.partition(" ")
    desk = Desk(browser, site)
    page = desk.open(OWN[kind](site, name) if name else path, user)
    page.evaluate(OPEN)
    yield page
    desk.close()
    assert desk.problems == []


def violations(page: Page, scheme: str, **options) -> list[str]:
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme=scheme)
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def overflow(page: Page) -> int:
    """Pixels by which a page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_axe_finds_nothing(page: Page):
    assert violations(page, "light") == []


def test_axe_finds_no_contrast_lacking_in_the_dark(page: Page):
    assert violations(page, "dark", runOnly=["color-contrast"]) == []


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_targets_that_are_not_part_of_a_sentence_are_at_least_24_pixels_high(page: Page, size):
    page.set_viewport_size(size)
    assert page.evaluate(SMALL) == []


def test_a_phone_of_320_pixels_has_nothing_to_scroll_sideways(page: Page):
    page.set_viewport_size(PHONE)
    assert overflow(page) == 0


def test_at_twice_the_size_a_desk_has_nothing_to_scroll_sideways(page: Page):
    page.set_viewport_size(ZOOMED)
    assert overflow(page) == 0


def test_a_patients_buttons_are_at_least_44_pixels_high(desk: Desk):
    page = desk.open("/me", "patient", viewport=PHONE)
    boxes = [one.bounding_box() for one in page.locator("button, a.button").all()]
    assert min(box["height"] for box in boxes) >= 44


FOCUS = """() => { const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  return { name: (one.textContent || one.name || "").trim(), body: one === document.body,
           seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
           inside: box.bottom > 0 && box.top < innerHeight } }"""


def test_tab_goes_through_the_page_in_order_and_the_focus_is_always_seen(desk: Desk):
    page, names = desk.live(), []
    for _ in range(21):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        assert (at["seen"], at["inside"]) == (True, True), at
        names.append(at["name"])
    assert names[:3] == ["To the page", "Lumenward", "Triage"]
    order = [
        names.index(next(name for name in names if name.startswith(text))) for text in ("Log out", "All 10", "find")
    ]
    assert order == sorted(order)
    assert names.index("Goran Brandt") < names.index("Petra Garcia")


def test_the_first_key_leads_past_the_navigation(desk: Desk):
    page = desk.live()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_no_mark_of_a_day_goes_blank(desk: Desk, site: Site, scheme: str):
    page = desk.open(site.path("Jun"), forced_colors="active", color_scheme=scheme)
    marks = page.locator(".strip.wide i")
    for mark in ("d5", "d4", "over", "none"):
        one = marks.locator(f"xpath=self::*[contains(concat(' ', @class, ' '), ' {mark} ')]").first
        seen = one.evaluate(
            "one => { const style = getComputedStyle(one), before = getComputedStyle(one, '::before').content;"
            " return style.backgroundColor !== getComputedStyle(document.body).backgroundColor"
            " && style.backgroundColor !== 'rgba(0, 0, 0, 0)' || before !== 'none'; }"
        )
        assert seen, mark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_every_slot_has_its_mark(desk: Desk, site: Site, scheme: str):
    page = desk.open(site.path("Petra"), forced_colors="active", color_scheme=scheme)
    page.evaluate(OPEN)
    for state, shape in {
        "taken": "✓",
        "partial": "◐",
        "missed": "\u2571",
        "unknown": "?",
        "excused": "·",
        "open": "○",
    }.items():
        mark = page.locator(f"#adherence .s-{state}").first
        assert shape in mark.evaluate("one => getComputedStyle(one, '::before').content")
        ground, ink = mark.evaluate(
            "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one, '::before').color]"
        )
        assert ground != ink, state


def test_in_forced_colours_the_line_differs_from_its_ground(desk: Desk, site: Site):
    page = desk.open(site.path("Petra"), forced_colors="active", color_scheme="dark")
    line = page.locator(".line").first.evaluate("one => getComputedStyle(one).stroke")
    assert line != page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")


def test_nothing_moves_for_who_wants_no_motion(desk: Desk):
    still = desk.open(reduced_motion="reduce")
    still.evaluate("document.querySelector('#rows tr').classList.add('calls')")
    name = "getComputedStyle(document.querySelector('.calls .badge')).animationName"
    assert still.evaluate(name) == "none"


def test_a_new_high_alert_flashes_six_times_within_three_seconds_and_then_is_steady(desk: Desk):
    page = desk.open(reduced_motion="no-preference")
    page.evaluate("document.querySelector('#rows tr').classList.add('calls')")
    badge = page.locator(".calls .badge")
    read = "one => [getComputedStyle(one).animationDuration, getComputedStyle(one).animationIterationCount]"
    assert badge.evaluate(read) == ["0.5s", "6"]


def controls(page: Page) -> list[str]:
    """What is seen and of no use on paper."""
    parts = page.locator(".side, button, input, #live, .readout, details").locator("visible=true")
    return parts.evaluate_all("all => all.map(one => one.outerHTML.slice(0, 80))")


def test_paper_shows_the_patient_and_the_chart_and_no_controls(desk: Desk, site: Site):
    page = desk.live(site.path("Petra"))
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Petra Garcia")).to_be_visible()
    expect(page.locator(".plot").first).to_be_visible()
    assert controls(page) == []


def test_paper_shows_the_list_and_no_controls(desk: Desk):
    page = desk.live()
    page.emulate_media(media="print")
    expect(page.locator("#rows tr").first).to_be_visible()
    assert controls(page) == []


def test_without_scripts_everything_is_there_to_be_read(desk: Desk, site: Site):
    page = desk.open(site.path("Petra"), java_script_enabled=False)
    expect(page.locator("#live")).to_have_text(re.compile(r"As of \d\d:\d\d:\d\d · Reload"))
    expect(page.locator(".plot")).to_have_count(3)
    page.get_by_text("Show as table").click()
    expect(page.locator("#values tr").first).to_be_visible()
    for script_only in ("#keys", "#readout", "#stale"):
        expect(page.locator(script_only)).to_be_hidden()


def test_without_scripts_rows_are_found_by_name(desk: Desk):
    page = desk.open(java_script_enabled=False)
    page.get_by_role("searchbox").fill("dubois")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(page.locator("#rows tr")).to_contain_text("Inès Dubois")


def test_every_number_of_a_row_has_its_age(desk: Desk):
    page = desk.live()
    for row in page.locator("#rows tr").all():
        ages = row.locator("td.kind time, td.last time")
        expect(ages).to_have_count(3)
        assert all(re.fullmatch(r"\d+ (s|min|h|d) ago", text) for text in ages.all_inner_texts())
