"""A session's chart: what is drawn, what is said beside it, and what is in its table come from one reading."""

from uuid import uuid4

import pytest

from clinical.regimen import Regimen
from clinical.verdicts import Outcome
from monitor_api.http.queries.sessions import SeenEvidence, SeenFinding
from monitor_api.records.regimens import read_regimen
from monitor_api.records.sessions import RegimenVersionRow
from monitor_api.screens.chart.model import SessionChart, Stretch
from monitor_api.screens.chart.reading import Told, read_chart
from monitor_api.screens.chart.svg import axis_svg, lane_svg, panel_svg, pieces_of, ticks
from monitor_api.sessions.assembly import assemble
from monitor_api.sessions.evidence import gather
from monitor_api.telemetry.series import SeriesKey
from tests.monitor_api.screens.clinic import NOW, Clinic
from tests.monitor_api.screens.house import House
from vocabulary.devices import Modality
from vocabulary.identity import RuleId
from vocabulary.severity import Severity

RF = Modality.RF
CONTACT, PAUSED = 1, 16


@pytest.fixture(scope="module")
def clinic(house: House) -> Clinic:
    return Clinic(house.database, house.telemetry)


def finding(rule: str, severity: Severity, because: str, outcome: Outcome = Outcome.FIRES) -> SeenFinding:
    nothing = SeenEvidence(measured=None, limit=None, uncertainty=None, first_sample=None, last_sample=None)
    return SeenFinding(
        id=uuid4(),
        rule=RuleId(rule),
        rule_version=1,
        title=rule,
        severity=severity,
        outcome=outcome,
        because=because,
        evidence=nothing,
        found_at=NOW,
    )


def chart(clinic: Clinic, *findings: SeenFinding, prescribed: bool = True, gap=None, **columns) -> SessionChart:
    """The chart of an RF session with these columns, one sample a second but for a gap of (first, last)."""
    patient = clinic.patient()
    uid = clinic.device(patient, RF)
    session = clinic.session(patient, uid, 1, NOW, modality=RF, recorded=False)
    many = len(next(iter(columns.values()), ()))
    cut = gap[0] if gap else many
    if many:
        columns.setdefault("remaining_s", [0] * many)
        first = {name: values[:cut] for name, values in columns.items()}
        clinic.samples(uid, 1, RF, **first)
    if gap:
        clinic.samples(uid, 1, RF, gap[1] + 1, **{name: values[cut:] for name, values in columns.items()})
        clinic.gap(session, *gap)
    regimen = regimen_of(clinic, clinic.regimen(patient, RF)) if prescribed else None
    with clinic.database.read() as reading:
        evidence = gather(reading, clinic.telemetry, SeriesKey(clinic=clinic.id, session=session))
    dose = regimen and regimen.strongest_dose
    account = assemble(evidence)
    return read_chart(Told(evidence=evidence, account=account, regimen=regimen, dose=dose, findings=findings))


def regimen_of(clinic: Clinic, which) -> Regimen:
    with clinic.database.read() as reading:
        return read_regimen(reading.get_one(RegimenVersionRow, (which, 1)), RF)


def panels(of: SessionChart):
    return {panel.key: panel for panel in of.panels}


HOT = [40.0] * 20 + [43.0] * 6 + [40.0] * 14
TOO_HOT = finding("too-hot", Severity.HIGH, "Skin at 43.0 °C, above 42.5 °C for 6 s")


def test_a_departure_is_where_the_samples_pass_the_limit_and_says_what_the_rule_says(clinic):
    skin = panels(chart(clinic, TOO_HOT, skin_celsius=HOT))["skin"]
    assert skin.departures == (Stretch(20, 26),)
    assert skin.departed is Severity.HIGH
    assert [one.words.replace("\N{NO-BREAK SPACE}", " ") for one in skin.remarks] == [TOO_HOT.because]


def test_what_passed_the_limit_too_briefly_for_the_rule_is_said_all_the_same(clinic):
    skin = panels(chart(clinic, skin_celsius=[40.0] * 20 + [43.0] * 2 + [40.0] * 5))["skin"]
    assert skin.departed is None
    assert skin.remarks[0].words == "above 42.5 °C for 2 s from 0:20, within the 2 s allowed"


def test_what_was_not_checked_yet_is_not_said_to_be_allowed(clinic):
    skin = panels(chart(clinic, skin_celsius=HOT))["skin"]
    assert skin.remarks[0].words == "above 42.5 °C for 6 s from 0:20"


def test_a_rule_that_could_not_be_decided_calls_nobody_in_the_chart(clinic):
    doubt = finding("too-hot", Severity.MEDIUM, "Cannot rule out", Outcome.UNDETERMINED)
    skin = panels(chart(clinic, doubt, skin_celsius=HOT))["skin"]
    assert (skin.departed, skin.remarks[0].severity) == (None, None)


def test_the_dose_is_wanted_between_the_prescribed_one_and_the_limit(clinic):
    dose = panels(chart(clinic, skin_celsius=[36.0] * 30))["dose"]
    assert (dose.wanted, dose.limit, dose.prescribed) == ((1800, 2400), 2400, "prescribed 1,800, at most 2,400")


def test_without_a_regimen_nothing_is_prescribed_and_the_standing_limits_hold(clinic):
    found = panels(chart(clinic, prescribed=False, skin_celsius=[36.0] * 30))
    assert (found["dose"].prescribed, found["dose"].wanted) == ("nothing prescribed", None)
    assert found["skin"].limit is not None


def test_a_gap_breaks_the_line_and_is_a_row_of_the_table(clinic):
    found = chart(clinic, gap=(10, 19), skin_celsius=[36.0] * 30)
    assert found.gaps == (Stretch(10, 20),)
    assert [len(piece) for piece in pieces_of(panels(found)["skin"].line, None)] == [10, 20]
    assert [(row.start_s, row.end_s) for row in found.table if row.end_s] == [(10, 20)]


def test_a_departure_does_not_reach_across_a_gap(clinic):
    skin = panels(chart(clinic, gap=(5, 9), skin_celsius=[43.0] * 10))["skin"]
    assert skin.departures == (Stretch(0, 5), Stretch(10, 15))


def test_a_quantity_that_the_device_never_gave_is_said_to_be_lacking(clinic):
    skin = panels(chart(clinic, skin_celsius=[None] * 10))["skin"]
    assert [one.words for one in skin.remarks] == ["the device gave none"]


def test_a_session_without_samples_has_no_panels_and_no_table(clinic):
    found = chart(clinic)
    assert (found.panels, found.lanes, found.table) == ((), (), ())


def test_contact_is_a_lane_and_a_pause_only_where_there_was_one(clinic):
    signs = [CONTACT] * 10 + [CONTACT | PAUSED] * 5 + [0] * 5
    found = chart(clinic, skin_celsius=[36.0] * 20, signs=signs)
    assert {lane.key: lane.stretches for lane in found.lanes} == {
        "contact": (Stretch(0, 15),),
        "pause": (Stretch(10, 15),),
    }


def test_a_running_session_is_as_long_as_it_is_to_last(clinic):
    assert chart(clinic, skin_celsius=[36.0] * 30, remaining_s=list(range(239, 209, -1))).length_s == 240


def test_one_hot_second_of_an_hour_is_still_drawn(clinic):
    skin = panels(chart(clinic, skin_celsius=[36.0] * 3600 + [43.0] + [36.0] * 99))["skin"]
    assert len(skin.line.times_s) <= 600
    assert max(value for value in skin.line.values if value) == 43.0


def test_a_pictures_departure_is_drawn_again_over_the_line_by_how_bad_it_is(clinic):
    found = chart(clinic, TOO_HOT, skin_celsius=HOT)
    assert 'class="departure high"' in panel_svg(found, panels(found)["skin"])
    assert "departure" not in panel_svg(found, panels(found)["dose"])


def test_labels_of_an_axis_keep_apart(clinic):
    skin = panels(chart(clinic, skin_celsius=[33.0, *HOT]))["skin"]
    assert skin.scale.high == 44
    assert [label in axis_svg(skin) for label in (">32<", ">42.5<", ">44<")] == [True, True, False]


def test_what_is_not_known_of_a_lane_is_hatched(clinic):
    found = chart(clinic, gap=(10, 19), skin_celsius=[36.0] * 30)
    assert "url(#hatch)" in lane_svg(found, found.lanes[0])


@pytest.mark.parametrize(("length_s", "step_s"), [(20, 5), (240, 60), (600, 120), (3600, 900)])
def test_ticks_are_round_and_few(length_s, step_s):
    assert ticks(length_s)[:2] == [0, step_s]
    assert len(ticks(length_s)) <= 6
