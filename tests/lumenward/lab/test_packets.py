"""Messages on their way: packets are told apart however a stream is cut, and mischief is no more than it says."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, lists

from lumenward.lab.packets import Damaging, Doubling, Honesty, Shuffling, is_message, split

PING = bytes([0xC0, 0])


def message(payload: bytes) -> bytes:
    """A PUBLISH at QoS 1 to the topic "t", without properties."""
    body = b"\x00\x01t" + b"\x00\x07" + b"\x00" + payload
    length, size = b"", len(body)
    while size > 127:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return b"\x32" + length + bytes([size]) + body


PACKETS = lists(binary(max_size=300).map(message) | integers(0, 1).map(lambda _: PING), max_size=8)


@given(PACKETS, integers(0, 3000))
def test_packets_are_the_same_wherever_the_stream_is_cut(packets, cut):
    stream = b"".join(packets)
    first, left = split(stream[:cut])
    rest, nothing = split(left + stream[cut:])
    assert (first + rest, nothing) == (packets, b"")


def test_a_message_is_told_from_other_packets():
    assert is_message(message(b"x"))
    assert not is_message(PING)


def through(mischief, messages):
    return [out for one in messages for out in mischief.meet(one)] + list(mischief.rest())


MESSAGES = [message(bytes([number]) * 100) for number in range(50)]


def test_doubling_adds_copies_and_loses_nothing():
    mischief = Doubling(Random(1))
    came = Counter(through(mischief, MESSAGES))
    assert came.keys() == set(MESSAGES)
    assert 1 < max(came.values()) <= 3
    assert came.total() == len(MESSAGES) + mischief.count


def test_shuffling_changes_the_order_and_nothing_else():
    came = through(Shuffling(Random(1)), MESSAGES)
    assert came != MESSAGES
    assert sorted(came) == sorted(MESSAGES)


def test_damage_is_one_bit_of_what_was_published():
    mischief = Damaging(Random(1))
    pairs = list(zip(MESSAGES, through(mischief, MESSAGES), strict=True))
    bits = [sum((a ^ b).bit_count() for a, b in zip(sent, came, strict=True)) for sent, came in pairs]
    assert Counter(bits) == {0: len(MESSAGES) - mischief.count, 1: mischief.count}
    assert all(came.startswith(sent[:50]) for sent, came in pairs)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_does_the_same(seed):
    assert through(Damaging(Random(seed)), MESSAGES) == through(Damaging(Random(seed)), MESSAGES)


def test_an_honest_wire_changes_nothing():
    assert through(Honesty(), MESSAGES) == MESSAGES
