"""What is remembered of devices that they may no longer fit: where their attributes are, and their bonds.

Rules, kept here:
- bleak remembers attributes over a reconnection. A device that does not fit has them read anew.
- BlueZ remembers attributes and bonds on disk, and forgets them together. That costs the bond, which a person must
  renew, so it happens only when the device does not fit once more.
- After that it is the device that is wrong: nothing more is forgotten until it has fitted.
"""

import logging
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from gateway.ble.link import Link
from gateway.errors import LinkError, LinkLost, LinkStale

_REMEMBERED: Final = 2
"""How many memories there are to be doubted: that of bleak, then that of BlueZ."""

_log = logging.getLogger(__name__)


class Attributes:
    """How often in a row each device did not fit what is remembered of it, by address."""

    def __init__(self) -> None:
        self._misfits: Counter[str] = Counter()

    def are_trusted(self, address: str) -> bool:
        """Whether the attributes may be taken to be where they were."""
        return not self._misfits[address]

    @asynccontextmanager
    async def tried(self, link: Link) -> AsyncGenerator[None]:
        """Talk over a link; a LinkStale out of it is a LinkLost when trying again at once may help."""
        try:
            yield
        except LinkStale as misfit:
            self._misfits[link.address] += 1
            if self._misfits[link.address] > _REMEMBERED:
                raise
            await _forget(link, misfit, bond=self._misfits[link.address] == _REMEMBERED)
            raise LinkLost(link.address, misfit.step, "trying anew") from misfit
        except LinkLost:
            self._misfits.pop(link.address, None)
            raise


async def _forget(link: Link, misfit: LinkStale, *, bond: bool) -> None:
    if not bond:
        _log.warning("%s; its attributes are read anew", misfit)
        return
    _log.warning("%s; it is forgotten with its bond, and a person may have to open its pairing window", misfit)
    try:
        await link.forget()
    except LinkError as failure:
        _log.info("%s", failure)
