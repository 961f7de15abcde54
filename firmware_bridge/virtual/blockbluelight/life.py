"""One panel and the people in front of it: the script is carried out, time passes, the journal is written."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final, Protocol

from firmware_bridge.virtual.blockbluelight.definition import Dim, PanelAct, PanelDeed, PanelDefinition, SetTimer
from firmware_bridge.virtual.blockbluelight.habits import Habits
from firmware_bridge.virtual.blockbluelight.journal import PanelJournal
from firmware_bridge.virtual.blockbluelight.panel import By, Panel
from firmware_bridge.virtual.journal import LinkEvent

_INSTANT: Final = timedelta(microseconds=1)
_IDLE: Final = timedelta(hours=1)


class PanelRadio(Protocol):
    """What a life does to its panel's radio, once there is one."""

    def is_followed(self) -> bool:
        """Whether somebody listens to replies."""
        ...

    def appear(self) -> None:
        """Be heard."""
        ...

    def vanish(self) -> None:
        """Be heard no more."""
        ...


class PanelLife:
    """A panel from when it was plugged in, which is when its script begins.

    `began` is the civil time of the scenario's start, `now` the real time. `radio` is set once there is one.
    """

    def __init__(self, definition: PanelDefinition, began: datetime, now: Callable[[], datetime]) -> None:
        self.definition, self.panel = definition, Panel(definition.timer)
        self.habits = Habits(Random(f"{definition.seed} {definition.address}"))  # noqa: S311  # chance, not a secret
        self.radio: PanelRadio | None = None
        self.is_audible = True
        self._journal = PanelJournal(definition.journal, now)
        self._steps = deque(sorted(definition.script, key=lambda step: step.at))
        self._began = began
        self._born = began + min([timedelta(0), *(step.at for step in self._steps)])

    @property
    def due(self) -> datetime:
        """The civil time at which something happens next, or may."""
        dues = [self._civil(self.panel.runs_out_at or self.panel.now + _IDLE)]
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
        self._pass(until)

    def note(self, event: LinkEvent) -> None:
        """Write in the journal what happened to the radio."""
        self._journal.note_link(event, self._civil(self.panel.now))

    def close(self) -> None:
        """End the journal."""
        self._journal.close()

    def _must_wait(self) -> bool:
        followed = self.radio is not None and self.radio.is_followed()
        return self._steps[0].act is PanelDeed.WAIT_UNTIL_FOLLOWED and not followed

    def _pass(self, until: datetime) -> None:
        self.panel.advance(until - self._born)
        for happening in self.panel.collect():
            self._journal.write(happening, self._civil(happening.at))

    def _do(self, act: PanelAct) -> None:
        match act:
            case SetTimer(timer):
                self.panel.set_timer(timer)
            case Dim(channel, percent):
                self.panel.dim(channel, percent)
            case _:
                _DEEDS[act](self)

    def _civil(self, at: timedelta) -> datetime:
        return self._born + at


def _out_of_range(life: PanelLife) -> None:
    life.is_audible = False
    life.note(LinkEvent.OUT_OF_RANGE)
    if life.radio is not None:
        life.radio.vanish()


def _into_range(life: PanelLife) -> None:
    life.is_audible = True
    life.note(LinkEvent.IN_RANGE)
    if life.radio is not None:
        life.radio.appear()


_DEEDS: Final[dict[PanelDeed, Callable[[PanelLife], None]]] = {
    PanelDeed.SWITCH_ON: lambda life: life.panel.switch_on(By.PERSON),
    PanelDeed.SWITCH_OFF: lambda life: life.panel.switch_off(By.PERSON),
    PanelDeed.OUT_OF_RANGE: _out_of_range,
    PanelDeed.IN_RANGE: _into_range,
    PanelDeed.WAIT_UNTIL_FOLLOWED: lambda _: None,
}
