"""The signature of a prescriber: Ed25519 with the clinic's key over the canonical JSON of a version.

Rules, kept here:
- A clinic signs with the key in `<clinic id>.key` of the directory that the settings name, and with no other; without
  one nothing is signed. Keys that it had before stay there as `<clinic id>.<key id>.pub`, and still prove what they
  signed.
- What is signed is all that matters of a version: whose, which, from when, by whom, what. One changed byte breaks it.
- A key id is the first 8 bytes of the SHA-256 of the public key, in hex, as devices know it.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from clinical.errors import NotCanonical
from clinical.regimen.canonical import canonical
from monitor_api.errors import SigningKeyMissing, SigningKeyUnusable
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from vocabulary.identity import ClinicId

_DOMAIN: Final = b"lumenward regimen v1\0"
_OTHERS: Final = 0o077


class Proof(StrEnum):
    """What a version's signature proves."""

    VALID = "valid"
    BROKEN = "broken"
    KEY_UNKNOWN = "key unknown"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature, and the id of the key that made it."""

    key_id: str
    data: bytes


class Signatures:
    """Signs for clinics, and tells whether a version is still what was signed. `directory`: None where none is set."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def sign(self, clinic: ClinicId, regimen: RegimenRow, version: RegimenVersionRow) -> Signature:
        """The signature of a version. Raises SigningKeyMissing, SigningKeyUnusable, NotCanonical."""
        if self._directory is None or not (file := key_file(self._directory, clinic)).is_file():
            raise SigningKeyMissing(clinic)
        key = _private_key(file)
        return Signature(key_id=key_id(key.public_key()), data=key.sign(_DOMAIN + statement(regimen, version)))

    def proof(self, regimen: RegimenRow, version: RegimenVersionRow) -> Proof:
        """What the signature of a version proves. Raises SigningKeyUnusable."""
        if version.signature is None or version.key_id is None:
            return Proof.UNSIGNED
        key = self._public_keys(ClinicId(regimen.clinic_id)).get(version.key_id)
        if key is None:
            return Proof.KEY_UNKNOWN
        try:
            key.verify(version.signature, _DOMAIN + statement(regimen, version))
        except (InvalidSignature, NotCanonical):
            return Proof.BROKEN
        return Proof.VALID

    def _public_keys(self, clinic: ClinicId) -> dict[str, Ed25519PublicKey]:
        if self._directory is None:
            return {}
        keys = [_public_key(file) for file in self._directory.glob(f"{clinic}.*.pub")]
        if (file := key_file(self._directory, clinic)).is_file():
            keys.append(_private_key(file).public_key())
        return {key_id(key): key for key in keys}


def statement(regimen: RegimenRow, version: RegimenVersionRow) -> bytes:
    """What is signed: the canonical JSON of a version and whose it is. Raises NotCanonical."""
    return canonical(
        {
            "clinic": str(regimen.clinic_id),
            "patient": str(regimen.patient_id),
            "regimen": str(regimen.id),
            "modality": regimen.modality,
            "version": version.version,
            "from_at": version.from_at.isoformat(),
            "prescriber": str(version.prescriber_id),
            "signed_at": _instant(version.signed_at),
            "prescription": version.body,
        }
    )


def key_file(directory: Path, clinic: ClinicId) -> Path:
    """Where the key that a clinic signs with is kept."""
    return directory / f"{clinic}.key"


def key_id(key: Ed25519PublicKey) -> str:
    """The id of a key."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()[:8].hex()


def make_key(directory: Path, clinic: ClinicId) -> str:
    """Make a clinic's key, readable by nobody else, and give its id; a key before it stays as a public one.

    Raises SigningKeyUnusable.
    """
    file = key_file(directory, clinic)
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if file.exists():
            _retire(directory, clinic, file)
        made = file.with_suffix(".new")
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(text)
        made.replace(file)
    except OSError as error:
        raise SigningKeyUnusable(file, str(error)) from error
    return key_id(key.public_key())


def _retire(directory: Path, clinic: ClinicId, file: Path) -> None:
    public = _private_key(file).public_key()
    kept = directory / f"{clinic}.{key_id(public)}.pub"
    kept.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _private_key(file: Path) -> Ed25519PrivateKey:
    try:
        if file.stat().st_mode & _OTHERS:
            raise SigningKeyUnusable(file, "others may read it; allow its owner alone (mode 0600)")
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningKeyUnusable(file, str(error)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyUnusable(file, "expected an Ed25519 key")
    return key


def _public_key(file: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise SigningKeyUnusable(file, str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise SigningKeyUnusable(file, "expected an Ed25519 key")
    return key


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
