"""Gateways whose clocks are wrong: every session is where it was or between what bounds it, and as long as it was."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from msgspec import structs

from monitor_api.clock import Clocks, wall
from monitor_api.records.devices import DeviceRow, GatewayRow, MarkRow
from monitor_api.records.sessions import RecordRow, SessionRow
from monitor_api.sessions.order import started_of
from tests.monitor_api.check.line import Line, ticked_record
from tests.service import PATIENT, UID, FakeBroker, checker_of, key_of, rf_device, rf_samples, rows, worker_of
from vocabulary.instants import Known
from vocabulary.wire.batches import Body, Gap, ReportedMark, SeenAnchor, SeenClock, StoredRecord, encode_body

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
BEGAN = datetime.now(UTC).replace(microsecond=0) - 10 * DAY
"""When the device's first timeline began, and everything else."""

LASTED = 4 * MINUTE
AT_1970 = datetime(1970, 1, 1, tzinfo=UTC) - BEGAN


@dataclass
class Boot:
    """One boot of a gateway: its clock is `off` from the time."""

    number: int
    off: timedelta

    def shows(self, real):
        return real + self.off

    def compared(self, real):
        return SeenClock(boot=self.number, at=self.shows(real), service_at=real, uncertainty_s=0.1)

    def anchor(self, real, timeline=1, began=BEGAN):
        tick_s = (real - began).total_seconds()
        return SeenAnchor(device=UID, timeline=timeline, tick_s=tick_s, at=self.shows(real), uncertainty_s=0.6)

    def live(self, real, counter):
        """The samples of the first three minutes of a session that began then."""
        blocks = range(0, 180, 60)
        return [rf_samples(first, 60, counter=counter, at=self.shows(real + (first + 60) * SECOND)) for first in blocks]

    def record(self, real, counter, *, fetched=None, timeline=1, began=BEGAN):
        data = ticked_record(int((real - began).total_seconds()), timeline, counter)
        received_at = self.shows(fetched or real + LASTED)
        return StoredRecord(device=UID, family="hets/1", data=data, received_at=received_at)


class Service(Line):
    """A line whose service has a clock that the test sets."""

    def __init__(self, directory):
        super().__init__(directory)
        self.now = BEGAN
        self.stores = replace(self.stores, clocks=Clocks(civil=lambda: self.now, wall=wall))
        self.worker, self.checker = worker_of(self.stores, directory), checker_of(self.stores)

    def take(self, boot, sealed, *items, at=None):
        """Ingest what a boot sealed at a real time, at that time or a later one, and check what that makes due.

        Gives the broker with the receipt.
        """
        self.now = at or sealed
        lists = {
            name: [item for item in items if isinstance(item, kind)]
            for name, kind in {
                "clocks": SeenClock,
                "anchors": SeenAnchor,
                "records": StoredRecord,
                "marks": ReportedMark,
                "samples": type(rf_samples(0)),
            }.items()
        }
        body = Body(sealed_at=boot.shows(sealed), boot=boot.number, devices=[rf_device()], **lists)
        arrival = self.gateway.sealed(encode_body(body), next(self.gateway.numbers))
        broker = FakeBroker()
        self.worker.handle([arrival], broker, lambda _: True)
        self.check()
        return broker

    def bring_contact(self, boot, real, anchor):
        """Ingest an anchor alone, and check what that makes due."""
        self.now = real
        body = Body(sealed_at=boot.shows(real), boot=boot.number, anchors=[anchor])
        self.worker.handle([self.gateway.sealed(encode_body(body), next(self.gateway.numbers))], FakeBroker(), bool)
        self.check()

    def started(self, counter=1):
        return started_of(self.session(counter))


@pytest.fixture
def service(tmp_path):
    made = Service(tmp_path)
    yield made
    made.stores.close()


def holds(placed, real, doubt):
    """Whether a place covers the truth, and is no vaguer than this."""
    return placed.earliest <= real <= placed.latest and placed.uncertainty <= doubt


def three_sessions(boot):
    """Half an hour, a day and three days after the beginning; the gateway was offline all the time."""
    for counter, real in enumerate(STARTS, 1):
        yield from boot.live(real, counter)
        yield boot.record(real, counter)
        yield boot.anchor(real + LASTED)


STARTS = (BEGAN + 30 * MINUTE, BEGAN + DAY, BEGAN + 3 * DAY)
OFFLINE_UNTIL = BEGAN + 4 * DAY


@pytest.mark.parametrize("off", [AT_1970, -400 * DAY, 400 * DAY, 0 * DAY], ids=["1970", "behind", "ahead", "right"])
def test_a_boot_that_was_offline_and_wrong_is_put_right_by_its_first_comparison(service, off):
    boot = Boot(1, off)
    service.take(boot, BEGAN + 3 * DAY + HOUR, *three_sessions(boot), at=OFFLINE_UNTIL)
    service.take(boot, OFFLINE_UNTIL, boot.compared(OFFLINE_UNTIL))
    for counter, real in enumerate(STARTS, 1):
        assert holds(service.started(counter), real, 45 * SECOND)
        row = service.session(counter)
        assert (row.elapsed_s, row.active_s, row.dose_value, row.conflict) == (240, 240, 1800, None)
        assert row.placed_by in {Known.ANCHOR, Known.LIVE}


@pytest.mark.parametrize("off", [AT_1970, 400 * DAY], ids=["1970", "ahead"])
def test_a_boot_that_never_was_online_is_placed_by_the_ticks_of_the_next(service, off):
    lost, right = Boot(1, off), Boot(2, 0 * DAY)
    service.take(lost, BEGAN + 3 * DAY + HOUR, *three_sessions(lost), at=OFFLINE_UNTIL)
    service.take(right, OFFLINE_UNTIL, right.anchor(OFFLINE_UNTIL), right.compared(OFFLINE_UNTIL))
    assert [service.started(counter).known for counter in (1, 2, 3)] == [Known.ANCHOR] * 3
    assert all(holds(service.started(counter), real, 2 * MINUTE) for counter, real in enumerate(STARTS, 1))


@pytest.mark.parametrize("off", [AT_1970, 400 * DAY], ids=["1970", "ahead"])
def test_without_a_tick_that_outlived_it_its_sessions_lie_between_the_boots_around_it_and_in_order(service, off):
    before, lost, after = Boot(1, 0 * DAY), Boot(2, off), Boot(3, 0 * DAY)
    service.take(before, BEGAN, before.compared(BEGAN))
    service.take(after, OFFLINE_UNTIL, after.compared(OFFLINE_UNTIL), after.anchor(OFFLINE_UNTIL, timeline=2))
    service.take(lost, BEGAN + 3 * DAY + HOUR, *three_sessions(lost), at=OFFLINE_UNTIL + DAY)
    placed = [service.started(counter) for counter in (1, 2, 3)]
    assert all(holds(one, real, 13 * HOUR) for one, real in zip(placed, STARTS, strict=True))
    assert {one.known for one in placed} == {Known.BRACKET}
    assert all(one.at + LASTED <= other.at for one, other in pairwise(placed))
    assert {row.dose_value for row in rows(service.stores, SessionRow)} == {1800}


def test_what_a_later_boot_sealed_for_an_earlier_one_says_nothing_of_the_earlier_one_s_clock(service):
    before, lost, after = Boot(1, 0 * DAY), Boot(2, AT_1970), Boot(3, 0 * DAY)
    service.take(before, BEGAN, before.compared(BEGAN), before.anchor(BEGAN))
    service.take(after, OFFLINE_UNTIL, after.compared(OFFLINE_UNTIL), after.anchor(OFFLINE_UNTIL, timeline=2))
    sealed_by_the_next = OFFLINE_UNTIL - AT_1970
    service.take(lost, sealed_by_the_next, *lost.live(STARTS[1], 1), at=OFFLINE_UNTIL + DAY)
    assert holds(service.started(), STARTS[1], 3 * DAY)


def test_its_sessions_are_bracketed_again_when_the_next_boot_is_compared(service):
    lost, after = Boot(1, AT_1970), Boot(2, 400 * DAY)
    service.take(lost, BEGAN + 3 * DAY + HOUR, *three_sessions(lost), at=OFFLINE_UNTIL + 5 * DAY)
    vague = service.started(3)
    service.take(after, OFFLINE_UNTIL, at=OFFLINE_UNTIL + 5 * DAY)
    service.take(after, OFFLINE_UNTIL, after.compared(OFFLINE_UNTIL), at=OFFLINE_UNTIL + 5 * DAY)
    assert vague.latest > OFFLINE_UNTIL
    assert service.started(3).latest < OFFLINE_UNTIL


def test_a_session_of_a_lost_timeline_lies_between_two_contacts_and_its_dose_counts(service):
    boot, fetched = Boot(1, 0 * DAY), BEGAN + 5 * DAY
    service.take(boot, BEGAN + DAY, boot.anchor(BEGAN + DAY))
    unseen = boot.record(BEGAN + 3 * DAY, 1, fetched=fetched, timeline=2, began=BEGAN + 2 * DAY)
    service.take(boot, fetched, boot.anchor(fetched, timeline=3, began=BEGAN + 4 * DAY), unseen)
    placed = service.started()
    assert (placed.earliest, placed.known) == (BEGAN + DAY - 0.6 * SECOND, Known.BRACKET)
    assert fetched - LASTED <= placed.latest <= fetched
    assert service.session().dose_value == 1800


def test_a_receipt_says_what_time_the_service_has(service):
    (receipt,) = service.take(Boot(1, AT_1970), BEGAN, at=OFFLINE_UNTIL).receipts()
    assert (len(receipt.taken), receipt.at) == (1, OFFLINE_UNTIL)


def test_the_numbers_that_a_gateway_gives_to_sessions_say_nothing_of_the_order_of_its_numberings(service):
    before, lost = Boot(1, 0 * DAY), Boot(2, AT_1970)
    service.take(before, BEGAN, before.compared(BEGAN))
    for real, epoch, counter in ((STARTS[0], "a" * 16, 2), (STARTS[1], "b" * 16, 1)):
        blocks = [structs.replace(block, epoch=epoch) for block in lost.live(real, counter)]
        service.take(lost, BEGAN + 2 * DAY, *blocks, at=OFFLINE_UNTIL)
    placed = sorted((started_of(row) for row in rows(service.stores, SessionRow)), key=lambda one: one.at)
    assert all(holds(one, real, 2 * DAY) for one, real in zip(placed, STARTS, strict=False))


def test_sessions_of_a_lost_timeline_keep_the_order_in_which_the_device_counted_them(service):
    boot, fetched = Boot(1, 0 * DAY), BEGAN + 5 * DAY
    service.take(boot, BEGAN + DAY, boot.anchor(BEGAN + DAY))
    for counter in (3, 1, 2):
        unseen = boot.record(BEGAN + 3 * DAY, counter, fetched=fetched, timeline=2, began=BEGAN + 2 * DAY)
        service.take(boot, fetched, unseen)
    placed = [service.started(counter) for counter in (1, 2, 3)]
    assert all(one.earliest + LASTED <= other.earliest for one, other in pairwise(placed))
    assert all(one.latest + LASTED <= other.latest for one, other in pairwise(placed))


def test_a_later_anchor_makes_a_place_surer_and_changes_nothing_that_was_measured(service):
    boot, real = Boot(1, 0 * DAY), BEGAN + 5 * DAY
    service.take(boot, real + HOUR, *boot.live(real, 1), boot.anchor(BEGAN), boot.record(real, 1))
    vague, points = service.started(), service.stores.telemetry.series(key_of()).column("skin_celsius")
    kept = [row.data for row in rows(service.stores, RecordRow)]
    service.take(boot, real + DAY, boot.anchor(real + HOUR))
    assert holds(vague, real, 2 * MINUTE)
    assert holds(service.started(), real, 4 * SECOND)
    assert service.stores.telemetry.series(key_of()).column("skin_celsius") == points
    assert [row.data for row in rows(service.stores, RecordRow)] == kept


def test_what_a_clock_ahead_says_of_now_is_not_shown_as_of_the_future_and_holds_up_no_news(service):
    ahead, right = Boot(1, 400 * DAY), Boot(2, 0 * DAY)
    state = ReportedMark(device=UID, at=ahead.shows(BEGAN), state="ready", newest=1, timeline=1)
    service.take(ahead, BEGAN, state)
    service.take(right, BEGAN + HOUR, replace_mark(state, at=BEGAN + HOUR, state="emitting"))
    (device,), (gateway,) = rows(service.stores, DeviceRow), rows(service.stores, GatewayRow)
    assert (device.state, device.state_at, device.heard_at, gateway.heard_at) == ("emitting", *[BEGAN + HOUR] * 3)
    assert max(row.at for row in rows(service.stores, MarkRow)) == BEGAN + HOUR


def replace_mark(mark, *, at, state):
    return ReportedMark(device=mark.device, at=at, state=state, newest=mark.newest, timeline=mark.timeline)


def test_a_comparison_has_those_sessions_checked_that_it_may_move_and_no_others(service):
    boot = Boot(1, 0 * DAY)
    service.take(boot, STARTS[0] + HOUR, *boot.live(STARTS[0], 1), boot.compared(STARTS[0] + HOUR))
    service.take(boot, STARTS[1] + HOUR, *boot.live(STARTS[1], 2))
    checked_at = [service.session(counter).checked_at for counter in (1, 2)]
    service.take(boot, STARTS[2], boot.compared(STARTS[2]))
    again = [service.session(counter).checked_at for counter in (1, 2)]
    assert again[0] == checked_at[0]
    assert again[1] == STARTS[2] > checked_at[1]


@pytest.mark.parametrize("comparison_first", [True, False])
def test_a_boot_that_was_believed_is_disproved_by_the_comparison_of_the_next_in_whatever_order_they_come(
    service, comparison_first
):
    ahead, right = Boot(5, 2 * DAY), Boot(6, 0 * DAY)
    began, now = BEGAN + DAY + HOUR, BEGAN + 6 * DAY
    backlog = ahead, began + 10 * MINUTE, *ahead.live(began, 1), ahead.record(began, 1)
    compared = right, now, right.compared(BEGAN + 1.5 * DAY), right.compared(now)
    for one in (compared, backlog) if comparison_first else (backlog, compared):
        service.take(*one, at=now)
    placed = service.started()
    assert (placed.known, placed.earliest <= began <= placed.latest) == (Known.BRACKET, True)


@pytest.mark.parametrize("comparison_first", [True, False])
def test_what_only_the_ticks_of_a_disproved_boot_placed_is_placed_anew_in_whatever_order_they_come(
    service, comparison_first
):
    before, ahead, right = Boot(4, 0 * DAY), Boot(5, 2 * HOUR), Boot(6, 0 * DAY)
    began, now = BEGAN + DAY, BEGAN + 6 * DAY
    fetched = BEGAN + 2 * DAY
    service.take(before, fetched, before.record(began, 1, fetched=fetched), before.compared(fetched))
    backlog = ahead, BEGAN + 3 * DAY, ahead.anchor(BEGAN + 3 * DAY)
    compared = right, now, right.compared(BEGAN + 3 * DAY + HOUR), right.compared(now)
    for one in (compared, backlog) if comparison_first else (backlog, compared):
        service.take(*one, at=now)
    placed = service.started()
    assert (placed.known, placed.earliest <= began <= placed.latest) == (Known.BRACKET, True)


def test_a_place_that_no_longer_holds_bounds_no_neighbour(service):
    before, slow = Boot(1, 0 * DAY), Boot(3, -3 * HOUR)
    first, second, fetched = BEGAN + 13 * HOUR, BEGAN + 14 * HOUR, BEGAN + 20 * HOUR
    service.take(before, BEGAN + HOUR, before.anchor(BEGAN + HOUR), before.compared(BEGAN + HOUR))
    service.take(slow, fetched, *slow.live(second, 2))
    unseen = slow.record(first, 1, fetched=fetched, timeline=2, began=first - MINUTE)
    service.take(slow, fetched, unseen, slow.anchor(fetched, timeline=3, began=second - HOUR))
    bounded = service.started(1).latest
    service.take(slow, fetched, slow.compared(fetched))
    assert bounded < first <= service.started(1).latest < second


def test_what_a_later_boot_sealed_of_a_session_without_a_place_does_not_take_its_patient_from_it(service):
    right = Boot(1, 0 * DAY)
    lost = Gap(device=UID, counter=1, first=0, last=239)
    body = Body(sealed_at=AT_1970 + BEGAN, boot=1, devices=[rf_device()], anchors=[right.anchor(BEGAN)], gaps=[lost])
    service.now = BEGAN + HOUR
    service.worker.handle([service.gateway.sealed(encode_body(body), 1)], FakeBroker(), lambda _: True)
    service.check()
    row = service.session()
    assert (row.placed_by, row.first_heard_at, row.heard_at, row.patient_id) == (None, BEGAN, BEGAN, PATIENT)


@pytest.mark.parametrize("off", [0 * DAY, AT_1970], ids=["right", "1970"])
def test_a_contact_like_those_before_has_no_old_session_checked_again(service, off):
    boot, fetched = Boot(1, 0 * DAY), BEGAN + 2 * DAY
    service.take(boot, BEGAN, boot.anchor(BEGAN))
    unseen = boot.record(BEGAN + DAY, 1, fetched=fetched, timeline=2, began=BEGAN + DAY)
    service.take(boot, fetched, unseen, boot.anchor(fetched, timeline=3, began=fetched))
    present = Boot(2, off)
    service.take(present, fetched + 2 * DAY, present.anchor(fetched + 2 * DAY, timeline=3, began=fetched))
    checked_at = service.session().checked_at
    later = fetched + 3 * DAY
    service.bring_contact(present, later, present.anchor(later, timeline=3, began=fetched))
    assert service.started().known is Known.BRACKET
    assert service.session().checked_at == checked_at
