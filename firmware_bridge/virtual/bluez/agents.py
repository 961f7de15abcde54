"""Agents: who is asked when a pairing needs a person."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from bumble.device import Connection
from bumble.pairing import PairingConfig, PairingDelegate
from dbus_fast import Message

from firmware_bridge.errors import BusError
from firmware_bridge.virtual.bluez.bus_client import BusClient
from firmware_bridge.virtual.bluez.calls import NOTHING, Answer, Call, Method, Methods
from firmware_bridge.virtual.bluez.names import AGENT, AGENTS
from firmware_bridge.virtual.bluez.refusals import ALREADY_EXISTS, DOES_NOT_EXIST
from firmware_bridge.virtual.bluez.remotes import Remotes

_Io = PairingDelegate.IoCapability
_PATIENCE: Final = timedelta(minutes=1)
_CAPABILITIES: Final = {
    "": _Io.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
    "DisplayOnly": _Io.DISPLAY_OUTPUT_ONLY,
    "DisplayYesNo": _Io.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
    "KeyboardOnly": _Io.KEYBOARD_INPUT_ONLY,
    "KeyboardDisplay": _Io.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
    "NoInputNoOutput": _Io.NO_OUTPUT_NO_INPUT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An Agent1 object of a client."""

    client: BusClient
    path: str
    capability: PairingDelegate.IoCapability

    async def ask(self, member: str, signature: str, body: list[Any]) -> Message:
        """Call a method of the agent. Raises BusError: the person's refusal."""
        message = Message(
            destination=self.client.name,
            path=self.path,
            interface=AGENT,
            member=member,
            signature=signature,
            body=body,
        )
        return await self.client.call(message, _PATIENCE)


class Agents:
    """The agents that clients registered; without one, pairing is Just Works."""

    def __init__(self, remotes: Remotes) -> None:
        self._remotes = remotes
        self._agents: list[Agent] = []

    def methods(self) -> Methods:
        """The table of AgentManager1."""
        return {
            (AGENTS, "RegisterAgent"): Method(takes="os", run=self._register),
            (AGENTS, "UnregisterAgent"): Method(takes="o", run=self._unregister),
            (AGENTS, "RequestDefaultAgent"): Method(takes="o", run=self._request_default),
        }

    def pairing_config(self, connection: Connection) -> PairingConfig:
        """LE Secure Connections with bonding, and with the first agent if there is any."""
        if not self._agents:
            return PairingConfig(sc=True, mitm=False, bonding=True, delegate=PairingDelegate())
        delegate = _Delegate(self._agents[0], self._remotes.path_of(connection.peer_address))
        return PairingConfig(sc=True, mitm=True, bonding=True, delegate=delegate)

    def gone(self, client: BusClient) -> None:
        """Forget the agents of a client that left."""
        self._agents = [agent for agent in self._agents if agent.client is not client]

    async def _register(self, call: Call) -> Answer:
        path, capability = call.body
        if any(agent.client is call.caller for agent in self._agents):
            raise BusError(*ALREADY_EXISTS)
        io = _CAPABILITIES.get(capability, _Io.NO_OUTPUT_NO_INPUT)
        self._agents.append(Agent(client=call.caller, path=path, capability=io))
        return NOTHING

    async def _unregister(self, call: Call) -> Answer:
        self._agents.remove(self._agent(call))
        return NOTHING

    async def _request_default(self, call: Call) -> Answer:
        agent = self._agent(call)
        self._agents = [agent, *(other for other in self._agents if other is not agent)]
        return NOTHING

    def _agent(self, call: Call) -> Agent:
        for agent in self._agents:
            if agent.client is call.caller and agent.path == call.body[0]:
                return agent
        raise BusError(*DOES_NOT_EXIST)


class _Delegate(PairingDelegate):
    """Puts the questions of SMP to an agent."""

    def __init__(self, agent: Agent, device_path: str) -> None:
        super().__init__(agent.capability)
        self._agent, self._device_path = agent, device_path

    async def get_number(self) -> int | None:
        try:
            answer = await self._agent.ask("RequestPasskey", "o", [self._device_path])
        except BusError:
            return None  # Bumble's word for a refusal
        return int(answer.body[0])

    async def compare_numbers(self, number: int, digits: int) -> bool:
        del digits
        try:
            await self._agent.ask("RequestConfirmation", "ou", [self._device_path, number])
        except BusError:
            return False
        return True

    async def display_number(self, number: int, digits: int) -> None:
        del digits
        await self._agent.ask("DisplayPasskey", "ouq", [self._device_path, number, 0])
