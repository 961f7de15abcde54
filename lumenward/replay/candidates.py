"""A candidate in a TOML file, to be run beside what holds now."""

from pathlib import Path
from typing import Final

from monitor_api.cohorts.candidate import Candidate, read_candidate
from monitor_api.errors import CandidateRefused
from vocabulary.errors import SettingsError

_REMEDY: Final = "docs/replay.md has an example, docs/rules.md names the rules, docs/guides/physician.md the figures."


def candidate_in(path: Path) -> Candidate:
    """Read a candidate. Raises SettingsError."""
    try:
        return read_candidate(path.read_text()).candidate()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), {"file": str(error)}, "Nothing was replayed.") from error
    except CandidateRefused as error:
        raise SettingsError(str(path), error.reasons, _REMEDY) from None
