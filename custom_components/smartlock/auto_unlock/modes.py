"""What the owner lets each rule do, which survives a restart; a rule of which nothing is known is off."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.rules.stored import obj
from custom_components.smartlock.storage import LockStore, lock_store

STORE: Final = "auto_unlock"


class Mode(StrEnum):
    """What a rule may do. No words that YAML takes for true and false."""

    DISABLED = "disabled"
    DRY_RUN = "dry_run"
    """Report what it would do."""
    ENABLED = "enabled"
    PAUSED = "paused"
    """See people leave and come back, and unlock for nobody."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the owner has said about one rule."""

    mode: Mode = Mode.DISABLED
    phone: str | None = None
    """For which choice of person and phone they have confirmed that the phone is the one which was away."""


class Modes:
    """The choices for all rules of one lock."""

    def __init__(self, store: LockStore[dict[str, Any]], choices: dict[str, Choice]) -> None:
        """Take what was stored; use `load`."""
        self._store = store
        self._choices = choices

    @classmethod
    async def load(cls, hass: HomeAssistant, nuki_id: str, rules: set[str]) -> Self:
        """Return the choices for the rules that there are; those of removed rules are forgotten."""
        store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, STORE)
        stored = await store.async_load(obj) or {}
        found = {rule: _choice(stored[rule]) for rule in rules & stored.keys()}
        modes = cls(store, {rule: each for rule, each in found.items() if each is not None})
        if None in found.values():
            await store.async_set_aside()
            await store.async_try_save(modes._to_json)
        return modes

    def of(self, rule: str) -> Choice:
        """Return what was chosen for a rule."""
        return self._choices.get(rule, Choice())

    def choose(self, rule: str, **changes: Any) -> None:
        """Change it; `async_save` makes it last."""
        self._choices[rule] = replace(self.of(rule), **changes)

    async def async_save(self) -> None:
        """Write all choices; they are on disk when this returns.

        Raises HomeAssistantError if they are not. What is chosen by then is written as soon as the disk takes it.
        """
        if not await self._store.async_try_save(self._to_json):
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="auto_unlock_not_saved")

    def _to_json(self) -> dict[str, Any]:
        return {
            rule: {"mode": choice.mode.value, "phone": choice.phone} for rule, choice in self._choices.items()
        }


def _choice(stored: Any) -> Choice | None:
    """Return what was stored of one rule, also by a version with three switches; None if it makes no sense."""
    match stored:
        case {"mode": str(mode), "phone": None | str() as phone} if mode in set(Mode):
            return Choice(mode=Mode(mode), phone=phone)
        case {"enabled": bool(enabled), "paused": bool(paused), "dry_run": bool(dry_run)}:
            if not enabled:
                return Choice()
            return Choice(mode=Mode.PAUSED if paused else Mode.DRY_RUN if dry_run else Mode.ENABLED)
    return None
