"""A virtual device on the air, from the side of a central that bonds with it."""

import asyncio
from datetime import timedelta
from random import Random

import pytest
from bumble.att import ATT_Error
from bumble.core import UUID, ProtocolError
from bumble.device import Peer
from bumble.gatt import Characteristic as Gatt
from bumble.pairing import PairingConfig, PairingDelegate

from firmware_bridge.virtual.air import RoomSettings
from firmware_bridge.virtual.hets.happenings import Recorded, Sampled, StateChanged
from firmware_bridge.virtual.hets.products import RF
from firmware_bridge.virtual.journal import LinkEvent
from firmware_bridge.virtual.peripheral import Peripheral
from firmware_bridge.virtual.radio import Room, make_host
from tests.firmware_bridge.hets.rig import Bench
from tests.firmware_bridge.radio.loops import in_a_loop, until
from tests.vectors import VECTORS

FEATURES, STATE, LIVE, RECORD, CONTROL = (f"e7a0000{n}-6f1c-4b0e-9d5a-3c8f1d2a7b40" for n in (2, 3, 4, 5, 6))
RACP, TIME, BATTERY = "2A52", "2BF2", "2A19"
MANUFACTURER, MODEL, SERIAL, FIRMWARE, SYSTEM_ID = "2A29", "2A24", "2A25", "2A26", "2A23"

READ_NOT_PERMITTED, WRITE_NOT_PERMITTED, INSUFFICIENT_ENCRYPTION = 0x02, 0x03, 0x0F
INVALID_LENGTH, WRONG_TIME_FORMAT, INDICATIONS_OFF, IN_PROGRESS = 0x0D, 0x81, 0xFD, 0xFE

AT_ONCE = RoomSettings(connection_interval=None, supervision_timeout=timedelta(milliseconds=60))
PACED = RoomSettings(connection_interval=timedelta(milliseconds=4), supervision_timeout=timedelta(milliseconds=60))


FAST = timedelta(milliseconds=20)


class World:
    """A device with records, a central in the same room, and what the device has told so far."""

    def __init__(self, settings=AT_ONCE, records=0, **products):
        self.bench = Bench(**products)
        for _ in range(records):
            self.bench.device.begin(0)
            self.bench.device.stop_by_user()
        self.bench.device.collect()
        self.room = Room(settings, Random(1))  # chance, not a secret
        self.host = make_host(self.room, "Mask 6677", "C0:00:00:00:00:01", advertising_interval=FAST)
        self.central = make_host(self.room, "central", "F0:00:00:00:00:01")
        self.central.pairing_config_factory = lambda _: PairingConfig(sc=True, mitm=False, bonding=True)
        self.notes, self.told = [], []
        self.on_segment = None
        self.peripheral = Peripheral(
            self.host,
            self.bench.device,
            catch_up=self.catch_up,
            noted=self.notes.append,
            segment_sent=self.segment_sent,
        )

    def catch_up(self):
        for happening in self.bench.device.collect():
            self.told.append(happening)
            self.peripheral.tell(happening)

    def segment_sent(self):
        if self.on_segment is not None:
            self.on_segment()

    def live(self, seconds):
        self.bench.wait(seconds)
        self.catch_up()

    def told_of(self, kind):
        return [happening for happening in self.told if isinstance(happening, kind)]

    async def connected(self):
        await self.peripheral.start()
        await self.central.power_on()
        return await self.reconnected()

    async def reconnected(self):
        self.link = await self.central.connect(self.host.static_address)
        self.peer = Peer(self.link)
        await self.peer.discover_all()
        return self

    async def bonded(self):
        await self.connected()
        self.peripheral.open_pairing()
        await self.link.pair()
        return self

    def value(self, uuid):
        return self.peer.get_characteristics_by_uuid(UUID(uuid))[0]

    async def read(self, uuid):
        return bytes(await self.value(uuid).read_value())

    async def write(self, uuid, request):
        await self.value(uuid).write_value(bytes.fromhex(request), with_response=True)

    async def listen(self, uuid):
        heard = asyncio.Queue()
        notified = self.value(uuid).properties & Gatt.Properties.NOTIFY
        await self.value(uuid).subscribe(lambda value: heard.put_nowait(bytes(value)), prefer_notify=bool(notified))
        return heard


async def error_of(request):
    with pytest.raises(ATT_Error) as error:
        await request
    return error.value.error_code


def all_of(queue):
    return [queue.get_nowait() for _ in range(queue.qsize())]


def put_together(segments):
    """Records out of their segments, checking that each is begun, counted and ended as the profile says."""
    records, parts = [], []
    for segment in segments:
        assert segment[0] & 1 == (not parts)
        assert segment[0] >> 2 == len(parts)
        parts.append(segment[1:])
        if segment[0] & 2:
            records.append(b"".join(parts))
            parts = []
    assert parts == []
    return records


@in_a_loop
async def test_it_advertises_the_service_and_its_name():
    world = World()
    heard = []
    world.central.on(world.central.EVENT_ADVERTISEMENT, heard.append)
    await world.peripheral.start()
    await world.central.power_on()
    await world.central.start_scanning(active=True)
    await until(lambda: any(advertisement.data.get(0x09) for advertisement in heard))
    data = heard[-1].data
    assert data.get(0x07) == [UUID("e7a00001-6f1c-4b0e-9d5a-3c8f1d2a7b40")]
    assert data.get(0x09) == "Mask 6677"


@in_a_loop
async def test_features_and_device_information_are_open_to_all():
    world = await World().connected()
    assert await world.read(FEATURES) == world.bench.device.read_features()
    assert await world.read(MANUFACTURER) == b"Lumenward"
    assert await world.read(MODEL) == b"Virtual LED mask"
    assert await world.read(SERIAL) == b"0011223344556677"
    assert await world.read(FIRMWARE) == b"2.1.0"
    assert (await world.read(SYSTEM_ID)).hex() == VECTORS["uid"]["system_id_on_the_wire"]


@in_a_loop
async def test_nothing_else_can_be_read_written_or_switched_on_without_encryption():
    world = await World().connected()
    for uuid in (STATE, TIME, BATTERY):
        assert await error_of(world.read(uuid)) == INSUFFICIENT_ENCRYPTION
    for uuid in (CONTROL, RACP, TIME):
        assert await error_of(world.write(uuid, "11")) == INSUFFICIENT_ENCRYPTION
    for uuid in (STATE, LIVE, RECORD, CONTROL, RACP):
        assert await error_of(world.listen(uuid)) == INSUFFICIENT_ENCRYPTION


@in_a_loop
async def test_a_bond_opens_everything():
    world = await World().bonded()
    assert await world.read(STATE) == world.bench.state
    assert await world.read(TIME) == world.bench.device.read_elapsed_time()
    assert await world.read(BATTERY) == bytes([world.bench.device.battery_percent])
    assert LinkEvent.BONDED in world.notes


@in_a_loop
async def test_a_bond_is_made_by_secure_connections_with_a_key_of_16_bytes():
    world = await World().bonded()
    (keys,) = world.central.keystore.all_keys.values()
    assert (world.link.sc, len(keys.ltk.value)) == (True, 16)


@in_a_loop
async def test_pairing_is_refused_while_the_window_is_closed():
    world = await World().connected()
    with pytest.raises(ProtocolError):
        await world.link.pair()
    assert await error_of(world.read(STATE)) == INSUFFICIENT_ENCRYPTION


@in_a_loop
async def test_the_window_closes_by_itself():
    world = await World().connected()
    world.peripheral.open_pairing(timedelta(milliseconds=10))
    await asyncio.sleep(0.03)
    with pytest.raises(ProtocolError):
        await world.link.pair()


@in_a_loop
async def test_the_window_closes_with_the_first_bond():
    world = await World().bonded()
    await world.link.disconnect()
    stranger = make_host(world.room, "stranger", "F0:00:00:00:00:02")
    stranger.pairing_config_factory = lambda _: PairingConfig(mitm=False, delegate=PairingDelegate())
    await stranger.power_on()
    link = await stranger.connect(world.host.static_address)
    with pytest.raises(ProtocolError):
        await link.pair()


@in_a_loop
async def test_a_bond_lasts_over_connections():
    world = await World().bonded()
    await world.link.disconnect()
    await world.reconnected()
    await world.link.encrypt()
    assert await world.read(STATE) == world.bench.state


@in_a_loop
async def test_a_central_that_pairs_the_old_way_is_hung_up_on():
    world = await World().connected()
    world.central.pairing_config_factory = lambda _: PairingConfig(sc=False, mitm=False, bonding=True)
    world.peripheral.open_pairing()
    await world.link.pair()
    await until(lambda: LinkEvent.DISCONNECTED in world.notes)
    assert LinkEvent.BONDED not in world.notes


@in_a_loop
async def test_live_frames_and_states_arrive_whole_and_in_order():
    world = await World().bonded()
    live, states = await world.listen(LIVE), await world.listen(STATE)
    world.bench.device.begin(0)
    world.live(600)
    await until(lambda: live.qsize() == 600)
    assert all_of(live) == [sample.frame for sample in world.told_of(Sampled)]
    assert all_of(states) == [changed.report.encode() for changed in world.told_of(StateChanged)]


@in_a_loop
async def test_those_who_did_not_ask_hear_nothing():
    world = await World().bonded()
    states = await world.listen(STATE)
    live = asyncio.Queue()
    world.link.gatt_client.notification_subscribers[world.value(LIVE).handle] = {live.put_nowait}
    world.bench.device.begin(0)
    world.live(3)
    await until(lambda: states.qsize() > 0)
    assert live.empty()


@in_a_loop
async def test_a_request_to_control_is_answered_by_an_indication():
    world = await World().bonded()
    answers = await world.listen(CONTROL)
    await world.write(CONTROL, "11")
    assert (await answers.get()).hex() == VECTORS["control"]["answer_stop_ok"]


@in_a_loop
async def test_a_stop_is_obeyed_though_nobody_listens_to_the_answer():
    world = await World().bonded()
    world.bench.device.begin(0)
    world.live(3)
    await world.write(CONTROL, "11")
    assert len(world.told_of(Recorded)) == 1


@in_a_loop
async def test_the_time_can_be_set_over_the_air():
    world = await World(product=RF).bonded()
    await world.write(TIME, "024e696b3000000100")
    assert (await world.read(TIME)).hex() == "224e696b30000001000000"


@in_a_loop
async def test_malformed_writes_are_refused_and_do_no_harm():
    world = await World().bonded()
    answers = await world.listen(RACP)
    assert await error_of(world.write(TIME, "00")) == INVALID_LENGTH
    assert await error_of(world.write(TIME, "024e696b3000000100")) == WRONG_TIME_FORMAT
    assert await error_of(world.write(CONTROL, "")) == INVALID_LENGTH
    assert await error_of(world.write(RACP, "")) == INVALID_LENGTH
    assert await error_of(world.write(MODEL, "41")) == WRITE_NOT_PERMITTED
    assert await error_of(world.write(LIVE, "41")) == WRITE_NOT_PERMITTED
    assert await error_of(world.read(LIVE)) == READ_NOT_PERMITTED
    await world.write(RACP, "ff" * 100)
    assert (await answers.get()).hex() == "0600ff02"
    assert await world.read(STATE) == world.bench.state


@in_a_loop
async def test_records_are_not_sent_to_those_who_cannot_hear_the_answer():
    world = await World(records=1).bonded()
    assert await error_of(world.write(RACP, "0101")) == INDICATIONS_OFF


@pytest.mark.parametrize("mtu", [23, 100, 247])
@in_a_loop
async def test_records_arrive_in_segments_that_fit_the_link(mtu):
    world = await World(records=5).bonded()
    if mtu > 23:
        await world.peer.request_mtu(mtu)
    records, answers = await world.listen(RECORD), await world.listen(RACP)
    await world.write(RACP, "010301" + "02000000")
    assert (await answers.get()).hex() == VECTORS["racp"]["answer_report_ok"]
    assert put_together(all_of(records)) == list(world.bench.device.read_records((2, 3, 4, 5)))


@in_a_loop
async def test_a_live_frame_does_not_wait_behind_a_download():
    world = await World(PACED, records=100).bonded()
    live, records, answers = await world.listen(LIVE), await world.listen(RECORD), await world.listen(RACP)
    await world.write(RACP, "0101")
    world.bench.device.begin(0)
    world.live(1)
    await live.get()
    assert records.qsize() < 100
    assert answers.empty()


@in_a_loop
async def test_a_second_request_is_refused_while_records_are_being_sent():
    world = await World(PACED, records=100).bonded()
    await world.listen(RECORD)
    await world.listen(RACP)
    await world.write(RACP, "0101")
    assert await error_of(world.write(RACP, "0401")) == IN_PROGRESS


@in_a_loop
async def test_an_abort_ends_a_download_and_is_its_only_answer():
    world = await World(PACED, records=100).bonded()
    records, answers = await world.listen(RECORD), await world.listen(RACP)
    await world.write(RACP, "0101")
    await world.write(RACP, VECTORS["racp"]["abort"])
    assert (await answers.get()).hex() == VECTORS["racp"]["answer_abort_ok"]
    sent = records.qsize()
    await asyncio.sleep(0.05)
    assert answers.empty()
    assert records.qsize() == sent < 300


@pytest.mark.parametrize("segment", [1, 2, 3, 4, 14])
@in_a_loop
async def test_a_download_cut_at_any_segment_can_be_repeated_whole(segment):
    world = await World(PACED, records=5).bonded()
    records, _ = await world.listen(RECORD), await world.listen(RACP)
    sent = []

    def cut():
        sent.append(None)
        if len(sent) == segment:
            world.room.set_in_range(world.host, in_range=False)

    world.on_segment = cut
    await world.value(RACP).write_value(bytes.fromhex("0101"))
    await until(lambda: LinkEvent.DISCONNECTED in world.notes and not world.central.connections)
    assert records.qsize() < 15
    world.on_segment = None
    world.room.set_in_range(world.host, in_range=True)
    await world.reconnected()
    await world.link.encrypt()
    records, answers = await world.listen(RECORD), await world.listen(RACP)
    await world.write(RACP, "0101")
    await answers.get()
    assert len(put_together(all_of(records))) == 5


@in_a_loop
async def test_it_advertises_again_after_a_link_was_lost():
    world = await World().connected()
    world.room.set_in_range(world.host, in_range=False)
    await until(lambda: not world.central.connections)
    world.room.set_in_range(world.host, in_range=True)
    await world.reconnected()
    assert world.notes == [LinkEvent.CONNECTED, LinkEvent.DISCONNECTED, LinkEvent.CONNECTED]


@in_a_loop
async def test_a_loss_of_power_forgets_the_link_at_once_and_the_peer_finds_out_later():
    world = await World().connected()
    world.room.set_in_range(world.host, in_range=False)
    world.peripheral.hang_up()
    await until(lambda: LinkEvent.DISCONNECTED in world.notes)
    assert world.central.connections
    await until(lambda: not world.central.connections)
