"""The units of systemd: its own tool finds nothing wrong with them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import require

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
TEMPLATE = "lumenward-server@.service"


def here(text: str) -> str:
    """The unit with the program of this machine: the tool wants it to be there."""
    return text.replace("/opt/lumenward/bin/lumenward", shutil.which("lumenward") or f"{sys.prefix}/bin/lumenward")


@pytest.mark.parametrize("role", ["api", "ingest", "check", "dispatch", "watch"])
def test_systemd_takes_the_unit_of_every_role(role, tmp_path):
    unit = tmp_path / f"lumenward-server@{role}.service"
    unit.write_text(here((UNITS / TEMPLATE).read_text()))
    verified(unit)


def test_systemd_takes_the_unit_of_a_gateway(tmp_path):
    unit = tmp_path / "lumenward-gateway.service"
    unit.write_text(here((UNITS / unit.name).read_text()))
    verified(unit)


def verified(unit):
    command = [require("systemd-analyze"), "verify", "--man=no", str(unit)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    told = [line for line in (run.stdout + run.stderr).splitlines() if unit.name in line]
    assert told == []


def test_no_unit_gives_its_process_more_rights_than_it_needs():
    for unit in UNITS.iterdir():
        told = unit.read_text().splitlines()
        wanted = {"NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "User=lumenward"}
        assert wanted <= set(told)
