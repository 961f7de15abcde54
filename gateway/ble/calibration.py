"""Calibrations: what a panel's light amounts to, measured by somebody, in a file that names who and how.

```toml
model = "Panel 600"
panels = ["02f1a0c4558e9b31"]                    # uids of the panels of this model
channel_mw_per_cm2 = [14.0, 22.0, 22.0, 9.0, 0]  # at 100 %, channels 1 to 5; linear in %
distance_cm = 20                                 # from the panel, where it was measured and where the person is
uncertainty_fraction = 0.2
source = "Spectroradiometer, clinic's workshop, 2026-03-02"
```
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationError

from device_drivers.blockbluelight.status import CHANNELS
from vocabulary.errors import SettingsError
from vocabulary.identity import DeviceUid, device_uid
from vocabulary.settings import Settings, problems_of
from vocabulary.wire.limits import TEXT

_REMEDY: Final = "Mend the file, or take it out of the directory of calibrations: then only time is reported."

Irradiance = Annotated[float, Field(ge=0, le=1000)]
Uid = Annotated[str, AfterValidator(device_uid)]


class Calibration(Settings):
    """One calibration file."""

    model: Annotated[str, Field(min_length=1, max_length=TEXT)]
    panels: Annotated[tuple[Uid, ...], Field(min_length=1)]
    channel_mw_per_cm2: Annotated[tuple[Irradiance, ...], Field(min_length=CHANNELS, max_length=CHANNELS)]
    distance_cm: Annotated[float, Field(gt=0, le=500)]
    uncertainty_fraction: Annotated[float, Field(ge=0, lt=1)]
    source: Annotated[str, Field(min_length=1)]

    def irradiance_mw_per_cm2(self, percent: Sequence[int]) -> float:
        """What reaches the skin at these brightnesses of channels 1 to 5."""
        return sum(at_full * part / 100 for at_full, part in zip(self.channel_mw_per_cm2, percent, strict=True))


def load_calibrations(directory: Path | None) -> Mapping[DeviceUid, Calibration]:
    """The calibration of each panel that a `*.toml` of a directory names. Raises SettingsError."""
    if directory is None:
        return {}
    if not directory.is_dir():
        raise SettingsError("the gateway's settings", {"calibrations": f"{directory} is no directory"}, _REMEDY)
    found: dict[DeviceUid, Calibration] = {}
    for path in sorted(directory.glob("*.toml")):
        calibration = _read(path)
        for uid in map(DeviceUid, calibration.panels):
            if uid in found:
                raise SettingsError(str(path), {"panels": f"{uid} has a calibration already"}, _REMEDY)
            found[uid] = calibration
    return found


def _read(path: Path) -> Calibration:
    try:
        return Calibration.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        raise SettingsError(str(path), problems_of(error), _REMEDY) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(str(path), {"file": str(error)}, _REMEDY) from None
