"""No test vector stands unread: each is held against code, or named here as not implemented yet."""

import re
from pathlib import Path

from tests.vectors import VECTORS

NOT_YET = {"order"}
"""Groups whose side of the device profile nobody has written: orders signed for a device."""

GIVEN = re.compile(r"""(?:VECTORS\[|vector\()"(\w+)""")
TESTS = Path(__file__).parents[1]


def readers(group):
    """The tests that take this group out of the vectors."""
    texts = (path.read_text() for path in TESTS.rglob("test_*.py"))
    return [text for text in texts if group in GIVEN.findall(text)]


def test_every_group_of_vectors_is_held_against_code_or_named_as_not_implemented():
    unread = {group for group in VECTORS if not readers(group)}
    assert unread == NOT_YET


def test_every_message_on_the_wire_or_to_a_device_is_held_against_code():
    for group in ("racp", "control", "wire"):
        text = "".join(readers(group))
        unread = {(group, key) for key in VECTORS[group] if f'"{key}"' not in text}
        derived = {("wire", "batch_key"), ("wire", "receipt_key")}  # what is sealed with them is compared
        assert unread - derived == set()
