"""The first clinic of a service that has none yet: its operator, and the key that it signs regimens with."""

import os
import secrets
from typing import Final

from pydantic import ValidationError

from lumenward.environment import load
from lumenward.up.accounts import replace
from lumenward.up.place import Place
from monitor_api import app
from monitor_api.http.deeds.clinics import NewClinic, found_clinic, has_clinic
from monitor_api.http.passwords import Passwords
from monitor_api.records.signing import make_key
from monitor_api.settings import ServerSettings
from vocabulary.errors import SettingsError
from vocabulary.settings import problems_of

LOGIN: Final = "operator"


def found_first_clinic(place: Place, name: str, zone: str) -> str | None:
    """Found a clinic with its operator and its key unless there is one; the operator's password, None if none is new.

    The password is in `first_login` before it is in the store, so that a crash shows it to nobody and loses it to
    nobody. Raises SettingsError, MonitorError.
    """
    stores = app.open_stores(load(ServerSettings, place.server), os.environ)
    try:
        with stores.database.write() as session:
            if has_clinic(session):
                return None
            password = secrets.token_urlsafe(12)
            wanted = _wanted({"name": name, "zone": zone, "login": LOGIN, "password": password})
            replace(place.first_login, f"{password}\n")
            clinic = found_clinic(session, wanted, Passwords().hash(password), stores.clocks.civil())
            make_key(place.keys, clinic)
    finally:
        stores.close()
    return password


def _wanted(asked: dict[str, str]) -> NewClinic:
    try:
        return NewClinic.model_validate(asked)
    except ValidationError as error:
        raise SettingsError("up", problems_of(error), "Give another --clinic or --zone.") from None
