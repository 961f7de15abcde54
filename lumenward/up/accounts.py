"""The accounts of a Mosquitto: their secrets as files, and from these its password file and its ACL.

Rules, kept here:
- A client may do on its own topics what the line needs, and nothing else: no gateway sees what another sends or gets.
- The files of the secrets are the source; the password file (hashed) and the ACL are made of them, whole, each time.
- All of it is readable by its owner only.
"""

import os
import secrets
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import pbkdf2_hmac
from pathlib import Path
from typing import Final

from vocabulary.errors import SettingsError
from vocabulary.identity import GatewayId
from vocabulary.wire.topics import ALL_BATCHES, ALL_STATES, batch_topic, order_topic, receipt_topic, state_topic

INGEST: Final = "ingest"
DISPATCH: Final = "dispatch"
ROLES: Final = (INGEST, DISPATCH)

_EACH: Final = GatewayId("+")
_ITERATIONS: Final = 101
"""Mosquitto's own: what is hashed are 32 random bytes, which no number of rounds makes harder to guess."""

_SALT_BYTES: Final = 12

_ACL: Final = {
    INGEST: (f"read {ALL_BATCHES}", f"read {batch_topic(_EACH)}", f"write {receipt_topic(_EACH)}"),
    DISPATCH: (f"read {ALL_STATES}", f"write {order_topic(_EACH)}"),
}


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of the broker whose files are in a directory."""

    directory: Path

    @property
    def passwords(self) -> Path:
        """Mosquitto's password file."""
        return self.directory / "mosquitto" / "passwords"

    @property
    def acl(self) -> Path:
        """Mosquitto's ACL."""
        return self.directory / "mosquitto" / "acl"

    def secret(self, name: str) -> Path:
        """The file of an account's password."""
        return self.directory / "secrets" / "broker" / name

    def plain(self) -> dict[str, str]:
        """The passwords by account."""
        return {file.name: file.read_text().strip() for file in sorted(self.secret("").iterdir())}

    def make(self) -> None:
        """The accounts of the roles, and Mosquitto's files."""
        for role in ROLES:
            write_once(self.secret(role), secrets.token_urlsafe(32))
        self._write()

    def add(self, gateway: GatewayId) -> Path:
        """An account for a gateway, as it is if there is one; gives the file of its password. Raises SettingsError."""
        if gateway in ROLES:
            raise SettingsError(
                "the gateway's id", {"id": f"{gateway} is an account of the service"}, "Choose another."
            )
        if not self.secret("").is_dir():
            problem = {"directory": f"{self.directory} holds no broker's accounts"}
            raise SettingsError("--up", problem, "Name the directory of `lumenward up`, or of `lumenward secrets`.")
        write_once(self.secret(gateway), secrets.token_urlsafe(32))
        self._write()
        return self.secret(gateway)

    def _write(self) -> None:
        plain = self.plain()
        replace(self.passwords, "".join(f"{name}:{hashed(password)}\n" for name, password in plain.items()))
        replace(self.acl, acl(plain))


def acl(names: Iterable[str]) -> str:
    """Who may do what, in Mosquitto's words; who is no role of the service is a gateway."""
    return "\n".join(f"user {name}\n" + "".join(f"topic {line}\n" for line in _allowed(name)) for name in names)


def _allowed(name: str) -> tuple[str, ...]:
    gateway = GatewayId(name)
    own = (f"write {batch_topic(gateway)}", f"write {state_topic(gateway)}")
    return _ACL.get(name, (*own, f"read {receipt_topic(gateway)}", f"read {order_topic(gateway)}"))


def hashed(password: str) -> str:
    """A password as Mosquitto keeps it: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def write_once(file: Path, text: str) -> None:
    """Write a file for its owner only, unless it is there."""
    with suppress(FileExistsError):
        file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(f"{text}\n")


def replace(file: Path, text: str) -> None:
    """Write a file for its owner only; whoever reads it sees the old one or the new one."""
    file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
        made.write(text)
    new.replace(file)
