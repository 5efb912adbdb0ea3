"""The owner's choices for each rule, which survive restarts; a rule without a choice unlocks nothing."""

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final, Self

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import obj
from custom_components.smartlock.storage import LockStore, lock_store

STORE: Final = "auto_unlock"


class Mode(StrEnum):
    """What a rule may do. The values are not YAML booleans."""

    DISABLED = "disabled"
    DRY_RUN = "dry_run"
    """Report what it would do."""
    ENABLED = "enabled"
    PAUSED = "paused"
    """Track people who leave and return, but unlock for nobody."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The owner's choices for one rule."""

    mode: Mode = Mode.DISABLED
    phone: str | None = None
    """The choice of person and phone for which they have confirmed that this phone was away."""


class Modes:
    """The choices for all rules of one lock."""

    def __init__(self, store: LockStore[dict[str, Any]], choices: dict[str, Choice]) -> None:
        """Take what is stored; created by `load`."""
        self._store = store
        self._choices = choices

    @classmethod
    async def load(cls, hass: HomeAssistant, nuki_id: str, rules: set[str]) -> Self:
        """Return the choices for existing rules; those of removed rules are dropped."""
        store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, STORE)
        stored = await store.async_load(obj) or {}
        found = {rule: _choice(stored[rule]) for rule in rules & stored.keys()}
        modes = cls(store, {rule: each for rule, each in found.items() if each is not None})
        if None in found.values():
            await store.async_set_aside()
            await store.async_try_save(modes._to_json)
        return modes

    def of(self, rule: str) -> Choice:
        """Return the choice for a rule."""
        return self._choices.get(rule, Choice())

    def begin(self, rule: str) -> None:
        """Let a rule without a choice begin with a dry run."""
        self._choices.setdefault(rule, Choice(mode=Mode.DRY_RUN))

    def choose(self, rule: str, **changes: Any) -> None:
        """Change it; `async_save` saves it."""
        self._choices[rule] = replace(self.of(rule), **changes)

    async def async_confirm(self, rule: str, phone: str) -> None:
        """Confirm the phone of a rule. Raises HomeAssistantError if that could not be stored: nothing changes."""
        before = self.of(rule).phone
        self.choose(rule, phone=phone)
        try:
            await self.async_save()
        except HomeAssistantError:
            self.choose(rule, phone=before)
            raise

    async def async_save(self) -> None:
        """Write all choices; they are on disk when this returns.

        Raises HomeAssistantError if they are not; the present choices are then written once the disk is
        writable.
        """
        if not await self._store.async_try_save(self._to_json):
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="auto_unlock_not_saved")

    async def async_save_overdue(self) -> None:
        """Write choices that could not be written before, if there are any. Raises like `async_save`."""
        if self._store.overdue:
            await self.async_save()

    async def async_keep_only(self, rules: Collection[str]) -> None:
        """Forget the choices for rules that were removed."""
        kept = {rule: choice for rule, choice in self._choices.items() if rule in rules}
        if kept != self._choices:
            self._choices = kept
            # If the disk is full, they are forgotten at the next start.
            await self._store.async_try_save(self._to_json)

    def _to_json(self) -> dict[str, Any]:
        return {
            rule: {"mode": choice.mode.value, "phone": choice.phone} for rule, choice in self._choices.items()
        }


def _choice(stored: Any) -> Choice | None:
    """Return the stored choice for one rule, also from the three former switches; None if it is invalid."""
    match stored:
        case {"mode": str(mode), "phone": None | str() as phone} if mode in set(Mode):
            return Choice(mode=Mode(mode), phone=phone)
        case {"enabled": bool(enabled), "paused": bool(paused), "dry_run": bool(dry_run)}:
            if not enabled:
                return Choice()
            return Choice(mode=Mode.PAUSED if paused else Mode.DRY_RUN if dry_run else Mode.ENABLED)
    return None
