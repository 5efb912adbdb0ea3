"""The owner's switches of each rule, which survive a restart; a rule that is not known is off."""

import asyncio
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

from homeassistant.core import HomeAssistant

from custom_components.smartlock.rules.stored import flag, obj
from custom_components.smartlock.storage import LockStore, lock_store

STORE: Final = "auto_unlock"


class Switch(StrEnum):
    """Names of the switches; also the keys of their entities, behind a prefix."""

    ENABLED = "enabled"
    PAUSED = "paused"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, kw_only=True)
class Positions:
    """How the switches of one rule stand. Off until the owner switches it on."""

    enabled: bool = False
    paused: bool = False
    dry_run: bool = False


class Switches:
    """The switches of all rules of one lock."""

    def __init__(self, store: LockStore[dict[str, Any]], positions: dict[str, Positions]) -> None:
        """Take what was stored; use `load`."""
        self._store = store
        self._positions = positions
        self._turn = asyncio.Lock()

    @classmethod
    async def load(cls, hass: HomeAssistant, nuki_id: str, rules: set[str]) -> Self:
        """Return the switches of the rules that there are; those of removed rules are forgotten."""
        store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, STORE)
        stored = await store.async_load(obj) or {}
        found = {rule: _positions(stored[rule]) for rule in rules & stored.keys()}
        switches = cls(store, {rule: each for rule, each in found.items() if each is not None})
        if None in found.values():
            await store.async_set_aside()
            await store.async_try_save(lambda: _to_json(switches._positions))
        return switches

    def of(self, rule: str) -> Positions:
        """Return how the switches of a rule stand."""
        return self._positions.get(rule, Positions())

    async def async_turn(self, rule: str, switch: Switch, *, on: bool) -> None:
        """Move a switch. It is on disk when this returns; raises NotStoredError if it stays where it was."""
        async with self._turn:
            positions = {**self._positions, rule: replace(self.of(rule), **{switch.value: on})}
            await self._store.async_save(_to_json(positions))
            self._positions = positions


def _to_json(positions: dict[str, Positions]) -> dict[str, Any]:
    return {rule: asdict(each) for rule, each in positions.items()}


def _positions(stored: Any) -> Positions | None:
    """Return what was stored of one rule; None if it makes no sense."""
    try:
        return Positions(**{name: flag(each) for name, each in obj(stored).items()})
    except TypeError:
        return None
