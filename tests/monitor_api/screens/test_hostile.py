"""Whatever people and devices call themselves is shown as text, and does nothing."""

from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest

from tests.monitor_api.screens.clinic import NOW
from tests.monitor_api.screens.drafting import WHOLE, drafted
from tests.monitor_api.screens.shadowed import begin, found_of
from tests.monitor_api.screens.site import Site

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% for a in b %}",
    "</title></style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "\u202egnirts live\u202c",
)
HOSTILE = "".join(PAYLOADS)
SENTENCE = f"Skin at 43 Cel {HOSTILE}"


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, str]:
    """Every page on which a hostile name, reference, serial, firmware, rule's sentence or conflict is shown."""
    clinic = site.clinic(now=NOW)
    clinic.gateway_name(HOSTILE)
    patient = clinic.patient(HOSTILE[:200], reference=PAYLOADS[1])
    uid = clinic.device(patient, model=PAYLOADS[0], serial=PAYLOADS[1], firmware=PAYLOADS[2], features=["contact"])
    regimen = clinic.regimen(patient)
    because = {"allowed": ["I"], "because": HOSTILE}
    draft = drafted(clinic, patient, WHOLE | {"phototypes": because})
    session = clinic.session(patient, uid, 1, NOW - timedelta(hours=1), conflict=SENTENCE)
    clinic.samples(uid, 1)
    clinic.finding(session, "too-hot", "high", SENTENCE)
    clinic.alert(patient, uid, session, because=SENTENCE)
    clinic.refused(PAYLOADS[0], PAYLOADS[1])
    shadow = begin(clinic, {"without": ["too-long"]}, HOSTILE[:120])
    found_of(clinic, shadow, patient, 1, ("starts", "too-hot", "high", SENTENCE))
    users = {role: clinic.user(role, HOSTILE[:200]) for role in ("physician", "operator", "maker")}
    users["patient"] = clinic.user("patient", HOSTILE[:200], patient)
    asked = {
        "triage": ("physician", "/"),
        "found": ("physician", "/?find=" + PAYLOADS[1]),
        "patient": ("physician", f"/patients/{patient}"),
        "session": ("physician", f"/sessions/{session}"),
        "regimen": ("physician", f"/regimens/{regimen}"),
        "prescribe": ("physician", f"/patients/{patient}/prescribe"),
        "draft": ("physician", f"/drafts/{draft}"),
        "sign": ("physician", f"/drafts/{draft}/sign"),
        "candidates": ("physician", "/candidates"),
        "candidate": ("physician", f"/candidates/{shadow}"),
        "operator": ("operator", "/operator"),
        "maker": ("maker", "/maker"),
        "me": ("patient", "/me"),
        "own session": ("patient", f"/sessions/{session}"),
    }
    found = {}
    for name, (role, path) in asked.items():
        with site.visitor(users[role]) as visitor:
            answer = visitor.get(path)
            assert answer.status_code == 200, name
            found[name] = answer.text
    return found


class Tags(HTMLParser):
    """Every tag of a page with its attributes, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_hostile_text_is_shown(pages: dict[str, str]):
    assert [name for name, text in pages.items() if "alert(1)" not in unescape(text)] == []


def test_hostile_text_opens_no_tag(pages: dict[str, str]):
    for name, text in pages.items():
        sources = [about.get("src") or "" for tag, about in Tags(text).found if tag in {"script", "img"}]
        assert sources, name
        assert all(source.startswith("/static/") for source in sources), name


def test_hostile_text_adds_no_attribute_that_runs(pages: dict[str, str]):
    for name, text in pages.items():
        attributes = [(key, value or "") for _, about in Tags(text).found for key, value in about.items()]
        assert [key for key, _ in attributes if key.startswith("on") or key == "style"] == [], name
        links = [value for key, value in attributes if key in {"href", "action", "formaction", "src"}]
        assert [link for link in links if link and not link.startswith(("/", "?", "#"))] == [], name


def test_what_looks_like_a_template_is_not_one(pages: dict[str, str]):
    assert all("{{ 7 * 7 }}" in pages[name] for name in ("triage", "patient", "session"))


@pytest.mark.parametrize("path", ["/login?next=" + PAYLOADS[1], "/nowhere/" + PAYLOADS[0]])
def test_an_address_is_not_shown_back_as_markup(site: Site, path: str):
    with site.visitor() as visitor:
        assert "<img" not in visitor.get(path, follow_redirects=True).text.replace('<img src="/static', "")


def test_a_failed_login_shows_what_was_typed_as_text(site: Site):
    with site.visitor() as visitor:
        answer = visitor.post("/login", data={"login": PAYLOADS[1], "password": "x"})
        assert "&#34;&gt;&lt;img" in answer.text
