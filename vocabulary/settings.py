"""What a process is told: a TOML text, the environment over it, and errors that say what to change."""

import tomllib
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from vocabulary.errors import SettingsError

Port = Annotated[int, Field(ge=1, le=65535)]
KEY_BYTES = 32


def key_bytes(secret: SecretStr) -> bytes:
    """The bytes of a key that is kept as base64. Raises ValueError when they are not 32."""
    try:
        key = b64decode(secret.get_secret_value(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("expected 32 random bytes in base64, for example from `openssl rand -base64 32`")
    return key


def _check_key(secret: SecretStr) -> SecretStr:
    key_bytes(secret)
    return secret


Key = Annotated[SecretStr, AfterValidator(_check_key)]
"""32 random bytes in base64."""


class Settings(BaseModel):
    """The base of every part of a process's settings: unknown keys are refused, values never repeated in errors."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    PREFIX: ClassVar[str] = "LUMENWARD_"
    """How the variables of these settings begin in the environment."""


S = TypeVar("S", bound=Settings)


class BrokerSettings(Settings):
    """Where a broker is and who we are to it.

    `authorities`: a file of the certificates that vouch for it; the system's unless set. `embedded`: the demo's own.
    """

    host: str
    port: Port = 8883
    username: str
    password: SecretStr
    tls: bool = True
    authorities: str | None = None
    embedded: bool = False


def read_settings(model: type[S], source: str, text: str, environ: Mapping[str, str]) -> S:
    """Settings from the TOML text of `source` and the environment's variables that begin with the model's prefix.

    A variable wins over the file; a nested key is written PREFIX_OUTER__INNER. Raises SettingsError with every
    problem at once.
    """
    prefix = model.PREFIX
    remedy = f"Set it in the file, or as {prefix}<KEY> in the environment (or {prefix}<KEY>_FILE for a secret's file)."
    try:
        values = tomllib.loads(text)
        for name in sorted(name for name in environ if name.startswith(prefix)):
            _set(values, name.removeprefix(prefix).lower().split("__"), environ[name])
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsError(source, problems_of(error), remedy) from None
    except _NoTable as error:
        raise SettingsError(source, {error.key: "is a value, and a variable is set inside it"}, remedy) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(source, {"file": str(error)}, remedy) from None


def problems_of(error: ValidationError) -> dict[str, str]:
    """What is wrong, by key; never a value."""
    return {
        ".".join(str(part) for part in one["loc"]): one["msg"].removeprefix("Value error, ")
        for one in error.errors(include_input=False)
    }


class _NoTable(Exception):
    """A key that holds a value where a table is needed: `key`."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


def _set(values: dict[str, Any], path: list[str], value: str) -> None:
    *outer, key = path
    for depth, name in enumerate(outer, start=1):
        inner: Any = values.setdefault(name, {})
        if not isinstance(inner, dict):
            raise _NoTable(".".join(path[:depth]))
        values = cast("dict[str, Any]", inner)
    values[key] = value
