"""Gateway keys at rest: wrapped under the service's own secret, which is never in the store."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from monitor_api.errors import KeyUnreadable
from vocabulary.identity import GatewayId
from vocabulary.wire.keys import GatewayKey

_NONCE_BYTES = 12


class KeyWrap:
    """Wraps and unwraps keys with AES-256-GCM; a wrapped key is bound to its gateway and number."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def wrap(self, gateway: GatewayId, key: GatewayKey) -> bytes:
        """The bytes to store for a key."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key.secret, _bound_to(gateway, key.id))

    def unwrap(self, gateway: GatewayId, key_id: int, wrapped: bytes) -> GatewayKey:
        """The key again. Raises KeyUnreadable when it was wrapped under another secret, or changed."""
        try:
            secret = self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _bound_to(gateway, key_id))
        except InvalidTag:
            raise KeyUnreadable(gateway, key_id) from None
        return GatewayKey(key_id, secret)


def _bound_to(gateway: GatewayId, key_id: int) -> bytes:
    return f"{gateway}:{key_id}".encode()
