"""Passwords: argon2, a few at a time, and the same work for a login that nobody has."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitor_api.http.errors import TooMany

AT_ONCE: Final = 4
"""Hashes computed together: each takes 64 MiB and a tenth of a second, and anybody may ask for one."""

WAIT_S: Final = 3


class Passwords:
    """Hashes and checks passwords; both raise TooMany when too many do so at once. Tests give a cheap hasher."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = BoundedSemaphore(AT_ONCE)
        self._nobodys = self._hasher.hash("the password of nobody")

    def hash(self, password: str) -> str:
        """What is stored of a password."""
        with self._turn():
            return self._hasher.hash(_octets(password))

    def fits(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; with nothing stored it takes as long, and is not."""
        with self._turn():
            try:
                self._hasher.verify(stored or self._nobodys, _octets(password))
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    @contextmanager
    def _turn(self) -> Generator[None]:
        if not self._turns.acquire(timeout=WAIT_S):
            raise TooMany("Too many logins at this moment", 1)
        try:
            yield
        finally:
            self._turns.release()


def _octets(password: str) -> bytes:
    """A password as UTF-8; half a surrogate pair, which JSON can carry and UTF-8 cannot, is a password as well."""
    return password.encode("utf-8", "surrogatepass")
