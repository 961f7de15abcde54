"""Panels for the bench."""

from datetime import timedelta

from firmware_bridge.virtual.blockbluelight.definition import PanelDefinition, PanelStep


def panel_step(at_s, act):
    return PanelStep(at=timedelta(seconds=at_s), act=act)


def panel(tmp_path, *script, number=0x99, seed=1, timer_s=600):
    return PanelDefinition(
        address=f"C0:00:00:00:00:{number:02X}",
        seed=seed,
        timer=timedelta(seconds=timer_s),
        script=script,
        journal=tmp_path / f"panel-{number:02x}.jsonl",
    )
