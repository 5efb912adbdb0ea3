"""A lock that has been added to Home Assistant, with both ends of it in view."""

import asyncio
from dataclasses import dataclass
import sys
from typing import Any, Protocol

from simulator.demo.house import House
from simulator.demo.owner import (
    DOMAIN,
    LockEntities,
    entities_of,
    finish_pairing,
    open_pairing_form,
    submit_pairing_form,
)
from simulator.esphome_proxy import VirtualProxy
from simulator.home_assistant import FlowResult, HomeAssistantApi
from simulator.home_assistant.connection import WAIT_TIMEOUT
from simulator.virtual_lock import Kind, VirtualLock


class Owner(Protocol):
    """Whoever has a Home Assistant."""

    @property
    def api(self) -> HomeAssistantApi:
        """The owner's connection to it."""


@dataclass(kw_only=True)
class OwnedLock[H: Owner = House]:
    """The lock on the door and its entities in Home Assistant."""

    house: H
    lock: VirtualLock
    entry_id: str
    entities: LockEntities

    @property
    def api(self) -> HomeAssistantApi:
        """The owner's connection; another one after a restart."""
        return self.house.api

    def state(self, key: str = "lock") -> str:
        """Return what the entity with this key shows, "gone" if there is none."""
        state = self.api.states.get(getattr(self.entities, key))
        return "gone" if state is None else state.state

    async def shows(self, key: str, *states: str, timeout: float = 30) -> None:
        """Wait until the entity with this key shows one of these states."""
        await self.api.wait_for_state(getattr(self.entities, key), *states, timeout=timeout)

    async def call(self, action: str) -> None:
        """Call an action of the lock entity, such as "lock", and wait until it is over."""
        await self.api.call(f"lock.{action}", self.entities.lock)

    def shown_since(self, mark: int) -> list[str]:
        """Return the states that the lock entity went through since a length of the history."""
        states = [s.state for s in self.api.history[mark:] if s.entity_id == self.entities.lock]
        return [state for index, state in enumerate(states) if index == 0 or state != states[index - 1]]

    @property
    def bolt(self) -> str:
        """Where the bolt really is, "locked" or "unlocked"."""
        return "locked" if self.lock.bolt_locked else "unlocked"

    @property
    def motor_runs(self) -> list[str]:
        """The lock actions for which the motor has run."""
        return [str(entry.facts["action"]) for entry in self.lock.journal.motor_runs]

    async def disconnect(self) -> None:
        """Wait until Home Assistant has disconnected, as it does when it has nothing to say."""
        async with asyncio.timeout(20):
            while self.lock.status()["links"]:
                await asyncio.sleep(0.1)

    @property
    def rules_broken(self) -> list[str]:
        """What the client did that the protocol forbids."""
        return [str(entry.facts) for entry in self.lock.journal.of(Kind.BROKEN_RULE)]


async def add_proxy(house: House, proxy: VirtualProxy) -> str:
    """Switch on a further proxy, and wait until Home Assistant gets what it receives; return its entry's id."""
    await proxy.start()
    form = await house.api.start_flow("esphome")
    result = await house.api.submit(form["flow_id"], host="127.0.0.1", port=proxy.port)
    assert result["type"] == "create_entry", result
    async with asyncio.timeout(WAIT_TIMEOUT):
        # Home Assistant connects after the dialog has ended.
        while not proxy.is_listened_to:
            await asyncio.sleep(0.05)
    entry_id: str = result["result"]["entry_id"]
    return entry_id


async def discovered(house: House, lock: VirtualLock) -> str:
    """Wait until Home Assistant has discovered a lock; return the id of the config flow."""
    return await house.api.wait_for_discovery(DOMAIN, lock.address)


async def pair(house: House, lock: VirtualLock, flow_id: str, **answers: Any) -> FlowResult:
    """Fill in the pairing form that is shown, and hold the button; return the new entry."""
    await submit_pairing_form(house.api, flow_id, **answers)

    async def hold_button() -> None:
        lock.enter_pairing_mode()

    return await finish_pairing(house.api, flow_id, hold_button)


async def owned_lock(house: House, lock: VirtualLock, result: FlowResult) -> OwnedLock:
    """Take a lock whose config flow has ended well, and wait for the first read."""
    entities = await entities_of(house.api, lock.nuki_id)
    found = OwnedLock(house=house, lock=lock, entry_id=result["result"]["entry_id"], entities=entities)
    await found.shows("lock", "locked")
    await found.shows("battery", "100")
    return found


async def add_bridge(house: House, lock: VirtualLock, **answers: Any) -> OwnedLock:
    """Add a lock as Bridge, which is told of changes at once; `answers` are further ones to the form."""
    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)
    result = await pair(house, lock, flow_id, client_type="bridge", **answers)
    owned = await owned_lock(house, lock, result)
    if "pin" in answers:
        # What is in the log when it is first read is not news.
        await owned.disconnect()
    return owned


def tell(figure: str) -> None:
    """Print a measured figure for docs/performance.md; `pytest -s` shows it."""
    sys.stdout.write(f"\n{figure}\n")
