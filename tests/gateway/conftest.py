"""Fixtures of the gateway's tests."""

import pytest


@pytest.fixture
def bus(tmp_path, monkeypatch):
    """Where the virtual org.bluez of a test is, and bleak looks for it."""
    socket = tmp_path / "bus"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={socket}")
    return socket
