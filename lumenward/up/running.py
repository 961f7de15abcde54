"""One machine's service as processes: the broker, the roles, and what is said of them."""

import json
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any, Final

from lumenward.demo.broker import broker_config
from lumenward.errors import NotHere
from lumenward.supervisor import Child, Patience, Supervisor
from lumenward.up.accounts import DISPATCH, INGEST, replace
from lumenward.up.place import Place
from lumenward.up.settings import UpSettings

BROKER: Final = "broker"
ROLES: Final = ("watch", "ingest", "check", "dispatch", "api")
"""In the order in which they start; who is seen by people is last, and stopped first."""

LOOK_S: Final = 0.2
PATIENCE: Final = Patience(start_s=120.0, grace_s=10.0)

_PLACES: Final = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])
_NO_MOSQUITTO: Final = (
    "Mosquitto is not installed. Install it (Debian, Ubuntu: apt install mosquitto). To try things out without it, "
    "give --embedded-broker: that one has no ACL, keeps nothing over a restart and listens on this machine only"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What runs on a place. `mosquitto`: the program, None for the embedded broker."""

    place: Place
    told: UpSettings
    mosquitto: str | None

    def broker(self) -> Child:
        """The broker's process."""
        port = self.told.broker.port
        if self.mosquitto is not None:
            arguments = ("-c", str(self.place.mosquitto))
            return Child(name=BROKER, program=self.mosquitto, arguments=arguments, listens_at=port)
        config = self.place.mosquitto.with_name("embedded.toml")
        replace(config, broker_config(port, self.place.accounts.plain()))
        return Child(name=BROKER, arguments=("-m", "lumenward.demo.broker", str(config), str(port)))

    def roles(self) -> tuple[Child, ...]:
        """The roles; each is told the secrets that it needs, by their files."""
        arguments = ("-m", "lumenward", "server", "--settings", str(self.place.server), "--role")
        return tuple(
            Child(name=role, arguments=(*arguments, role), environment=self.environment(role)) for role in ROLES
        )

    def environment(self, role: str) -> dict[str, str]:
        """What a role is told beside its settings' file."""
        told = {"SECRET_FILE": str(self.place.secret)}
        if role in {INGEST, DISPATCH}:
            told |= {
                "BROKER__HOST": "127.0.0.1",
                "BROKER__PORT": str(self.told.broker.port),
                "BROKER__TLS": "false",
                "BROKER__EMBEDDED": json.dumps(self.mosquitto is None),
                "BROKER__USERNAME": role,
                "BROKER__PASSWORD_FILE": str(self.place.accounts.secret(role)),
            }
        return {f"LUMENWARD_SERVER_{name}": value for name, value in told.items()}

    def run(self, stop: Event, up: Callable[[], None]) -> None:
        """Run all of it until `stop` is set; `up` is called when all is there. Raises ChildFailed, Interrupted."""
        supervisor = Supervisor(self.place.logs, PATIENCE, stop)
        try:
            for children in ((self.broker(),), self.roles()):
                supervisor.start(children)
                self._say(supervisor)
                supervisor.wait_until_ready()
            up()
            self._keep(supervisor, stop)
        finally:
            supervisor.stop()

    def _keep(self, supervisor: Supervisor, stop: Event) -> None:
        said: Mapping[str, Any] = {}
        while not stop.wait(LOOK_S):
            supervisor.look()
            if said != (said := self._status(supervisor)):
                self.place.write_status(said)

    def _say(self, supervisor: Supervisor) -> None:
        self.place.write_status(self._status(supervisor))

    def _status(self, supervisor: Supervisor) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "page": self.told.http.url,
            "broker": f"mqtt://127.0.0.1:{self.told.broker.port}",
            "embedded_broker": self.mosquitto is None,
            "processes": supervisor.states(),
        }


def find_mosquitto(places: str = _PLACES) -> str:
    """The program, in one of these places. Raises NotHere, with what to do."""
    path = shutil.which("mosquitto", path=places)
    if path is None:
        raise NotHere("the broker", _NO_MOSQUITTO)
    return path


def reload_broker(place: Place) -> bool:
    """Have the Mosquitto that runs on a place read its accounts anew; False when none runs."""
    if not place.is_taken():
        return False
    status = place.status()
    pids = [one["pid"] for one in status.get("processes", ()) if one["name"] == BROKER and one["pid"]]
    if not pids or status["embedded_broker"]:
        return False
    with suppress(ProcessLookupError):
        os.kill(pids[0], signal.SIGHUP)
        return True
    return False
