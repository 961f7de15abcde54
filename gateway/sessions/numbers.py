"""Numbers that come with their low 16 bits only, made whole."""

_WRAP = 0x10000


def whole_sequence(low: int, expected: int) -> int:
    """The sample number with these low 16 bits that is nearest to the expected one, and not below zero."""
    forward = (low - expected) % _WRAP
    number = expected + forward if forward < _WRAP // 2 else expected + forward - _WRAP
    return number if number >= 0 else number + _WRAP


def whole_counter(low: int, newest: int) -> int:
    """The session counter with these low 16 bits that is the newest record's, or the next one after it.

    Counters begin at 1 and only rise, and a running session's counter is above that of every record.
    """
    lowest = max(newest, 1)
    return lowest + (low - lowest) % _WRAP
