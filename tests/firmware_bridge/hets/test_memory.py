"""The record memory against a model: what is not acknowledged goes last, and never unnoticed."""

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import integers

from firmware_bridge.virtual.hets.memory import RecordMemory

CAPACITY = 6


def record(counter):
    return bytes((1, 0)) + counter.to_bytes(4, "little") + bytes(48) + (counter * 7).to_bytes(2, "little")


class Memory(RuleBasedStateMachine):
    """The model: all counters written, those deleted or overwritten, and the acknowledged prefix."""

    def __init__(self):
        super().__init__()
        self.memory = RecordMemory(capacity=CAPACITY)
        self.written = 0
        self.kept = []
        self.acknowledged = 0
        self.lost = []

    @rule()
    def store(self):
        self.written += 1
        if len(self.kept) == CAPACITY:
            gone = self.kept.pop(0)
            if gone > self.acknowledged:
                self.lost.append(gone)
        self.kept.append(self.written)
        self.memory.store(record(self.written))

    @rule(upto=integers(0, 40))
    def acknowledge(self, upto):
        newest = self.kept[-1] if self.kept else 0
        assert self.memory.acknowledge(upto) == (upto <= newest)
        if upto <= newest:
            self.acknowledged = max(self.acknowledged, upto)
            self.lost = []

    @rule(upto=integers(0, 40))
    def delete(self, upto):
        doomed = [counter for counter in self.kept if counter <= upto]
        allowed = all(counter <= self.acknowledged for counter in doomed)
        assert self.memory.delete(doomed) == allowed
        if allowed:
            self.kept = [counter for counter in self.kept if counter not in doomed]

    @invariant()
    def it_holds_what_the_model_holds(self):
        assert list(self.memory.stored) == self.kept

    @invariant()
    def it_says_when_it_overwrote_what_nobody_had(self):
        assert self.memory.overwrote == bool(self.lost)

    @invariant()
    def its_ends_are_those_of_the_model(self):
        expected = (self.kept[0], self.kept[-1]) if self.kept else (0, 0)
        assert (self.memory.oldest, self.memory.newest) == expected


class TestMemory(Memory.TestCase):
    settings = settings(max_examples=60, stateful_step_count=40)


def test_64_unacknowledged_records_are_kept():
    memory = RecordMemory(capacity=64)
    for counter in range(1, 65):
        memory.store(record(counter))
    assert (memory.oldest, memory.overwrote) == (1, False)
