"""A device at a real broker, whose time passes when a test says so, and a gateway that hears all it says."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from firmware_bridge.virtual.definitions import Wifi
from firmware_bridge.virtual.hets.device import VirtualDevice
from firmware_bridge.virtual.hets.products import MASK
from firmware_bridge.virtual.wifi.station import Pace, Station
from tests.firmware_bridge.hets.rig import SteadySkin, seconds
from tests.firmware_bridge.radio.loops import until

GATEWAY, PASSWORD = "gw-01", "secret"
PACE = Pace(resend=timedelta(seconds=60), reconnect=timedelta(milliseconds=50), will_delay=timedelta(seconds=1))


@dataclass(frozen=True)
class Heard:
    """A message as the gateway got it."""

    kind: str
    body: dict
    qos: int
    retained: bool
    properties: dict

    @property
    def told(self):
        return dict(self.properties.get("UserProperty", ()))

    @property
    def seq(self):
        return int(self.told["seq"])


class Gateway:
    """A client of the broker that hears one device, from the loop's thread on."""

    def __init__(self, broker, uid, client_id=GATEWAY):
        self.uid, self.heard, self._loop = uid, [], asyncio.get_running_loop()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(GATEWAY, PASSWORD)
        self._client.on_message = lambda _c, _d, message: self._loop.call_soon_threadsafe(self._hear, message)
        subscribed = asyncio.Event()
        self._client.on_subscribe = lambda *_: self._loop.call_soon_threadsafe(subscribed.set)
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe(f"het/v1/dev/{uid}/#", qos=1)
        self._client.loop_start()
        self.subscribed = subscribed

    def _hear(self, message):
        kind = message.topic.rpartition("/")[2]
        if "/cmd/" not in message.topic and kind != "ack":
            body, properties = json.loads(message.payload), message.properties.json()
            self.heard.append(Heard(kind, body, message.qos, message.retain, properties))

    def of(self, kind):
        return [message for message in self.heard if message.kind == kind]

    def bodies(self, kind):
        return [message.body for message in self.of(kind)]

    def say(self, topic, body, *, retain=False, **properties):
        told = Properties(PacketTypes.PUBLISH)
        for name, value in properties.items():
            setattr(told, name, value)
        self._client.publish(f"het/v1/dev/{self.uid}/{topic}", json.dumps(body), 1, retain, told)

    def acknowledge(self, upto):
        self.say("ack", {"upto": upto})

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


class World:
    """A mask on steady skin with a station at a broker's port."""

    def __init__(self, port, uid, pace=PACE):
        self.device = VirtualDevice(MASK, uid, SteadySkin(), Random(7))
        self.device.power_on()
        self.device.collect()
        self.noted = []
        wifi = Wifi(host="127.0.0.1", port=port, password=PASSWORD)
        self.station = Station(self.device, wifi, catch_up=self.tell, noted=self.noted.append, pace=pace)

    def tell(self):
        for happening in self.device.collect():
            self.station.tell(happening)

    def wait(self, count):
        self.device.advance(self.device.now + seconds(count))
        self.tell()

    def begin(self):
        self.device.begin(0)
        self.tell()

    def session(self, lasting_s):
        self.begin()
        self.wait(lasting_s)
        self.device.stop_by_user()
        self.tell()

    def cut(self):
        self.station.vanish()


class FollowedWorld(World):
    """One with a gateway that hears what the device says."""

    def __init__(self, broker, uid, pace):
        super().__init__(broker.port, uid, pace)
        self.gateway = Gateway(broker, uid)

    async def connected(self, times=1):
        """Wait for a birth: `info` and `state` for the so-and-so-many-th time."""
        await until(lambda: len(self.gateway.of("info")) >= times and self.gateway.of("state"))


@asynccontextmanager
async def world_at(broker, uid, *, pace=PACE, before=lambda _: None):
    """A world whose device looks for the broker once `before` was done to it."""
    world = FollowedWorld(broker, uid, pace)
    try:
        await asyncio.wait_for(world.gateway.subscribed.wait(), 5)
        before(world)
        await world.station.start(audible=True)
        yield world
    finally:
        await world.station.stop()
        world.gateway.close()
