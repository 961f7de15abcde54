"""The embedded broker as a process of its own: `python -m lumenward.demo.broker CONFIG PORT`.

rumqttd for a machine without Mosquitto: MQTT 5 on loopback, a name and a password for each client, no topic ACL,
nothing kept over a restart. The outboxes of the gateways make up for the last.
"""

import logging
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Final

from lumenward.processes import end_with_supervisor, say_ready

_CONFIG: Final = """\
id = 0

[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 10485760
max_segment_count = 10

[v5.1]
name = "lumenward"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 5000
max_payload_size = 524288
max_inflight_count = 500
dynamic_filters = true

[v5.1.connections.auth]
"""


def broker_config(port: int, accounts: Mapping[str, str]) -> str:
    """The broker's configuration: a port on loopback, and accounts by name."""
    return _CONFIG.format(port=port) + "".join(f'{name} = "{password}"\n' for name, password in accounts.items())


def main() -> None:
    """Run the broker until the process is ended."""
    from iotcore.iotcore import IotCoreBroker  # noqa: PLC0415 - needs the extra "virtual"

    end_with_supervisor()
    config, port = Path(sys.argv[1]), int(sys.argv[2])
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it logs every packet as an error
    Thread(target=_say_when_listening, args=(port,), daemon=True).start()
    IotCoreBroker(config_path=str(config)).run_forever()


def _say_when_listening(port: int) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                say_ready()
                return
        sleep(0.02)


if __name__ == "__main__":
    main()
