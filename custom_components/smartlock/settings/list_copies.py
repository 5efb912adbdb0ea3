"""What is kept of a lock's lists stays in step with changes of ours, so that nobody puts back what was taken away."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.config_entries import ConfigEntry

from custom_components.smartlock.access.lists import Learn, ListKind
from custom_components.smartlock.const import CONF_KEEP_CODES
from custom_components.smartlock.settings.archive_store import ArchiveStore
from custom_components.smartlock.settings.restorer import SettingsRestorer
from custom_components.smartlock.settings.rules.snapshot import Part


class ListCopies:
    """The lists in the snapshots of one lock, in its open loss, and in the restore that is under way."""

    def __init__(
        self,
        entry: ConfigEntry,
        store: ArchiveStore,
        restorer: SettingsRestorer,
        on_change: Callable[[], None],
    ) -> None:
        """Prepare. `on_change` is called after each change."""
        self._entry = entry
        self._store = store
        self._restorer = restorer
        self._on_change = on_change

    @asynccontextmanager
    async def in_step(self, kind: ListKind, gone: Callable[[Any], bool]) -> AsyncIterator[Learn]:
        """Forget entries before a change, and learn the list after it; see `InStep`.

        Nobody else keeps a list meanwhile, which may be from before the change.
        """
        part = Part(kind.value)

        async def learn(entries: tuple[Any, ...]) -> None:
            if part is not Part.KEYPAD_CODES or self._entry.options.get(CONF_KEEP_CODES):
                await self._store.async_keep(self._store.kept.with_list(part, entries))

        async with self._store.turn:
            await self._store.async_keep_first(self._store.kept.without_entries(part, gone))
            self._restorer.forget(part, gone)
            yield learn
        self._on_change()
