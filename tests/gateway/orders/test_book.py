"""The book of orders: what opens is on disk before it counts, and what does not open changes nothing."""

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs

from gateway.orders.state import DEVICES, STOPS
from tests.firmware_bridge.radio.loops import in_a_loop
from tests.gateway.commands import NOON, UID
from tests.gateway.orders.sealing import GATEWAY, KEY, book, desired, sealed, stop, wish
from vocabulary.errors import BodyError, EnvelopeError, SealError, WireError
from vocabulary.identity import DeviceUid, GatewayId
from vocabulary.wire.batches import OrderOutcome
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.orders import Hold, OrderHeader, seal_order_text
from vocabulary.wire.topics import order_topic

MINUTE = timedelta(minutes=1)
HOLD = desired(hold=Hold())


@in_a_loop
async def test_what_is_wanted_of_a_device_outlives_the_process(tmp_path):
    await book(tmp_path).take(sealed(HOLD))
    assert book(tmp_path).hold(UID) == Hold()


@in_a_loop
async def test_an_order_that_was_taken_cannot_be_played_again_not_even_after_a_restart(tmp_path):
    held, lifted = sealed(HOLD, number=5), sealed(desired(2), number=6)
    first = book(tmp_path)
    await first.take(held)
    await first.take(lifted)
    for one in (first, book(tmp_path)):
        for again in (held, lifted):
            with pytest.raises(EnvelopeError, match="was taken already"):
                await one.take(again)
        assert one.hold(UID) is None


@in_a_loop
async def test_no_order_with_any_byte_changed_has_any_effect(tmp_path):
    orders, real = book(tmp_path), sealed(HOLD)
    for place in range(len(real)):
        for flipped in {1 << bit for bit in range(8)} | {0xFF}:
            forged = real[:place] + bytes([real[place] ^ flipped]) + real[place + 1 :]
            with pytest.raises(WireError):
                await orders.take(forged)
    assert (orders.hold(UID), list(tmp_path.iterdir())) == (None, [])
    assert (await orders.take(real)).is_news


@in_a_loop
async def test_no_part_of_an_order_and_nothing_longer_has_any_effect(tmp_path):
    orders, real = book(tmp_path), sealed(HOLD)
    for wrong in (*(real[:length] for length in range(len(real))), real + b"\0", real + bytes(20_000)):
        with pytest.raises(WireError):
            await orders.take(wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("foreign", "refusal"),
    [
        ({"gateway": GatewayId("gw-02")}, SealError),
        ({"key": GatewayKey(7, bytes(32))}, SealError),
        ({"key": GatewayKey(8, KEY.secret)}, EnvelopeError),
        ({"number": 0}, EnvelopeError),
    ],
)
@in_a_loop
async def test_an_order_for_another_gateway_or_under_another_key_is_refused(tmp_path, foreign, refusal):
    with pytest.raises(refusal):
        await book(tmp_path).take(sealed(HOLD, **foreign))


@in_a_loop
async def test_an_order_of_another_wire_version_is_refused(tmp_path):
    real = sealed(HOLD)
    with pytest.raises(EnvelopeError, match="version"):
        await book(tmp_path).take(b"\x02" + real[1:])


@in_a_loop
async def test_an_order_that_nobody_here_understands_is_refused(tmp_path):
    header = OrderHeader(key_id=KEY.id, number=3)
    text = b'{"kind":"dance","device":"0011223344556677"}'
    unheard_of = seal_order_text(text, header, KEY.order_cipher(), order_topic(GATEWAY), nonce=bytes(12))
    with pytest.raises(BodyError):
        await book(tmp_path).take(unheard_of)


@in_a_loop
async def test_a_revision_that_is_not_above_the_one_known_changes_nothing_and_is_taken_only_if_it_is_the_same_wish(
    tmp_path,
):
    orders = book(tmp_path)
    await orders.take(sealed(desired(7, hold=Hold())))
    for known, outcome in (
        (desired(7), OrderOutcome.TAKEN),
        (desired(6), OrderOutcome.REFUSED),
        (structs.replace(desired(7), wish=wish(1)), OrderOutcome.REFUSED),
    ):
        taken = await orders.take(sealed(known))
        assert (taken.is_news, taken.outcome) == (False, outcome)
        assert bool(taken.detail) == (outcome is OrderOutcome.REFUSED)
    assert orders.hold(UID) == Hold()


@in_a_loop
async def test_a_stop_that_was_settled_is_not_news_after_a_restart_either(tmp_path):
    order, orders = stop(NOON + MINUTE), book(tmp_path)
    assert (await orders.take(sealed(order))).is_news
    await orders.settle(order, OrderOutcome.DONE)
    again = await book(tmp_path).take(sealed(order))
    assert (again.is_news, again.outcome) == (False, OrderOutcome.DONE)


@in_a_loop
async def test_what_is_not_settled_is_pending_after_a_restart(tmp_path):
    orders, settled = book(tmp_path), stop(NOON + MINUTE)
    for order in (settled, stop(NOON + MINUTE, number=2), HOLD):
        await orders.take(sealed(order))
    await orders.settle(settled, OrderOutcome.DONE)
    assert {order.wish for order in book(tmp_path).pending} == {wish(2), HOLD.wish}


@in_a_loop
async def test_a_hold_is_in_force_until_its_time_is_over(tmp_path):
    now = [NOON]
    orders = book(tmp_path, now=lambda: now[0])
    await orders.take(sealed(desired(hold=Hold(until=NOON + MINUTE))))
    assert orders.hold(UID) is not None
    now[0] = NOON + MINUTE
    assert orders.hold(UID) is None


@in_a_loop
async def test_a_file_that_does_not_read_is_set_aside_and_the_service_can_fill_it_again(tmp_path):
    await book(tmp_path).take(sealed(HOLD))
    (tmp_path / "orders").write_bytes(b"\x93\x01")
    orders = book(tmp_path)
    assert orders.hold(UID) is None
    assert (tmp_path / "orders.damaged").read_bytes() == b"\x93\x01"
    await orders.take(sealed(HOLD))
    assert book(tmp_path).hold(UID) == Hold()


@in_a_loop
async def test_after_a_damage_no_order_but_the_last_can_be_played_again(tmp_path):
    held, lifted = sealed(desired(1, hold=Hold()), number=5), sealed(desired(2), number=6)
    for order in (held, lifted):
        await book(tmp_path).take(order)
    (tmp_path / "orders").write_bytes(b"\x93\x01")
    orders = book(tmp_path)
    with pytest.raises(EnvelopeError, match="was taken already"):
        await orders.take(held)
    assert orders.hold(UID) == Hold()
    await orders.take(lifted)
    assert book(tmp_path).hold(UID) is None


@in_a_loop
async def test_two_files_that_do_not_read_are_both_set_aside(tmp_path):
    for number in (1, 2):
        await book(tmp_path).take(sealed(desired(number)))
    for name in ("orders", "orders.before"):
        (tmp_path / name).write_bytes(name.encode())
    assert not book(tmp_path).pending
    assert (tmp_path / "orders.damaged").read_bytes() == b"orders"
    assert (tmp_path / "orders.before.damaged").read_bytes() == b"orders.before"


@in_a_loop
async def test_a_write_that_was_cut_short_between_the_two_files_leaves_what_was_there(tmp_path):
    await book(tmp_path).take(sealed(HOLD))
    (tmp_path / "orders").replace(tmp_path / "orders.before")
    assert book(tmp_path).hold(UID) == Hold()


@in_a_loop
async def test_a_write_that_was_cut_short_leaves_what_was_there(tmp_path):
    await book(tmp_path).take(sealed(HOLD))
    (tmp_path / "orders.new").write_bytes((tmp_path / "orders").read_bytes()[:-5])
    assert book(tmp_path).hold(UID) == Hold()


@in_a_loop
async def test_nothing_counts_before_the_disk_has_it_and_all_does_once_it_has(tmp_path):
    (tmp_path / "orders.new").mkdir()  # cannot be written to
    orders = book(tmp_path)
    taking = asyncio.ensure_future(orders.take(sealed(HOLD)))
    await asyncio.wait([taking], timeout=0.1)
    assert (taking.done(), orders.hold(UID)) == (False, None)
    (tmp_path / "orders.new").rmdir()
    assert (await taking).is_news
    assert book(tmp_path).hold(UID) == Hold()


@in_a_loop
async def test_the_state_of_so_many_devices_is_kept_and_no_more(tmp_path):
    orders = book(tmp_path)
    for number in range(DEVICES):
        await orders.take(sealed(desired(device=DeviceUid(f"{number:016x}"))))
    refused = await orders.take(sealed(desired(device=DeviceUid(f"{DEVICES:016x}"))))
    assert (refused.is_news, refused.outcome) == (False, OrderOutcome.REFUSED)
    assert (await orders.take(sealed(desired(2, device=DeviceUid(f"{1:016x}"))))).is_news


@in_a_loop
async def test_the_oldest_stops_are_forgotten(tmp_path):
    orders = book(tmp_path)
    for number in range(STOPS + 5):
        await orders.take(sealed(stop(NOON + MINUTE, number=number)))
    assert {order.wish for order in orders.pending} == {wish(number) for number in range(5, STOPS + 5)}
