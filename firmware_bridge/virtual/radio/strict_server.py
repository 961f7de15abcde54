"""A GATT server that keeps to what its attributes permit, and knows when a link is lost."""

from typing import Any, Final

from bumble.att import ATT_Error_Response, Attribute, Bearer, ErrorCode, Opcode
from bumble.core import InvalidStateError
from bumble.gatt_server import Server

_READ: Final = (Attribute.Permissions.READABLE, ErrorCode.READ_NOT_PERMITTED)
_WRITE: Final = (Attribute.Permissions.WRITEABLE, ErrorCode.WRITE_NOT_PERMITTED)

_NEEDED: Final = {
    Opcode.ATT_READ_REQUEST: _READ,
    Opcode.ATT_READ_BLOB_REQUEST: _READ,
    Opcode.ATT_WRITE_REQUEST: _WRITE,
    Opcode.ATT_WRITE_COMMAND: _WRITE,
    Opcode.ATT_PREPARE_WRITE_REQUEST: _WRITE,
}
"""What a request needs, and the error without it."""


class StrictServer(Server):
    """Refuses to read what is not readable and to write what is not writeable (stock: does both)."""

    def on_gatt_pdu(self, bearer: Bearer, att_pdu: Any) -> None:  # noqa: ANN401  # what a PDU has hangs on its opcode
        """Answer a request, or refuse it; a command that is refused gets no answer."""
        needed = _NEEDED.get(att_pdu.op_code)
        if needed is None or self._permits(att_pdu.attribute_handle, needed[0]):
            super().on_gatt_pdu(bearer, att_pdu)
        elif att_pdu.op_code != Opcode.ATT_WRITE_COMMAND:
            refusal = ATT_Error_Response(
                request_opcode_in_error=att_pdu.op_code,
                attribute_handle_in_error=att_pdu.attribute_handle,
                error_code=needed[1],
            )
            self.send_response(bearer, refusal)

    def on_disconnection(self, bearer: Bearer) -> None:
        """Fail an indication that nobody will confirm with InvalidStateError (stock: waits for 30 seconds)."""
        confirmation = self._untyped.pending_confirmations.get(bearer)
        if confirmation is not None and not confirmation.done():
            confirmation.set_exception(InvalidStateError("the link was lost before the indication was confirmed"))
        super().on_disconnection(bearer)

    def _permits(self, handle: int, permission: Attribute.Permissions) -> bool:
        """Whether an attribute permits a request; one that does not exist is refused further on."""
        attribute = self._untyped.get_attribute(handle)
        return attribute is None or bool(attribute.permissions & permission)

    @property
    def _untyped(self) -> Any:  # noqa: ANN401  # Bumble types its attributes and futures in part
        return self
