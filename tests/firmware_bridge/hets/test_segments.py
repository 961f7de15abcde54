"""Segmentation: whatever the message and the MTU, it can be put together again."""

from hypothesis import given
from hypothesis.strategies import binary, integers

from firmware_bridge.virtual.hets.segments import segments

MTUS = integers(5, 517)


@given(message=binary(max_size=600), mtu=MTUS)
def test_the_segments_of_a_message_carry_it_whole_and_in_order(message, mtu):
    assert b"".join(segment[1:] for segment in segments(message, mtu)) == message


@given(message=binary(max_size=600), mtu=MTUS)
def test_no_segment_is_longer_than_a_notification(message, mtu):
    assert all(len(segment) <= mtu - 3 for segment in segments(message, mtu))


@given(message=binary(max_size=600), mtu=MTUS)
def test_only_the_first_segment_says_first_and_only_the_last_says_last(message, mtu):
    headers = [segment[0] for segment in segments(message, mtu)]
    assert [header & 1 for header in headers] == [1] + [0] * (len(headers) - 1)
    assert [header >> 1 & 1 for header in headers] == [0] * (len(headers) - 1) + [1]


def test_segments_are_counted_from_0_in_six_bits():
    assert [segment[0] >> 2 for segment in segments(bytes(130), mtu=5)] == [*range(64), *range(64), 0, 1]
