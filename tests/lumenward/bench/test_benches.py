"""Every bench runs and gives the figures that its table names; how fast is nobody's promise."""

from threading import Event

import pytest

from lumenward.bench import chart, clinical, fleet, gateway, start
from lumenward.bench.context import Work
from lumenward.bench.measuring import quantile
from lumenward.bench.patients import NOW, make_course
from lumenward.errors import Interrupted
from tests.servers import require


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def work(tmp_path, warnings):
    def make(size, stop=None):
        return Work(size=size, directory=tmp_path, stop=stop or Event(), told=lambda _: None, warn=warnings.append)

    return make


def names(bench):
    return {figure.name for figure in bench.figures}


def test_a_chart_of_a_small_store_has_its_figures(work):
    figures = chart.run(work(1200), charts=3)
    assert figures.keys() == names(chart.BENCH)
    assert 0 < figures["chart_p50_ms"] <= figures["chart_p99_ms"]


def test_the_clinical_core_has_its_figures_of_few_patients(work):
    figures = clinical.run(work(20), rounds=2)
    assert figures.keys() == names(clinical.BENCH)
    assert all(value > 0 for value in figures.values())


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_an_evening_of_few_homes_stores_the_alert_of_a_burn(work):
    require("mosquitto")
    figures = fleet.run(work(20), peak_s=1.0)
    assert figures.keys() == names(fleet.BENCH)
    assert figures["cpu_us_per_home_5000"] is None
    assert figures["high_alert_p99_ms"] < fleet.GRACE_S * 1e3


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_gateway_of_one_device_has_its_figures(work):
    figures = gateway.run(work(1), emitting_s=2.0)
    assert figures.keys() == names(gateway.BENCH)
    assert figures["rss_mb"] > 0


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_the_demo_shows_its_first_page(work):
    figures = start.run(work(1), rounds=1)
    assert figures["demo_first_page_s"] > 0


def test_a_bench_ends_when_it_is_asked_to(work):
    stop = Event()
    stop.set()
    with pytest.raises(Interrupted):
        chart.run(work(1200, stop))


def test_a_quantile_is_the_value_that_a_part_is_not_above():
    assert [quantile([3.0, 1.0, 2.0, 4.0], part) for part in (0, 0.5, 0.99)] == [1.0, 3.0, 4.0]


def test_a_patient_of_two_years_has_five_hundred_sessions_up_to_now():
    course = make_course(2, seed=1)
    assert len({session.session for session in course.sessions}) == 500
    assert (NOW - course.sessions[-1].heard_at).days < 4
    assert {one.modality for one in course.sessions} == {one.regimen.modality for one in course.regimens}
