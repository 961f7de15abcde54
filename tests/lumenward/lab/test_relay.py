"""The wire of the laboratory: joined, silent, cut, and joined again."""

import socket
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from lumenward.demo.world import free_port
from lumenward.lab.relay import Relay, Wire

MESSAGE = bytes.fromhex("320700017400070061")
PING = b"\xc0\x00"


@contextmanager
def wired():
    """A relay before a listener: both, and a way to connect to the relay."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Relay(free_port(), listener.getsockname()[1]) as relay:
        listener.settimeout(3)
        yield relay, listener


def connect(relay, listener):
    near = socket.create_connection(("127.0.0.1", relay.port), timeout=3)
    far, _ = listener.accept()
    far.settimeout(3)
    return near, far


def test_a_joined_wire_hands_everything_on_both_ways():
    with wired() as (relay, listener):
        near, far = connect(relay, listener)
        with near, far:
            near.sendall(MESSAGE)
            assert far.recv(100) == MESSAGE
            far.sendall(b"\x40\x02\x00\x07")
            assert near.recv(100) == b"\x40\x02\x00\x07"


def test_a_silent_wire_takes_everything_and_hands_it_on_when_it_is_joined():
    with wired() as (relay, listener):
        near, far = connect(relay, listener)
        with near, far:
            relay.set_wire(Wire.SILENT)
            joining = Thread(target=lambda: relay.set_wire(Wire.JOINED))
            near.sendall(MESSAGE)
            far.settimeout(0.2)
            with pytest.raises(TimeoutError):
                far.recv(100)
            far.settimeout(3)
            joining.start()
            assert far.recv(100) == MESSAGE


def test_a_cut_wire_ends_its_connections_and_takes_none():
    with wired() as (relay, listener):
        near, far = connect(relay, listener)
        with near, far:
            relay.set_wire(Wire.CUT)
            assert (near.recv(100), far.recv(100)) == (b"", b"")
        with socket.create_connection(("127.0.0.1", relay.port), timeout=3) as again:
            assert again.recv(100) == b""


def test_what_was_held_back_goes_on_when_the_mischief_is_over():
    met = Event()

    class Holding:
        def meet(self, message):
            self.held = [message]
            met.set()
            return ()

        def rest(self):
            return self.held

    with wired() as (relay, listener):
        honest, relay.mischief = relay.mischief, Holding
        near, far = connect(relay, listener)
        with near, far:
            near.sendall(MESSAGE)
            assert met.wait(3)
            relay.mischief = honest
            near.sendall(PING)
            assert far.recv(len(MESSAGE + PING), socket.MSG_WAITALL) == MESSAGE + PING
