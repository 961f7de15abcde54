"""Rounds of records: what lies between two that read, with nothing lost, has the counters in between."""

from gateway.mqtt.rounds import Round

NEWEST = 9


def placed(*records, oldest=1):
    """Counters that read, `None` for what does not, and what each that reads gives to those before it."""
    one, found = Round(), []
    for counter in records:
        if counter is None:
            one.unread(oldest, NEWEST, 0)
        else:
            found += one.read(counter, 0)
    return found


def test_what_lies_between_two_records_is_placed_there():
    assert placed(1, None, None, 4) == [2, 3]


def test_what_comes_first_in_a_round_begins_at_the_oldest():
    assert placed(None, 5, oldest=4) == [4]
    assert placed(8, 9, None, 5, oldest=4) == [4]


def test_a_record_too_few_or_too_many_places_nothing():
    assert placed(1, None, 4) == []
    assert placed(1, None, None, 3) == []


def test_what_was_heard_before_a_lost_message_places_nothing():
    one = Round()
    one.read(1, lost=0)
    one.unread(1, NEWEST, lost=0)
    assert list(one.read(3, lost=1)) == []
