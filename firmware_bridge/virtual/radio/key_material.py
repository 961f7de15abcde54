"""The keys in HCI packets, zeroed: with them a trace would open every later link of the bond."""

from typing import Final

_COMMANDS: Final = {
    bytes.fromhex("011920"): slice(16, 32),  # LE Enable Encryption
    bytes.fromhex("011a20"): slice(6, 22),  # LE Long Term Key Request Reply
    bytes.fromhex("012720"): slice(11, 43),  # LE Add Device To Resolving List: the peer's and our own
}
"""Where the keys are in the packet, by its type and opcode."""

_SMP_CHANNEL: Final = bytes.fromhex("0600")
_SMP_CODE_AT: Final = 9  # after packet type, ACL header (4) and L2CAP header (4)
_SMP_KEYS: Final = frozenset((0x06, 0x08, 0x0A))
"""Encryption, Identity and Signing Information."""


def without_keys(packet: bytes) -> bytes:
    """The same HCI packet with long term, identity resolving and signature keys as zeros."""
    keys = _COMMANDS.get(packet[:3])
    if keys is None and _is_key_distribution(packet):
        keys = slice(_SMP_CODE_AT + 1, None)
    if keys is None:
        return packet
    zeroed = bytearray(packet)
    zeroed[keys] = bytes(len(zeroed[keys]))
    return bytes(zeroed)


def _is_key_distribution(packet: bytes) -> bool:
    is_first_of_smp = packet[0] == 2 and packet[7:9] == _SMP_CHANNEL and not packet[2] & 0x10
    return is_first_of_smp and len(packet) > _SMP_CODE_AT and packet[_SMP_CODE_AT] in _SMP_KEYS
