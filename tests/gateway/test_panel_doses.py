"""A panel's dose is estimated by a calibration that somebody measured, and else not known."""

import pytest

from gateway.ble.calibration import Calibration, load_calibrations
from tests.gateway.panels import UID, Gateway, World, in_time
from vocabulary.errors import SettingsError
from vocabulary.readings import RecordFlag, Sign
from vocabulary.wire.batches import SampleBlock, SeenDevice


@in_time
async def test_without_a_calibration_there_is_no_irradiance_and_no_dose():
    world = World()
    gateway = Gateway(world)
    async with gateway.linked():
        world.on()
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    for block in world.of(SampleBlock):
        assert (block.columns.irradiance_mw_per_cm2, block.columns.fluence_j_per_cm2) == (None, None)
        assert block.columns.signs == [Sign(0)]
    (record,) = world.records()
    assert (record.fluence_j_per_cm2, record.peak_irradiance_mw_per_cm2) == (None, None)


CALIBRATION = """\
model = "Panel 600"
panels = ["{uid}"]
channel_mw_per_cm2 = [10.0, 20.0, 0, 0, 0]
distance_cm = 20
uncertainty_fraction = 0.2
source = "measured by hand"
"""


def calibrated(tmp_path, text=CALIBRATION, name="one.toml"):
    (tmp_path / name).write_text(text.format(uid=UID))
    return load_calibrations(tmp_path)


@in_time
async def test_a_calibrated_panel_gives_an_estimated_dose(tmp_path):
    world = World()
    world.percent = (100, 50, 100, 0, 0)
    gateway = Gateway(world, calibrated(tmp_path))
    async with gateway.linked():
        world.on()
        await gateway.passes(10)
        world.off()
        await gateway.looks()
    last = world.of(SampleBlock)[-1].columns
    assert (last.irradiance_mw_per_cm2, last.signs) == ([20.0], [Sign.DOSE_ESTIMATED])
    assert last.fluence_j_per_cm2 == [pytest.approx(0.2)]
    (record,) = world.records()
    assert (record.fluence_j_per_cm2, record.peak_irradiance_mw_per_cm2) == (pytest.approx(0.2), 20.0)
    assert RecordFlag.DOSE_ESTIMATED in record.flags
    assert {item.model for item in world.of(SeenDevice)} == {"Panel 600"}


@in_time
async def test_the_dose_goes_on_when_the_timer_is_changed(tmp_path):
    world = World()
    gateway = Gateway(world, calibrated(tmp_path))
    async with gateway.linked():
        world.on()
        await gateway.passes(3)
        world.initial_s, world.began_at = 900, world.now
        await gateway.passes(2)
        world.off()
        await gateway.looks()
    assert [one.fluence_j_per_cm2 for one in world.records()] == [pytest.approx(0.05)]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("source", "origin", r"one.toml: origin: Extra inputs"),
        ("10.0, 20.0", "20.0", r"channel_mw_per_cm2: .* at least 5"),
        ("= 0.2", "= 1.5", r"uncertainty_fraction: "),
        ('["{uid}"]', '["nobody"]', r"panels.0: 'nobody' is no device uid"),
        ("model", "model model", r"one.toml: file: "),
    ],
)
def test_a_calibration_that_is_none_is_refused_with_its_file_and_key(tmp_path, before, after, problem):
    with pytest.raises(SettingsError, match=problem):
        calibrated(tmp_path, CALIBRATION.replace(before, after))


def test_a_panel_has_one_calibration(tmp_path):
    assert isinstance(calibrated(tmp_path)[UID], Calibration)
    with pytest.raises(SettingsError, match=r"two.toml: panels: .* has a calibration already"):
        calibrated(tmp_path, name="two.toml")


def test_a_directory_of_calibrations_that_is_none_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"calibrations: .*nowhere is no directory"):
        load_calibrations(tmp_path / "nowhere")
    assert load_calibrations(None) == {}
