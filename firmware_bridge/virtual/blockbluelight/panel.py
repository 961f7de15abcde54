"""The panel: a light, a timer, five channels. It counts no sessions and remembers nothing of them.

What the captures do not show, and this panel does: a countdown that ran out stands at 0; a timer set while the light is
on counts from the next switching on; and switching on what is on changes nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from firmware_bridge.virtual.blockbluelight.words import Request, Word, reply

SECOND: Final = timedelta(seconds=1)
_FULL: Final = 100
_CHANNELS: Final = 5


class By(StrEnum):
    """Who switched the light."""

    PERSON = "person"
    RADIO = "radio"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class SwitchedOn:
    """The light is on, for so long unless somebody switches it off."""

    at: timedelta
    by: By
    timer: timedelta


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """The light is off; it was on for so long."""

    at: timedelta
    by: By
    lit: timedelta


Happening = SwitchedOn | SwitchedOff


class Panel:
    """One panel; `now` is the time since it was plugged in."""

    def __init__(self, timer: timedelta) -> None:
        self.now = timedelta(0)
        self._timer, self._countdown, self._left = timer, timer, timer
        self._lit_at: timedelta | None = None
        self._percent = [_FULL] * _CHANNELS
        self._happened: list[Happening] = []

    @property
    def is_on(self) -> bool:
        """Whether it shines."""
        return self._lit_at is not None

    @property
    def left(self) -> timedelta:
        """What is left of the countdown; it stands while the light is off."""
        if self._lit_at is None:
            return self._left
        return self._countdown - (self.now - self._lit_at) // SECOND * SECOND

    @property
    def runs_out_at(self) -> timedelta | None:
        """When the light goes off by itself."""
        return None if self._lit_at is None else self._lit_at + self._countdown

    def advance(self, to: timedelta) -> None:
        """Let time pass."""
        ends = self.runs_out_at
        if ends is not None and ends <= to:
            self.now = ends
            self.switch_off(By.TIMER)
        self.now = max(to, self.now)

    def switch_on(self, by: By) -> None:
        """Begin a new countdown."""
        if self._lit_at is None:
            self._lit_at, self._countdown = self.now, self._timer
            self._happened.append(SwitchedOn(self.now, by, self._timer))

    def switch_off(self, by: By) -> None:
        """Freeze the countdown."""
        if self._lit_at is not None:
            self._left, lit_at = self.left, self._lit_at
            self._lit_at = None
            self._happened.append(SwitchedOff(self.now, by, self.now - lit_at))

    def set_timer(self, timer: timedelta) -> None:
        """From where the next countdown begins."""
        self._timer = timer

    def dim(self, channel: int, percent: int) -> None:
        """How bright a channel is, counted from 0."""
        if channel < _CHANNELS and percent <= _FULL:
            self._percent[channel] = percent

    def collect(self) -> tuple[Happening, ...]:
        """What has happened since the last call."""
        happened, self._happened = tuple(self._happened), []
        return happened

    def answer(self, request: Request) -> bytes:
        """Do what is asked, and reply."""
        self._obey(request.word, request.content)
        return reply(request.word, self._told(request.word))

    def _obey(self, word: int, content: bytes) -> None:
        match word, tuple(content):
            case Word.POWER, (1,):
                self.switch_on(By.RADIO)
            case Word.POWER, (0,):
                self.switch_off(By.RADIO)
            case Word.TIMER, (high, low):
                self.set_timer((high << 8 | low) * SECOND)
            case Word.CHANNEL, (channel, percent):
                self.dim(channel, percent)
            case _:
                pass

    def _told(self, word: int) -> bytes:
        if word == Word.STATUS:
            return bytes([self.is_on, *_seconds(self._timer), *_seconds(self.left)])
        if word == Word.BRIGHTNESS:
            return bytes([*self._percent, 0, 0])
        return bytes(2) if word == Word.UNKNOWN else b""


def _seconds(span: timedelta) -> bytes:
    return (span // SECOND).to_bytes(2, "big")
