"""The edge where settings files, secret files and the environment are read."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from vocabulary.errors import SettingsError
from vocabulary.settings import Settings, read_settings

S = TypeVar("S", bound=Settings)

_FILE = "_FILE"


def load(model: type[S], file: Path | None) -> S:
    """The settings of a process from its file and its environment. Raises SettingsError."""
    source = str(file) if file else "the environment"
    try:
        text = file.read_text() if file else ""
        environ = with_secret_files(os.environ, model.PREFIX)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(source, {"file": str(error)}, "Check the path and who may read it.") from error
    return read_settings(model, source, text, environ)


def read_secret(file: Path) -> str:
    """The only line of a file that holds a secret. Raises SettingsError."""
    try:
        secret = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), {"file": str(error)}, "Check the path and who may read it.") from error
    if not secret or not secret.isprintable():
        raise SettingsError(str(file), {"file": "expected one line of printable text"}, "Write the secret into it.")
    return secret


def with_secret_files(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The environment with PREFIX_KEY_FILE replaced by PREFIX_KEY, out of that file. Raises SettingsError."""
    named = {name: value for name, value in environ.items() if name.startswith(prefix)}
    files = {name: value for name, value in named.items() if name.endswith(_FILE)}
    both = {name: f"set beside {name}{_FILE}" for name in named if f"{name}{_FILE}" in files}
    if both:
        raise SettingsError("the environment", both, "Keep one of the two.")
    secrets = {name.removesuffix(_FILE): Path(value).read_text().strip() for name, value in files.items()}
    return {name: value for name, value in named.items() if name not in files} | secrets
