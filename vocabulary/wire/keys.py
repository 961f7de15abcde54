"""A gateway's key, and the keys derived from it for each purpose and epoch."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class GatewayKey:
    """The secret that a gateway and the service share, and its number."""

    id: int
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a gateway key has {KEY_BYTES} bytes, not {len(self.secret)}")

    def batch_cipher(self, epoch: int) -> AESGCM:
        """The cipher of all batches of one epoch."""
        return AESGCM(self._derive("lumenward batch ", epoch))

    def receipt_key(self, epoch: int) -> bytes:
        """The key under which receipts for one epoch are authenticated."""
        return self._derive("lumenward receipt ", epoch)

    def order_cipher(self) -> AESGCM:
        """The cipher of all orders under this key; their nonces are random."""
        return AESGCM(self._derive("lumenward order ", 0))

    def _derive(self, label: str, epoch: int) -> bytes:
        info = label.encode() + epoch.to_bytes(8, "big")
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self.secret)
