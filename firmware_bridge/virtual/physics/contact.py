"""Contact with skin: it flickers in normal use, and breaks for long when the gel has dried."""

from dataclasses import dataclass
from random import Random
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """How long contact lasts and how long its losses last, as (shortest, longest) whole seconds."""

    held: tuple[int, int]
    lost: tuple[int, int]


STRAPPED: Final = Touch(held=(45, 240), lost=(1, 2))
"""A mask on its straps; the face moves now and then. (Assumed.)"""

GLIDING: Final = Touch(held=(15, 60), lost=(1, 2))
"""A head that glides over gel and tips at the jaw line. (Assumed.)"""

DRY: Final = Touch(held=(5, 8), lost=(6, 9))
"""Electrodes on skin without gel: too little coupling fluid is the usual cause of a burn (product, item 16)."""


class Contact:
    """Alternates between held and lost, by the pattern it is given."""

    def __init__(self, random: Random, touch: Touch) -> None:
        self._random = random
        self._touch: Touch = touch
        self._touching = True
        self._left: int = random.randint(*touch.held)

    def second(self) -> bool:
        """Whether this second is one with contact."""
        if self._left == 0:
            self._touching = not self._touching
            self._left = self._random.randint(*(self._touch.held if self._touching else self._touch.lost))
        self._left -= 1
        return self._touching

    def change(self, touch: Touch) -> None:
        """Go by another pattern, from a held second on."""
        if touch is not self._touch:
            self._touch, self._touching = touch, True
            self._left = self._random.randint(*touch.held)
