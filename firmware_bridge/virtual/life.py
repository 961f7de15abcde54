"""One device and the person who uses it: the script is carried out, the seconds pass, the journal is written."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, Protocol

from firmware_bridge.virtual.definitions import DeviceDefinition
from firmware_bridge.virtual.hets.clock import SECOND
from firmware_bridge.virtual.hets.codes import Modality, State, TimeFlag, TimeSource, bits
from firmware_bridge.virtual.hets.device import VirtualDevice
from firmware_bridge.virtual.hets.happenings import Happening
from firmware_bridge.virtual.journal import Journal, LinkEvent
from firmware_bridge.virtual.people import Act, Begin, Deed
from firmware_bridge.virtual.physics.mask import MaskPhysics
from firmware_bridge.virtual.physics.rf_head import RfPhysics
from firmware_bridge.virtual.physics.sensing import Physics

Now = Callable[[], datetime]

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_PHYSICS: Final[dict[Modality, Callable[[Random], Physics]]] = {Modality.LED: MaskPhysics, Modality.RF: RfPhysics}
_INSTANT: Final = timedelta(microseconds=1)


class Radio(Protocol):
    """What a life does to its device's radio, once there is one."""

    def is_followed(self) -> bool:
        """Whether somebody listens to live frames."""
        ...

    def tell(self, happening: Happening) -> None:
        """Notify whoever listens."""
        ...

    def open_pairing(self) -> None:
        """Accept a pairing for a while."""
        ...

    def appear(self) -> None:
        """Be heard."""
        ...

    def vanish(self) -> None:
        """Be heard no more."""
        ...

    def die(self) -> None:
        """Be heard no more, and know nothing of any link."""
        ...


class Life:
    """A device from its first power-on, which is when its script begins.

    `began` is the civil time of the scenario's start, `now` the real time. It needs no radio: `radio` is set once
    there is one, and history is lived without.
    """

    def __init__(self, definition: DeviceDefinition, began: datetime, now: Now) -> None:
        product = definition.made_as
        physics = _PHYSICS[product.modality](_chance(definition, "physics"))
        self.device = VirtualDevice(product, definition.uid, physics, _chance(definition, "device"))
        self.radio: Radio | None = None
        self.in_range = True
        self._journal = Journal(definition.journal, now)
        self._steps = deque(sorted(definition.script, key=lambda step: step.at))
        self._began = began
        self._born = began + min([timedelta(0), *(step.at for step in self._steps)])
        self.device.power_on()
        if definition.clock_is_set:
            self.device.write_elapsed_time(_utc(self._born))

    @property
    def is_audible(self) -> bool:
        """Whether anybody could hear the device's radio."""
        return self.in_range and self.device.state is not State.OFF

    @property
    def due(self) -> datetime:
        """The civil time at which something happens next, or may."""
        dues = [self._civil(self.device.next_second_at)]
        if self._steps:
            dues.append(self._began + self._steps[0].at)
        return min(dues)

    def relive(self) -> None:
        """Live the history: all that lies before the start of the scenario."""
        self.live(self._began - _INSTANT)

    def live(self, until: datetime) -> None:
        """Do what is due, and let time pass, up to a civil time."""
        while self._steps and self._began + self._steps[0].at <= until:
            if self._must_wait():
                self._began = until - self._steps[0].at
                break
            step = self._steps.popleft()
            self._pass(self._began + step.at)
            self._do(step.act)
            self._tell()
        self._pass(until)

    def _must_wait(self) -> bool:
        followed = self.radio is not None and self.radio.is_followed()
        return self._steps[0].act is Deed.WAIT_UNTIL_FOLLOWED and not followed

    def note(self, event: LinkEvent) -> None:
        """Write in the journal what happened to the radio."""
        self._journal.note_link(event, self._civil(self.device.now))

    def close(self) -> None:
        """End the journal."""
        self._journal.close()

    def _pass(self, until: datetime) -> None:
        self.device.advance(until - self._born)
        self._tell()

    def _tell(self) -> None:
        for happening in self.device.collect():
            self._journal.write(happening, self._civil(happening.at))
            if self.radio is not None:
                self.radio.tell(happening)

    def _do(self, act: Act) -> None:
        if isinstance(act, Begin):
            self.device.begin(act.program)
        else:
            _DEEDS[act](self)

    def _civil(self, at: timedelta) -> datetime:
        return self._born + at


def _chance(definition: DeviceDefinition, of: str) -> Random:
    return Random(f"{definition.seed} {definition.uid} {of}")  # noqa: S311  # chance, not a secret


def _utc(at: datetime) -> bytes:
    seconds = (at - _EPOCH) // SECOND
    return bytes((bits((TimeFlag.UTC,)), *seconds.to_bytes(6, "little"), TimeSource.NETWORK, 0))


def _put_on(life: Life) -> None:
    life.device.physics.handling.on_skin = True


def _take_off(life: Life) -> None:
    life.device.physics.handling.on_skin = life.device.physics.handling.held_still = False


def _gel_dries(life: Life) -> None:
    life.device.physics.handling.gel_dry = True


def _gel_renewed(life: Life) -> None:
    life.device.physics.handling.gel_dry = False


def _head_stalls(life: Life) -> None:
    life.device.physics.handling.held_still = True


def _cut_off_fails(life: Life) -> None:
    life.device.watch.cut_off_works = False
    _head_stalls(life)


def _remote_stop_fails(life: Life) -> None:
    life.device.watch.remote_stop_works = False


def _out_of_range(life: Life) -> None:
    life.in_range = False
    life.note(LinkEvent.OUT_OF_RANGE)
    if life.radio is not None:
        life.radio.vanish()


def _into_range(life: Life) -> None:
    life.in_range = True
    life.note(LinkEvent.IN_RANGE)
    if life.radio is not None and life.is_audible:
        life.radio.appear()


def _power_lost(life: Life) -> None:
    life.device.power_off()
    if life.radio is not None:
        life.radio.die()


def _power_back(life: Life) -> None:
    life.device.power_on()
    if life.radio is not None and life.is_audible:
        life.radio.appear()


def _open_pairing(life: Life) -> None:
    if life.radio is not None and life.device.state is not State.OFF:
        life.radio.open_pairing()


_DEEDS: Final[dict[Deed, Callable[[Life], None]]] = {
    Deed.STOP: lambda life: life.device.stop_by_user(),
    Deed.PUT_ON: _put_on,
    Deed.TAKE_OFF: _take_off,
    Deed.GEL_DRIES: _gel_dries,
    Deed.GEL_RENEWED: _gel_renewed,
    Deed.HEAD_STALLS: _head_stalls,
    Deed.CUT_OFF_FAILS: _cut_off_fails,
    Deed.REMOTE_STOP_FAILS: _remote_stop_fails,
    Deed.OUT_OF_RANGE: _out_of_range,
    Deed.IN_RANGE: _into_range,
    Deed.POWER_LOST: _power_lost,
    Deed.POWER_BACK: _power_back,
    Deed.OPEN_PAIRING: _open_pairing,
    Deed.WAIT_UNTIL_FOLLOWED: lambda _: None,
}
