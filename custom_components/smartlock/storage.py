"""Files in Home Assistant's storage: private, written atomically, verified on disk, deleted with the lock.

Home Assistant's own store only logs that a disk is full or read-only. Here a failed save is an error or is
retried, and a repair reports it. A file that is damaged or of another version is set aside, and the lock
starts without it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
import shutil
from typing import Any, override

from homeassistant import config_entries
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, CoreState, Event, HomeAssistant, callback
from homeassistant.helpers.issue_registry import IssueSeverity
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.storage import STORAGE_DIR, Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import json_loads

from custom_components.smartlock.const import DOMAIN, LOGGER
from custom_components.smartlock.issues import show_for_all, withdraw_for_all
from custom_components.smartlock.problems import TranslatableError

# All files that a lock may have.
_FILES: tuple[str, ...] = (
    "activity",
    "arrivals",
    "assumptions",
    "auto_unlock",
    "clients",
    "clock",
    "faults",
    "identity",
    "link",
    "people",
    "pin",
    "pin_recorded",
    "settings",
    "wear",
)
# Suffix of a file that was set aside, before the time; the same as Home Assistant's.
_SET_ASIDE = ".corrupt."
# Seconds until a failed save is tried again.
RETRY_TIME = 60.0

# Seconds until the next look for a config entry on disk, increasing.
_ENTRY_PAUSE, _ENTRY_LONGEST_PAUSE = 5.0, 600.0

DISK_FAILED = "disk_failed"
DATA_DAMAGED = "data_damaged"

_STORES: HassKey[dict[str, LockStore[Any]]] = HassKey(f"{DOMAIN}.stores")


class NotStoredError(TranslatableError):
    """Something is not on disk, so the action that depends on it was not done."""

    @override
    def __str__(self) -> str:
        """Give no details, since they may be private."""
        return "not on disk"

    @override
    def translation(self) -> tuple[str, dict[str, str]]:
        """Give the text for the owner; the repair says more."""
        return "not_stored", {}


class LockStore[T: dict[str, Any] | list[Any]]:
    """One file. There is one object for each, so that unsaved data outlive a reload of the lock."""

    def __init__(self, hass: HomeAssistant, key: str) -> None:
        """Prepare; use `lock_store` or `shared_store`."""
        self.lost = False
        """Whether the file existed at the last read, but nothing in it could be used."""
        self._hass = hass
        self._key = key
        self._turn = asyncio.Lock()
        self._pending: Callable[[], T] | None = None
        """Data that are to be on disk and are not yet."""
        self.overdue = False
        """Whether the last write has failed."""
        self._timer: asyncio.TimerHandle | None = None
        self._unsub_final_write: CALLBACK_TYPE | None = None

    def _file(self) -> Store[T]:
        """Return a new store of Home Assistant each time, since a store caches what it has read."""
        return Store(self._hass, 1, self._key, private=True, atomic_writes=True)

    # --- Reading ------------------------------------------------------------------------------------------

    async def async_load[R](self, restore: Callable[[T], R]) -> R | None:
        """Return what `restore` makes of the stored data; None if there are none or they are unusable.

        `restore` may raise anything for data that it does not understand; the file is then set aside.
        """
        self.lost = False
        async with self._turn:
            existed = await self._hass.async_add_executor_job(Path(self._path).exists)
            try:
                stored = await self._read()
                if stored is not None or not existed:
                    return None if stored is None else restore(stored)
                # Home Assistant has set aside a file that is not JSON.
                await self._lose("nothing in it")
            except Exception as error:  # noqa: BLE001 - the lock works without it, whatever went wrong
                await self._lose(type(error).__name__)
        return None

    async def _read(self) -> T | None:
        if self._pending is not None:
            pending: T = _as_read(self._pending())
            return pending
        return await self._file().async_load()

    async def async_set_aside(self) -> None:
        """Keep a copy of a file that could be used only in part, before it is written again."""
        async with self._turn:
            await self._lose("a part of it")

    async def _lose(self, why: str) -> None:
        LOGGER.warning("What was stored in %s cannot be read, and begins again: %s", self._what, why)
        self.lost = True
        self._forget_pending()
        await self._hass.async_add_executor_job(self._rename)

    def _rename(self) -> None:
        path = Path(self._path)
        # On a read-only disk it stays where it is.
        with suppress(OSError):
            path.rename(f"{path}{_SET_ASIDE}{dt_util.utcnow().isoformat()}")

    @property
    def _path(self) -> str:
        return self._hass.config.path(STORAGE_DIR, self._key)

    @property
    def _what(self) -> str:
        """What the file is about; the rest of the key names the lock."""
        return self._key.rpartition(".")[2]

    # --- Writing ------------------------------------------------------------------------------------------

    async def async_save(self, data: T) -> None:
        """Write data; they are on disk when this returns. Raises NotStoredError if they are not."""
        async with self._turn:
            older = self._pending
            # While Home Assistant stops, its store defers writes to the end.
            written = self._hass.state is not CoreState.stopping and await self._write(data)
            if written:
                if self._pending is older:
                    self._forget_pending()
                else:
                    # Newer data arrived in the meantime and wait for their turn.
                    self.overdue = False
                return
            self._wait_for_the_disk()
        raise NotStoredError

    async def async_try_save(self, data: Callable[[], T]) -> bool:
        """Write what `data` returns, and return whether it is on disk.

        If not, it is written later, with what `data` returns then.
        """
        self._pending = data
        async with self._turn:
            return await self._write_pending()

    @callback
    def async_save_later(self, data: Callable[[], T], delay: float) -> None:
        """Write what `data` returns within `delay` seconds, or when Home Assistant stops."""
        self._pending = data
        self._wait(delay)

    async def _write_pending(self) -> bool:
        if (data := self._pending) is None:
            await self._try_disk()
            return True
        written = await self._write(data())
        if self._pending is not data:
            # Newer data arrived in the meantime and wait for their turn.
            return written
        if written:
            self._forget_pending()
        else:
            self._wait_for_the_disk()
        return written

    async def _try_disk(self) -> None:
        """After an abandoned save: test whether the disk is writable again."""
        if not self.overdue:
            return
        # Several may test at the same time, and it is one file.
        probe: LockStore[dict[str, Any]] = shared_store(self._hass, "probe")
        async with probe._turn:
            written = await probe._write({"at": dt_util.utcnow().isoformat()})
        if written:
            self._forget_pending()
            # The probe did not withdraw the repair: until now we were one who waited for the disk.
            self._succeeded()
        else:
            self._wait_for_the_disk()
        await probe.async_remove()

    @callback
    def _wait_for_the_disk(self) -> None:
        self.overdue = True
        self._wait(RETRY_TIME)

    async def _write(self, data: T) -> bool:
        """Have Home Assistant write data, and check that it has."""
        # Others may change what it refers to while it is being written, and that is no fault of the disk.
        wanted = _as_read(data)
        await self._file().async_save(wanted)
        if self._hass.state is CoreState.stopping:
            # Home Assistant writes it at the end.
            return True
        written = False
        with suppress(Exception):
            # A file that cannot be read counts as missing.
            written = bool(await self._file().async_load() == wanted)
        if written:
            self._succeeded()
        else:
            await self._failed()
        return written

    async def _failed(self) -> None:
        folder = self._hass.config.path(STORAGE_DIR)
        free = await self._hass.async_add_executor_job(_free, folder)
        show_for_all(
            self._hass,
            DISK_FAILED,
            severity=IssueSeverity.ERROR,
            placeholders={"folder": folder, "free": "?" if free is None else f"{free / 1e6:.1f}"},
        )

    @callback
    def _succeeded(self) -> None:
        others = _stores(self._hass).values()
        if not any(store.overdue for store in others if store is not self):
            withdraw_for_all(self._hass, DISK_FAILED)

    # --- Retries ------------------------------------------------------------------------------------------

    @callback
    def _wait(self, delay: float) -> None:
        due = self._hass.loop.time() + delay
        if self._timer is not None and self._timer.when() <= due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._hass.loop.call_at(due, self._due)
        if self._unsub_final_write is None:
            self._unsub_final_write = self._hass.bus.async_listen_once(
                EVENT_HOMEASSISTANT_FINAL_WRITE, self._at_the_end
            )

    @callback
    def _due(self) -> None:
        self._timer = None
        self._hass.async_create_task(self._flush(), f"{DOMAIN} save {self._what}", eager_start=True)

    async def _flush(self) -> None:
        async with self._turn:
            await self._write_pending()

    async def _at_the_end(self, event: Event) -> None:
        self._unsub_final_write = None
        data, self._pending = self._pending, None
        self._forget_pending()
        if data is not None:
            await self._file().async_save(data())

    @callback
    def _forget_pending(self) -> None:
        self._pending, self.overdue = None, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._unsub_final_write is not None:
            self._unsub_final_write()
            self._unsub_final_write = None

    @callback
    def async_forget(self) -> None:
        """Drop what is not on disk yet, as when the process ends."""
        self._forget_pending()

    async def async_remove(self) -> None:
        """Delete the file."""
        async with self._turn:
            self._forget_pending()
            with suppress(OSError):
                await self._file().async_remove()


def lock_store[T: dict[str, Any] | list[Any]](hass: HomeAssistant, nuki_id: str, what: str) -> LockStore[T]:
    """Return the store of one lock (its Nuki ID as eight digits) for one of `_FILES`."""
    assert what in _FILES
    return shared_store(hass, f"{nuki_id}.{what}")


def shared_store[T: dict[str, Any] | list[Any]](hass: HomeAssistant, what: str) -> LockStore[T]:
    """Return the store of a file by its name without the integration's prefix."""
    stores = _stores(hass)
    key = f"{DOMAIN}.{what}"
    if key not in stores:
        stores[key] = LockStore(hass, key)
    return stores[key]


async def async_remove_lock_stores(hass: HomeAssistant, nuki_id: str) -> None:
    """Delete all files of a lock, including those set aside."""
    for what in _FILES:
        await lock_store(hass, nuki_id, what).async_remove()
        del _stores(hass)[f"{DOMAIN}.{nuki_id}.{what}"]
    await hass.async_add_executor_job(lambda: _delete(_set_aside(hass, f"{nuki_id}.*")))
    await async_report_damage(hass)


async def async_report_damage(hass: HomeAssistant) -> None:
    """Show a repair while there are files that could not be used, and withdraw it when they are gone."""
    names = await hass.async_add_executor_job(_names, hass)
    # Files that could not be set aside still have their old name.
    names |= {key for key, store in _stores(hass).items() if store.lost} - {
        name.partition(_SET_ASIDE)[0] for name in names
    }
    if names:
        show_for_all(
            hass,
            DATA_DAMAGED,
            placeholders={
                "folder": hass.config.path(STORAGE_DIR),
                "files": "\n".join(f"- `{name}`" for name in sorted(names)),
            },
        )
    else:
        withdraw_for_all(hass, DATA_DAMAGED)


async def async_wait_for_entry(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Wait until a config entry is on disk as it is now: Home Assistant writes entries after a delay."""
    pause = _ENTRY_PAUSE
    while True:
        await asyncio.sleep(pause)
        if await _is_on_disk(hass, entry):
            return
        pause = min(2 * pause, _ENTRY_LONGEST_PAUSE)


async def _is_on_disk(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    entries: Store[dict[str, Any]] = Store(
        hass,
        config_entries.STORAGE_VERSION,
        config_entries.STORAGE_KEY,
        minor_version=config_entries.STORAGE_VERSION_MINOR,
        read_only=True,
    )
    try:
        stored = await entries.async_load()
        found = next(each for each in (stored or {})["entries"] if each["entry_id"] == entry.entry_id)
        same: bool = found["data"] == dict(entry.data) and found["options"] == dict(entry.options)
    except Exception:  # noqa: BLE001 - not the failure that we wait for
        return False
    return same


def _stores(hass: HomeAssistant) -> dict[str, LockStore[Any]]:
    return hass.data.setdefault(_STORES, {})


def _set_aside(hass: HomeAssistant, what: str) -> list[Path]:
    return list(Path(hass.config.path(STORAGE_DIR)).glob(f"{DOMAIN}.{what}{_SET_ASIDE}*"))


def _names(hass: HomeAssistant) -> set[str]:
    return {path.name for path in _set_aside(hass, "*")}


def _delete(paths: list[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _free(folder: str) -> int | None:
    """Return the free bytes on the disk of a folder."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _as_read(data: Any) -> Any:
    """Return data as they would be read from a file."""
    return json_loads(json_bytes(data))
