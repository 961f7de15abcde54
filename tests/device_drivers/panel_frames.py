"""Frames of a panel made by hand for tests, and streams of them."""

import json
from pathlib import Path

from hypothesis import strategies as st

VECTORS = json.loads((Path(__file__).parents[1] / "blockbluelight-vectors.json").read_text())
REQUESTS = {name: bytes.fromhex(text) for name, text in VECTORS["requests"].items()}
REPLIES = {name: bytes.fromhex(text) for name, text in VECTORS["replies"].items()}


def reply(command: int, payload: bytes) -> bytes:
    octets = bytes([1, command, 0, len(payload)]) + payload
    return b"\x2a" + octets + bytes([sum(octets) % 256, 0x0A])


def status_reply(on: int, initial_s: int, remaining_s: int) -> bytes:
    return reply(0x10, bytes([on]) + initial_s.to_bytes(2, "big") + remaining_s.to_bytes(2, "big"))


def brightness_reply(*percent: int) -> bytes:
    return reply(0x40, bytes([*percent, 0, 0]))


replies = st.builds(reply, st.integers(0, 255), st.binary(max_size=9))
