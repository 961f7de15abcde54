"""The virtual device: what happens to it in time, by its buttons, by its power and by requests over the air.

Rules it keeps (device profile, Sync and Enforcement):
- the counter is stored before emission begins, and never lowered;
- every whole second of a session is one sample, listened to or not, paused or not;
- a loss of power leaves a record, written when power is back, and the next session says that it continues it;
- stop always works, and voids a press; a remote start takes a press within 30 s, one for each start.
"""

from datetime import timedelta
from random import Random
from typing import Final

from firmware_bridge.virtual.errors import RefusedWriteError
from firmware_bridge.virtual.hets import lockouts
from firmware_bridge.virtual.hets.clock import INCORRECT_TIME_FORMAT, SECOND, DeviceClock, Tick, setting_from
from firmware_bridge.virtual.hets.codes import EndReason, Fault, Feature, Result, State
from firmware_bridge.virtual.hets.emission import Emission
from firmware_bridge.virtual.hets.happenings import (
    Began,
    Ended,
    Happening,
    PowerChanged,
    Pressed,
    Recorded,
    Refused,
    Sampled,
    StateChanged,
)
from firmware_bridge.virtual.hets.layouts import Features, StateReport
from firmware_bridge.virtual.hets.memory import NonVolatile, RecordMemory
from firmware_bridge.virtual.hets.moves import MOVES, Event
from firmware_bridge.virtual.hets.products import Product, Program
from firmware_bridge.virtual.hets.session import Session
from firmware_bridge.virtual.hets.waiting import CoolDown
from firmware_bridge.virtual.hets.watch import Watch
from firmware_bridge.virtual.physics.battery import Battery
from firmware_bridge.virtual.physics.sensing import Physics
from vocabulary.identity import DeviceUid

PRESS_LASTS: Final = timedelta(seconds=30)
_OFF: Final = DeviceClock(began=timedelta(0), timeline=0, settable=False)


class VirtualDevice:
    """One device, from its first power-on; `now` is the time since then.

    It starts without power. Whatever happens to it is told in order by `collect`.
    """

    def __init__(self, product: Product, uid: DeviceUid, physics: Physics, random: Random) -> None:
        limits = product.limits
        tolerance = limits.cut_off_tolerance_celsius
        self.product, self.uid, self.physics = product, uid, physics
        self.now = timedelta(0)
        self.state = State.OFF
        self.memory = NonVolatile(records=RecordMemory(capacity=product.max_records))
        self.watch = Watch(limits, limits.cut_off_celsius + random.uniform(-tolerance, tolerance))
        self._random = random
        self._battery = Battery(random.uniform(0.85, 1.0))
        self._emission = Emission(product, physics, self.memory, self._battery, self.watch)
        self._clock = _OFF
        self._cool_down = CoolDown(self.memory, self.now)
        self._pressed_at: timedelta | None = None
        self._next_sample_at = self.now
        self._reported: StateReport | None = None
        self._happened: list[Happening] = []

    def collect(self) -> tuple[Happening, ...]:
        """What has happened since the last call."""
        happened, self._happened = tuple(self._happened), []
        return happened

    def advance(self, to: timedelta) -> None:
        """Let time pass: second by second in a session, in one go otherwise."""
        while self.now < to:
            session = self.memory.running
            if session is None or self.state is not State.EMITTING:
                self._rest(self._next_change(to))
            elif self._next_sample_at <= to:
                self._pass_second(session)
            else:
                self.now = to

    def power_on(self) -> None:
        """Begin a timeline, stored before its first tick, and close a session that lost its power."""
        if self.state is not State.OFF:
            return
        self.memory.boot += 1
        self.memory.timeline += 1
        self._clock = DeviceClock(
            began=self.now,
            timeline=self.memory.timeline,
            settable=Feature.REAL_TIME_CLOCK in self.product.features,
        )
        self._cool_down = CoolDown(self.memory, self.now)
        self._move(Event.POWER_ON)
        self._tell(PowerChanged(self.now, on=True, timeline=self.memory.timeline))
        if self.memory.running is not None:
            self._close(self.memory.running, EndReason.POWER_LOST)
        if Fault.OVER_TEMPERATURE in self.memory.faults:
            self._move(Event.FAIL)
        self._settle()

    def power_off(self) -> None:
        """Lose power, and everything that is not in `memory`."""
        if self.state is State.OFF:
            return
        session = self.memory.running
        if session is not None:
            self._tell(Ended(self.now, session.counter, EndReason.POWER_LOST, session.elapsed_s))
        self._move(Event.POWER_OFF)
        self._clock, self._pressed_at, self._reported = _OFF, None, None
        self._tell(PowerChanged(self.now, on=False, timeline=self.memory.timeline))

    def press(self) -> None:
        """Press the button: a remote start may follow, and a fault whose cause has gone is cleared."""
        if self.state is State.OFF:
            return
        self._pressed_at = self.now
        self._tell(Pressed(self.now, self.read_tick()))
        if self.state is State.FAULT and self.physics.skin_celsius < self.product.limits.restart_celsius:
            self.memory.faults.clear()
            self._move(Event.CLEAR)
        self._settle()

    def begin(self, number: int) -> Result:
        """Select a programme on the device and start it there; a person's press confirms it."""
        self.press()
        result = self._try(number, self.product.programs[number])
        if result is not Result.OK:
            self._tell(Refused(self.now, number, result))
        return result

    def stop_by_user(self) -> None:
        """Stop on the device."""
        self._stop(EndReason.USER)

    def start(self, number: int, program: Program) -> Result:
        """Start from afar, shortly after a press."""
        if not 0 <= number < len(self.product.programs) or not self.product.allows(program):
            return Result.RANGE
        if self.state is State.READY and self._lockout_at_start() is None and not self._pressed_lately():
            return Result.CONFIRM
        return self._try(number, program)

    def stop(self) -> Result:
        """Stop from afar: always accepted, unless that is what has failed."""
        if not self.watch.remote_stop_works:
            return Result.FAILED
        self._stop(EndReason.REMOTE)
        return Result.OK

    def pause(self) -> Result:
        """Hold emission."""
        session = self.memory.running
        if session is None or session.paused:
            return Result.FAILED
        session.pause()
        return Result.OK

    def resume(self) -> Result:
        """Go on."""
        session = self.memory.running
        if session is None or not session.paused:
            return Result.FAILED
        session.paused = False
        return Result.OK

    def acknowledge(self, upto: int) -> Result:
        """Note which records are safe elsewhere."""
        done = self.memory.records.acknowledge(upto)
        self._settle()
        return Result.OK if done else Result.RANGE

    def nonce(self) -> int:
        """A fresh number for one time order."""
        return self._random.getrandbits(64)

    def circumstances(self) -> lockouts.Circumstances:
        """What the device's own limits are held against now."""
        return lockouts.Circumstances(
            cool_down_left=self._cool_down.left(self.now),
            skin_celsius=self.physics.skin_celsius,
            battery_percent=self._battery.percent,
            contact=self.physics.contact,
        )

    def read_features(self) -> bytes:
        """Features, 14 bytes."""
        return Features(
            features=self.product.features,
            max_records=self.product.max_records,
            modality=self.product.modality,
            zones=self.product.zones,
            program_count=len(self.product.programs),
            prescription_slots=0,
        ).encode()

    def read_state(self) -> bytes:
        """State, 20 bytes."""
        return self.report().encode()

    def report(self) -> StateReport:
        """What State reads now."""
        circumstances = self.circumstances()
        lockout = lockouts.standing(self.product.limits, circumstances) if self.state is State.LOCKED else None
        return StateReport(
            state=self.state,
            lockout=lockout or 0,
            newest=self.memory.records.newest,
            oldest=self.memory.records.oldest,
            timeline=self.memory.timeline,
            lockout_minutes=lockouts.minutes_left(lockout, circumstances),
            faults=self._faults(),
            battery_percent=self._battery.percent,
            lockout_s=lockouts.seconds_left(lockout, circumstances),
        )

    @property
    def battery_percent(self) -> int:
        """The battery's charge."""
        return self._battery.percent

    @property
    def next_second_at(self) -> timedelta:
        """When the next sample is due, or else a second from now."""
        return self._next_sample_at if self.state is State.EMITTING else self.now + SECOND

    def read_elapsed_time(self) -> bytes:
        """Current Elapsed Time, 11 bytes."""
        return self._clock.read(self.now)

    def read_tick(self) -> Tick:
        """The time by the device's ticks."""
        return self._clock.tick(self.now)

    def write_elapsed_time(self, value: bytes) -> None:
        """Set the clock, which begins a timeline. Raises RefusedWriteError."""
        setting = setting_from(value, self.now)
        if not self._clock.settable:
            raise RefusedWriteError(INCORRECT_TIME_FORMAT, "this device counts ticks and has no clock to set")
        self.memory.timeline += 1
        self.memory.clock_was_set = True
        self._clock.set(setting, self.memory.timeline)
        if self.memory.running is not None:
            self.memory.running.synced = True
        self._settle()

    def read_records(self, counters: tuple[int, ...]) -> tuple[bytes, ...]:
        """Stored records as they read now, 56 bytes each."""
        return self.memory.records.read(counters, self.memory.timeline)

    def _try(self, number: int, program: Program) -> Result:
        if self.state is State.EMITTING:
            return Result.ACTIVE
        if self.state in (State.OFF, State.FAULT):
            return Result.FAILED
        if (lockout := self._lockout_at_start()) is not None:
            return lockout
        self._start(number, program)
        return Result.OK

    def _lockout_at_start(self) -> Result | None:
        return lockouts.at_start(self.product.limits, self.circumstances())

    def _pressed_lately(self) -> bool:
        return self._pressed_at is not None and self.now - self._pressed_at <= PRESS_LASTS

    def _start(self, number: int, program: Program) -> None:
        session = self._emission.begin(number, program, self._clock.stamp(self.now))
        self._pressed_at, self._next_sample_at = None, self.now + SECOND
        self._move(Event.START)
        self._tell(Began(self.now, session.counter, number, program.planned))
        self._settle()

    def _stop(self, reason: EndReason) -> None:
        self._pressed_at = None
        if self.state is State.EMITTING and self.memory.running is not None:
            self._end(self.memory.running, reason)

    def _end(self, session: Session, reason: EndReason) -> None:
        tripped = reason is EndReason.OVER_TEMPERATURE
        if tripped:
            self.memory.faults.add(Fault.OVER_TEMPERATURE)
        self._move(Event.FAIL if tripped else Event.END)
        self._tell(Ended(self.now, session.counter, reason, session.elapsed_s))
        self._close(session, reason)
        self._settle()

    def _close(self, session: Session, reason: EndReason) -> None:
        record = self._emission.close(session, reason)
        if self.product.limits.cool_down is not None:
            self._cool_down.begin(self.now, self.product.limits.cool_down)
        self._tell(Recorded(self.now, session.counter, record))

    def _pass_second(self, session: Session) -> None:
        self.now, self._next_sample_at = self._next_sample_at, self._next_sample_at + SECOND
        sensed, frame = self._emission.second(session)
        self._tell(Sampled(self.now, session.counter, session.elapsed_s - 1, sensed, session.dose, frame))
        reason = self.watch.end_of(session, self._battery.percent)
        if reason is None:
            self._settle()
        else:
            self._end(session, reason)

    def _rest(self, until: timedelta) -> None:
        self.physics.rest(until - self.now)
        if self.state is not State.OFF:
            self._battery.rest(until - self.now)
        self.now = until
        self._settle()

    def _next_change(self, to: timedelta) -> timedelta:
        left = self._cool_down.left(self.now)
        return min(to, self.now + left) if left and self.state is State.LOCKED else to

    def _faults(self) -> frozenset[Fault]:
        memory = self.memory
        faults = memory.faults | memory.running.faults if memory.running is not None else set(memory.faults)
        if memory.records.overwrote:
            faults.add(Fault.RECORD_MEMORY)
        if memory.clock_was_set and self._clock.setting is None:
            faults.add(Fault.CLOCK_LOST)
        return frozenset(faults)

    def _settle(self) -> None:
        """Bring the state in line with the limits, and tell of a change in what State reads."""
        if self.state is State.OFF:
            return
        self._cool_down.store(self.now)
        lockout = lockouts.standing(self.product.limits, self.circumstances())
        if self.state is State.READY and lockout is not None:
            self._move(Event.LOCK)
        elif self.state is State.LOCKED and lockout is None:
            self._move(Event.UNLOCK)
        report = self.report()
        if report != self._reported:
            self._reported = report
            self._tell(StateChanged(self.now, report))

    def _move(self, event: Event) -> None:
        self.state = MOVES[self.state, event]

    def _tell(self, happening: Happening) -> None:
        self._happened.append(happening)
