"""Finished pairings, kept safe at once.

Home Assistant writes config entries some seconds late. A crash in between would leave an authorization in
the lock whose key nobody has, and the owner would have to hold the button again.
"""

from typing import TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS, CONF_PIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from custom_components.smartlock.const import DOMAIN

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
    """What a pairing has brought."""

    data: EntryData
    pin: str | None
    """The security PIN that it was made with; it belongs into the options of the entry."""


class FinishedPairings:
    """Pairings that are not known to stand in a config entry on disk, by address."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare; use `async_finished_pairings`."""
        self._store: Store[dict[str, FinishedPairing]] = Store(
            hass, 1, f"{DOMAIN}.pairings", private=True, atomic_writes=True
        )
        self._pairings: dict[str, FinishedPairing] = {}

    async def async_load(self) -> None:
        """Read what an earlier run of Home Assistant left."""
        self._pairings = await self._store.async_load() or {}

    def get(self, address: str) -> FinishedPairing | None:
        """Return the finished pairing with a lock."""
        return self._pairings.get(address)

    async def async_add(self, pairing: FinishedPairing) -> None:
        """Keep a pairing; it is on disk when this returns."""
        self._pairings[pairing["data"]["address"]] = pairing
        await self._store.async_save(self._pairings)

    async def async_discard(self, address: str) -> None:
        """Forget a pairing, if there is one."""
        if self._pairings.pop(address, None) is not None:
            await self._store.async_save(self._pairings)


async def async_finished_pairings(hass: HomeAssistant) -> FinishedPairings:
    """Return the pairings of this installation."""
    if (pairings := hass.data.get(_KEY)) is None:
        pairings = FinishedPairings(hass)
        await pairings.async_load()
        # Two flows may have waited for the file; the first one to come back has made the shared one.
        pairings = hass.data.setdefault(_KEY, pairings)
    return pairings


async def async_adopt_pairing(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take keys that are newer than the entry on disk; a copy of what stands there has served its purpose."""
    pairings = await async_finished_pairings(hass)
    address = entry.data[CONF_ADDRESS]
    finished = pairings.get(address)
    if finished is None:
        return
    if dict(entry.data) == dict(finished["data"]):
        await pairings.async_discard(address)
    else:
        pin = {CONF_PIN: finished["pin"]} if finished["pin"] else {}
        hass.config_entries.async_update_entry(
            entry, data=dict(finished["data"]), options={**entry.options, **pin}
        )
