"""A candidate in a TOML file, to be run beside what holds now."""

import tomllib
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from monitor_api.cohorts.candidate import AskedCandidate, Candidate
from monitor_api.errors import CandidateRefused
from vocabulary.errors import SettingsError
from vocabulary.settings import problems_of

_REMEDY: Final = "docs/replay.md has an example, docs/rules.md names the rules, docs/guides/physician.md the figures."


def read_candidate(path: Path) -> Candidate:
    """Read a candidate. Raises SettingsError."""
    try:
        return AskedCandidate.model_validate(tomllib.loads(path.read_text())).candidate()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(str(path), {"file": str(error)}, "Nothing was replayed.") from error
    except ValidationError as error:
        raise SettingsError(str(path), problems_of(error), _REMEDY) from None
    except CandidateRefused as error:
        raise SettingsError(str(path), error.reasons, _REMEDY) from None
