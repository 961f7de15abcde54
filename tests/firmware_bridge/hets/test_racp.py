"""RACP: the vectors, every way to ask wrongly, and for any request exactly the records it names."""

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, sets

from firmware_bridge.virtual.hets.memory import RecordMemory
from firmware_bridge.virtual.hets.racp import respond
from tests.vectors import VECTORS

RACP = VECTORS["racp"]
COUNTERS = sets(integers(1, 50), max_size=20)
BOUNDS = integers(0, 60)


def memory_of(counters, acknowledged=0):
    stored = {counter: counter.to_bytes(56, "big") for counter in sorted(counters)}
    return RecordMemory(capacity=64, stored=stored, acknowledged=acknowledged)


def asked(request, counters=(40, 41, 42, 43, 44), acknowledged=0):
    return respond(bytes.fromhex(request), memory_of(counters, acknowledged))


def u32(number):
    return number.to_bytes(4, "little").hex()


def test_a_report_from_a_counter_on_is_asked_and_answered_as_in_the_vectors():
    answer = asked(RACP["report_from_43"])
    assert (answer.counters, answer.indication.hex()) == ((43, 44), RACP["answer_report_ok"])


def test_a_count_is_asked_and_answered_as_in_the_vectors():
    assert asked(RACP["count_all"]).indication.hex() == RACP["answer_count_5"]


def test_no_records_are_answered_as_in_the_vectors():
    assert asked(RACP["report_from_43"], counters=()).indication.hex() == RACP["answer_no_records"]


def test_an_abort_is_asked_and_answered_as_in_the_vectors():
    assert asked(RACP["abort"]).indication.hex() == RACP["answer_abort_ok"]


def test_the_unacknowledged_are_not_deleted_and_the_answer_is_that_of_the_vectors():
    memory = memory_of((40, 41, 42), acknowledged=41)
    answer = respond(bytes.fromhex("0201"), memory)
    assert (answer.indication.hex(), list(memory.stored)) == (
        RACP["delete_unacknowledged_answer"],
        [40, 41, 42],
    )


def test_the_acknowledged_are_deleted():
    memory = memory_of((40, 41, 42), acknowledged=41)
    answer = respond(bytes.fromhex("020201") + (41).to_bytes(4, "little"), memory)
    assert (answer.indication.hex(), list(memory.stored)) == ("06000201", [42])


def test_deleting_nothing_says_so():
    assert asked("0201", counters=()).indication.hex() == "06000206"


@pytest.mark.parametrize(("operator", "expected"), [("05", (40,)), ("06", (44,))])
def test_first_and_last_give_one_record(operator, expected):
    assert asked("01" + operator).counters == expected


@pytest.mark.parametrize(
    ("wrong", "request_", "code"),
    [
        ("an unknown procedure", "0901", "02"),
        ("the answer of another", "0601", "02"),
        ("no operator", "01", "03"),
        ("the null operator", "0100", "03"),
        ("an abort with an operator", "0301", "03"),
        ("an abort without operator", "03", "03"),
        ("an abort with an operand", "030001", "05"),
        ("an unknown operator", "0107", "04"),
        ("an operand too many", "01012a", "05"),
        ("no filter", "0103", "05"),
        ("another filter", "0103022b000000", "09"),
        ("half an operand", "0103012b00", "05"),
        ("one bound of a range", "0104012b000000", "05"),
        ("a range upside down", "0104012b0000002a000000", "05"),
    ],
)
def test_a_wrong_request_is_answered_by_its_code(wrong, request_, code):
    del wrong
    procedure = request_[:2]
    assert asked(request_).indication.hex() == f"0600{procedure}{code}"


@given(counters=COUNTERS, bound=BOUNDS)
def test_at_least_gives_exactly_those_counters_in_order(counters, bound):
    expected = tuple(sorted(counter for counter in counters if counter >= bound))
    assert asked(f"010301{u32(bound)}", counters).counters == expected


@given(counters=COUNTERS, bound=BOUNDS)
def test_at_most_gives_exactly_those_counters_in_order(counters, bound):
    expected = tuple(sorted(counter for counter in counters if counter <= bound))
    assert asked(f"010201{u32(bound)}", counters).counters == expected


@given(counters=COUNTERS, low=BOUNDS, span=integers(0, 30))
def test_a_range_gives_exactly_those_counters_in_order(counters, low, span):
    expected = tuple(sorted(counter for counter in counters if low <= counter <= low + span))
    assert asked(f"010401{u32(low)}{u32(low + span)}", counters).counters == expected


@given(counters=COUNTERS, low=BOUNDS, span=integers(0, 30))
def test_a_count_is_the_length_of_the_report(counters, low, span):
    selection = f"0401{u32(low)}{u32(low + span)}"
    counted = asked(f"04{selection}", counters).indication
    assert int.from_bytes(counted[2:], "little") == len(asked(f"01{selection}", counters).counters)


@given(request_=binary(min_size=1, max_size=20))
def test_any_bytes_are_answered_and_delete_nothing_unacknowledged(request_):
    memory = memory_of(range(1, 10), acknowledged=4)
    answer = respond(request_, memory)
    assert len(answer.indication) == 4
    assert set(range(5, 10)) <= set(memory.stored)
