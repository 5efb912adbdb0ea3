"""Finished pairings, saved at once.

Home Assistant writes config entries after some seconds. A crash before that would leave an authorization in
the lock whose key nobody has, and the owner would have to hold the button again.
"""

from typing import Any, NotRequired, TypedDict, cast

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS, CONF_PIN
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util.hass_dict import HassKey

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.entry_check import damaged_data
from custom_components.smartlock.rules.stored import flag, obj, optional, text
from custom_components.smartlock.storage import LockStore, NotStoredError, async_wait_for_entry, shared_store

_KEY: HassKey[FinishedPairings] = HassKey(f"{DOMAIN}.pairings")


class EntryData(TypedDict):
    """Data of a config entry: what is needed to connect."""

    address: str
    nuki_id: int
    generation: str
    client_type: str | None
    app_id: int
    authorization_id: int
    shared_key: str


class FinishedPairing(TypedDict):
    """The result of a pairing."""

    data: EntryData
    pin: str | None
    """The security PIN that was used; it belongs into the entry's options."""
    confirmed: NotRequired[bool]
    """False until the lock has answered the confirmation: only the lock knows whether the keys are valid."""


class FinishedPairings:
    """Pairings that may not be in a config entry on disk yet, by address."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare; use `async_finished_pairings`."""
        self._hass = hass
        self._store: LockStore[dict[str, Any]] = shared_store(hass, "pairings")
        self._pairings: dict[str, FinishedPairing] = {}

    async def async_load(self) -> None:
        """Load the pairings of earlier runs of Home Assistant."""
        stored = await self._store.async_load(obj) or {}
        self._pairings = {address: pairing for address, each in stored.items() if (pairing := _pairing(each))}
        if len(self._pairings) < len(stored):
            await self._store.async_set_aside()
            await self._store.async_try_save(self._to_json)

    def get(self, address: str) -> FinishedPairing | None:
        """Return the finished pairing with a lock, if there is one with usable data."""
        pairing = self._pairings.get(address)
        return None if pairing is None or damaged_data(pairing["data"]) is not None else pairing

    async def async_add(self, pairing: FinishedPairing) -> None:
        """Save a pairing; it is on disk on return.

        Raises NotStoredError. A valid pairing is then kept in memory and saved later.
        """
        address = pairing["data"]["address"]
        before = self._pairings.get(address)
        self._pairings[address] = pairing
        if await self._store.async_try_save(self._to_json) and self._hass.state is not CoreState.stopping:
            return
        if not pairing.get("confirmed", True):
            self._pairings = {**self._pairings, address: before} if before else self._without(address)
        raise NotStoredError

    async def async_confirm(self, address: str) -> None:
        """Note that the lock has answered the confirmation."""
        if (pairing := self._pairings.get(address)) is not None and pairing.pop(
            "confirmed", None
        ) is not None:
            await self._store.async_try_save(self._to_json)

    async def async_discard(self, address: str) -> None:
        """Delete a pairing, if there is one."""
        if address in self._pairings:
            self._pairings = self._without(address)
            await self._store.async_try_save(self._to_json)

    def _without(self, address: str) -> dict[str, FinishedPairing]:
        return {other: pairing for other, pairing in self._pairings.items() if other != address}

    def _to_json(self) -> dict[str, Any]:
        return dict(self._pairings)


def _pairing(stored: Any) -> FinishedPairing | None:
    """Return a stored pairing; None for anything else."""
    try:
        pairing = FinishedPairing(
            data=cast(EntryData, obj(stored["data"])), pin=optional(text, stored["pin"])
        )
        if "confirmed" in stored:
            pairing["confirmed"] = flag(stored["confirmed"])
    except KeyError, TypeError, ValueError:
        return None
    return pairing


async def async_finished_pairings(hass: HomeAssistant) -> FinishedPairings:
    """Return the pairings of this installation."""
    if (pairings := hass.data.get(_KEY)) is None:
        pairings = FinishedPairings(hass)
        await pairings.async_load()
        # Two flows may have waited for the file; the first one to continue has created the shared object.
        pairings = hass.data.setdefault(_KEY, pairings)
    return pairings


async def async_adopt_pairing(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Adopt keys that are newer than the entry on disk; delete a copy of those already in it.

    Keys that the lock has not confirmed may be void: they are tried if it does not accept those of the entry.
    """
    pairings = await async_finished_pairings(hass)
    address = entry.data[CONF_ADDRESS]
    finished = pairings.get(address)
    if finished is None:
        return
    if dict(entry.data) == dict(finished["data"]):
        await pairings.async_discard(address)
    elif finished.get("confirmed", True):
        pin = {CONF_PIN: finished["pin"]} if finished["pin"] else {}
        hass.config_entries.async_update_entry(
            entry, data=dict(finished["data"]), options={**entry.options, **pin}
        )


async def async_forget_copy(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete the copy of a pairing once its config entry is on disk."""
    pairings = await async_finished_pairings(hass)
    address = entry.data[CONF_ADDRESS]
    finished = pairings.get(address)
    if finished is not None and dict(entry.data) == dict(finished["data"]):
        await async_wait_for_entry(hass, entry)
        await pairings.async_discard(address)
