"""TLS toward a broker: whose certificates are believed."""

from ssl import SSLContext, create_default_context

from vocabulary.errors import SettingsError


def trusting(authorities: str | None) -> SSLContext:
    """TLS that believes these certificates, or the system's. Raises SettingsError."""
    try:
        return create_default_context(cafile=authorities)
    except OSError as error:
        problem = {"broker.authorities": f"{authorities}: {error.strerror or error}"}
        raise SettingsError("settings", problem, "Name a file of certificates in PEM.") from error
