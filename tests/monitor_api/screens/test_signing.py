"""The page to sign: all of what is prescribed stands there, it is signed once, and not without being meant."""

import httpx
import pytest

from monitor_api.records.sessions import RegimenVersionRow
from tests.monitor_api.screens.clinic import Clinic
from tests.monitor_api.screens.cohort import Treated, treated
from tests.monitor_api.screens.drafting import LACKING, WHOLE, Page, drafted
from tests.monitor_api.screens.prescribing import FILLED, begun, row, sent, signed
from tests.monitor_api.screens.site import Site
from tests.monitor_api.screens.test_orders import posted, text


@pytest.fixture
def clinic(keyed_clinic: Clinic) -> Clinic:
    return keyed_clinic


def test_before_it_is_signed_one_reads_what_it_would_have_called(anna: Treated, visitor: httpx.Client):
    path = begun(visitor, anna.id, "led-red-infrared")
    sent(visitor, path, **FILLED, limits__skin_celsius="35.5", limits__skin_grace_s="0")
    cool = text(visitor.get(f"{path}/sign"))
    assert "2 sessions held against it" in cool
    assert "It would also have called: 3 times" in cool
    assert cool.count("Skin reached 36.4 °C, and how long it was above 35.5 °C is not known") == 2
    sent(visitor, path, limits__skin_celsius="41")
    warm = text(visitor.get(f"{path}/sign"))
    assert "Skin reached 36.4 °C" not in warm


def test_a_draft_with_something_in_the_way_is_not_offered_for_signing_and_not_signed(
    clinic: Clinic, anna: Treated, visitor: httpx.Client
):
    path = f"/drafts/{drafted(clinic, anna.id, LACKING)}"
    page = visitor.get(f"{path}/sign")
    assert "It cannot be signed yet" in text(page)
    assert "Sign and prescribe" not in page.text
    seen = Page(visitor.get(path).text).fields["seen"][0]
    assert posted(visitor, f"{path}/sign", seen=seen, meant="yes").status_code == 422
    assert row(clinic, path).revision == 1


@pytest.mark.parametrize(
    ("typed_in", "status", "words"),
    [
        ({"meant": ""}, 422, "Nothing is signed yet."),
        ({"from_day": "yesterday"}, 422, "That is no day"),
        ({"from_day": "9999-12-31"}, 422, "That is no day"),
        ({"from_day": "2020-01-01"}, 409, "The version in force begins later"),
        ({"seen": '"7"'}, 412, "was changed after you opened it"),
    ],
)
def test_what_is_not_meant_or_cannot_be_is_not_signed(
    clinic: Clinic, anna: Treated, visitor: httpx.Client, typed_in: dict, status: int, words: str
):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    answer = signed(visitor, path, **typed_in)
    assert (answer.status_code, words in text(answer)) == (status, True), text(answer)
    assert row(clinic, path).revision == 1


def test_what_is_signed_can_be_read_to_the_last_digit(clinic: Clinic, anna: Treated, visitor: httpx.Client):
    said = text(visitor.get(f"/drafts/{drafted(clinic, anna.id, WHOLE)}/sign"))
    for words in (
        "Phase 1 On Monday and Thursday, for 4 weeks: 1 min 40 s, 18.25 J/cm²",
        "Phase 2 Once every 2 weeks, until further notice: 1 min 40 s, 18.25 J/cm²",
        "Programmes 0 (red 633 nm at 200.5 mW/cm², near infrared 830 nm at 50 mW/cm²), 3",
        "Zones nose, whole face",
        "A session at most 11 min or 20.075 J/cm², whichever comes first",
        "Skin temperature not above 41 °C for 2.5 s",
        "Rest at least 16 h 1 min 40 s",
        "Without contact at most 15 s",
        "Sessions at most 1 in 24 hours, 2 in 7 days",
        "200 J/cm² in any 27 h 46 min 40 s, red, nose;",
        "How strong 200.5 to 250 mW/cm²",
        "Thermal dose note from 1, warn from 2, alert from 5, stop from 15.5 min at 43 °C",
        "Phototypes I, II: cleared for these",
    ):
        assert words in said, words


def test_a_signature_that_is_sent_twice_signs_once_and_leads_to_the_regimen(
    clinic: Clinic, anna: Treated, visitor: httpx.Client
):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    form = Page(visitor.get(f"{path}/sign").text).fields | {"meant": "yes"}
    first, again = (visitor.post(f"{path}/sign", data=form) for _ in range(2))
    assert first.headers["location"] == again.headers["location"] == f"/regimens/{anna.regimen}"
    assert visitor.get(f"{path}/sign").headers["location"] == f"/regimens/{anna.regimen}"
    with clinic.database.read() as session:
        assert session.query(RegimenVersionRow).filter_by(regimen_id=anna.regimen).count() == 2


def test_a_draft_that_was_discarded_is_not_signed(clinic: Clinic, anna: Treated, visitor: httpx.Client):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    form = Page(visitor.get(f"{path}/sign").text).fields
    posted(visitor, f"{path}/discard", seen=form["seen"][0])
    assert visitor.post(f"{path}/sign", data=form | {"meant": "yes"}).status_code == 404


def test_a_day_to_begin_with_begins_at_four_where_the_patient_lives(
    clinic: Clinic, anna: Treated, visitor: httpx.Client
):
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    signed(visitor, path, from_day="2026-04-01")
    with clinic.database.read() as session:
        version = session.get_one(RegimenVersionRow, (anna.regimen, 2))
        assert version.from_at.isoformat() == "2026-04-01T02:00:00+00:00"


def test_a_clinic_without_a_key_is_told_so_and_nothing_is_lost(site: Site):
    clinic = site.clinic()
    anna = treated(clinic, "Anna Lind", "5.5")
    path = f"/drafts/{drafted(clinic, anna.id, WHOLE)}"
    with site.visitor(clinic.user("physician")) as visitor:
        answer = signed(visitor, path)
        assert (answer.status_code, "no key for your clinic" in text(answer)) == (409, True)
        assert visitor.get(path).status_code == 200
