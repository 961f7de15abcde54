"""Where the bus of a test is, and how bleak finds it."""

import pytest


@pytest.fixture
def bus(tmp_path, monkeypatch):
    socket = tmp_path / "bus"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={socket}")
    return socket
