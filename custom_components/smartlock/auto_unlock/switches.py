"""The owner's switches of each rule, which survive a restart; a rule that is not known is off."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from custom_components.smartlock.storage import lock_store

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

    def __init__(self, store: Store[dict[str, Any]], positions: dict[str, Positions]) -> None:
        """Take what was stored; use `load`."""
        self._store = store
        self._positions = positions

    @classmethod
    async def load(cls, hass: HomeAssistant, nuki_id: str, rules: set[str]) -> Self:
        """Return the switches of the rules that there are; those of removed rules are forgotten."""
        store: Store[dict[str, Any]] = lock_store(hass, nuki_id, STORE)
        stored = await store.async_load() or {}
        return cls(store, {rule: _positions(stored[rule]) for rule in rules & stored.keys()})

    def of(self, rule: str) -> Positions:
        """Return how the switches of a rule stand."""
        return self._positions.get(rule, Positions())

    def turn(self, rule: str, switch: Switch, *, on: bool) -> None:
        """Move a switch; `async_save` makes it last."""
        self._positions[rule] = replace(self.of(rule), **{switch.value: on})

    async def async_save(self) -> None:
        """Write how all switches stand; they are on disk when this returns."""
        await self._store.async_save({rule: asdict(each) for rule, each in self._positions.items()})


def _positions(stored: Any) -> Positions:
    """Return what was stored of one rule; off if it makes no sense."""
    try:
        positions = Positions(**stored)
    except TypeError:
        return Positions()
    return positions if all(isinstance(each, bool) for each in asdict(positions).values()) else Positions()
