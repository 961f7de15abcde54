"""How a client of the bus authenticates: SASL EXTERNAL, by the user that the kernel says it is.

OPEN      AUTH EXTERNAL <uid> ─▶ OK          AUTH EXTERNAL ─▶ DATA        AUTH … ─▶ REJECTED
ASKED     DATA [<uid>]        ─▶ OK          CANCEL, ERROR ─▶ REJECTED
ACCEPTED  NEGOTIATE_UNIX_FD   ─▶ AGREE_UNIX_FD                BEGIN: messages follow
"""

from enum import Enum, auto
from typing import Final

GUID: Final = b"6c756d656e776172642d7669727475616c"[:32]
"""Identifies this bus to its clients; none of ours compares it."""

_REJECTED: Final = b"REJECTED EXTERNAL\r\n"
_UNEXPECTED: Final = b"ERROR\r\n"


class Step(Enum):
    """How far a client has come."""

    OPEN = auto()
    ASKED = auto()
    ACCEPTED = auto()
    BEGUN = auto()


class Sasl:
    """The dialogue with one client; `uid` is the user whose process it is."""

    def __init__(self, uid: int) -> None:
        self._identity = str(uid).encode().hex().encode()
        self.step = Step.OPEN
        self.passes_fds = False

    def receive(self, line: bytes) -> bytes:
        """The answer to one line, empty after BEGIN."""
        words = line.lstrip(b"\0").split()
        return self._negotiate(words) if self.step is Step.ACCEPTED else self._identify(words)

    def _identify(self, words: list[bytes]) -> bytes:
        match self.step, words:
            case Step.OPEN, [b"AUTH", b"EXTERNAL"]:
                self.step = Step.ASKED
                return b"DATA\r\n"
            case (Step.OPEN, [b"AUTH", b"EXTERNAL", identity]) | (Step.ASKED, [b"DATA", identity]):
                return self._judge(identity)
            case Step.ASKED, [b"DATA"]:
                return self._judge(self._identity)
            case ((Step.OPEN | Step.ASKED), [b"AUTH" | b"CANCEL" | b"ERROR", *_]):
                self.step = Step.OPEN
                return _REJECTED
            case _:
                return _UNEXPECTED

    def _negotiate(self, words: list[bytes]) -> bytes:
        match words:
            case [b"NEGOTIATE_UNIX_FD"]:
                self.passes_fds = True
                return b"AGREE_UNIX_FD\r\n"
            case [b"BEGIN"]:
                self.step = Step.BEGUN
                return b""
            case _:
                return _UNEXPECTED

    def _judge(self, identity: bytes) -> bytes:
        if identity != self._identity:
            self.step = Step.OPEN
            return _REJECTED
        self.step = Step.ACCEPTED
        return b"OK " + GUID + b"\r\n"
