"""What the bodies of requests have in common: nothing unknown, nothing unbounded, no control characters."""

from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import available_timezones

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from vocabulary.quantities import Quantity, Unit

PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_LONGEST_S: Final = 10 * 366 * 86400.0


def _utc(at: datetime) -> datetime:
    if not _FIRST <= at < _LAST:
        raise ValueError("expected an instant from 2000 to 2099")
    return at.astimezone(UTC)


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("expected an IANA time zone, for example Europe/Berlin")
    return name


Text = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=PRINTABLE, strip_whitespace=True)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PRINTABLE, strip_whitespace=True)]
Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
Zone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_zone)]
Seconds = Annotated[float, Field(ge=0, le=_LONGEST_S, allow_inf_nan=False)]
Number = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Serial = Annotated[int, Path(ge=1, lt=2**63)]
UidPath = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="EUI-64 of the device.")]
GatewayPath = Annotated[str, Path(pattern="^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")]
KeyId = Annotated[int, Field(ge=0, lt=2**32)]


class Body(BaseModel):
    """The base of every body."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def shown(**example: JsonValue) -> ConfigDict:
    """The configuration of a body with an example for the description."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class Amount(Body):
    """A number with its unit (UCUM)."""

    value: Number
    unit: Unit

    @property
    def quantity(self) -> Quantity:
        """The amount as the clinical core knows it."""
        return Quantity(self.value, self.unit)
