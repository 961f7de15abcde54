"""What `lumenward up` is told: where its broker and its page listen."""

from pathlib import Path
from typing import ClassVar, Final

from vocabulary.settings import Port, Settings


class RolesListener(Settings):
    """Where the broker listens to the roles: on 127.0.0.1, without TLS."""

    port: Port = 1883


class HomesListener(Settings):
    """Where the broker listens to the homes: with TLS, by this certificate (its chain) and key, both in PEM."""

    host: str = "0.0.0.0"  # noqa: S104 - homes are elsewhere
    port: Port = 8883
    certificate: Path
    key: Path


class PageSettings(Settings):
    """Where the API and the screens listen, and what browsers see."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str | None = None

    @property
    def url(self) -> str:
        """What browsers see."""
        return self.public_url or f"http://{self.host}:{self.port}"


class UpSettings(Settings):
    """All of it; `homes` is None while no home comes from elsewhere."""

    PREFIX: ClassVar[str] = "LUMENWARD_UP_"

    broker: RolesListener = RolesListener()
    homes: HomesListener | None = None
    http: PageSettings = PageSettings()


TEMPLATE: Final = """\
# Settings of `lumenward up`; what is commented out is the default.

[broker]
# port = 1883

# For homes elsewhere:
# [homes]
# host = "0.0.0.0"
# port = 8883
# certificate = "/etc/lumenward/tls/broker.pem"
# key = "/etc/lumenward/tls/broker.key"

[http]
# host = "127.0.0.1"
# port = 8080
# public_url = "https://clinic.example.org"
"""
