"""What the answer to a time command says: which moment a device's tick was."""

from datetime import datetime

from device_drivers.hets import messages
from gateway.mqtt.commands import Answered
from vocabulary.instants import Anchor, Tick


def anchored(asked_at: datetime, answered: Answered) -> Anchor | None:
    """The tick was read between question and answer, and the true one lies up to a step later.

    None from a device that gives none, and when the gateway's clock was set back meanwhile. Raises FrameRefused.
    """
    arrived = answered.arrived
    if answered.answer.result != messages.OK or arrived.at < asked_at:
        return None
    read = messages.read_tick(arrived.payload)
    half, middle = (arrived.at - asked_at) / 2, read.tick.since_start + read.step / 2
    tick = Tick(timeline=read.tick.timeline, since_start=middle)
    return Anchor(tick=tick, at=asked_at + half, uncertainty=half + read.step / 2)
