"""Quieting Bumble changes it for the process, so it is tried in one of its own."""

import subprocess
import sys

PROGRAM = """
from bumble import att, hci, host
from firmware_bridge.virtual.radio import quiet_bumble
quiet_bumble()
print(hci.HCI_Reset_Command(), att.ATT_Write_Response(), host.color("text", "red"))
"""


def test_packets_print_as_their_name_once_bumble_is_quiet():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["HCI_Reset_Command", "ATT_Write_Response", "text"]
