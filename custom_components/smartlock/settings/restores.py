"""The restores of one lock's settings: one at a time, each continued after restarts until it is done."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.problems import TranslatableError
from custom_components.smartlock.protocol.errors import LinkLostError
from custom_components.smartlock.settings.archive_store import ArchiveStore
from custom_components.smartlock.settings.reader import SettingsReader
from custom_components.smartlock.settings.restorer import SettingsRestorer
from custom_components.smartlock.settings.rules import restore
from custom_components.smartlock.settings.rules.restore import Journal, StepState
from custom_components.smartlock.settings.rules.snapshot import Group, Part, SnapshotReason, differences

# For the diagnostics.
_KEPT = 5


class RestoreInterruptedError(TranslatableError):
    """The lock was unloaded; the restore goes on when it is set up again."""

    @override
    def translation(self) -> tuple[str, dict[str, str]]:
        """Give the text for the owner."""
        return "restore_interrupted", {}


class Restores:
    """Starts restores, waits for them, and stores what remains to be decided afterwards."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        store: ArchiveStore,
        reader: SettingsReader,
        restorer: SettingsRestorer,
        suspected: Callable[[], bool],
        on_finish: Callable[[], None],
    ) -> None:
        """Prepare. `suspected` says whether there are signs of another battery change that nobody has judged yet.

        `on_finish` is called when the result of a restore has been stored.
        """
        self._hass = hass
        self._entry = entry
        self._store = store
        self._reader = reader
        self._restorer = restorer
        self._suspected = suspected
        self._on_finish = on_finish
        self._task: asyncio.Task[Journal] | None = None
        self._listeners = Listeners[Journal]()
        self.ended = deque[Journal](maxlen=_KEPT)
        """The last that have ended since the lock was set up, oldest first."""

    @callback
    def async_on_restored(self, listener: Callable[[Journal], None]) -> CALLBACK_TYPE:
        """Call `listener` at the end of each restore."""
        return self._listeners.add(listener)

    @property
    def running(self) -> bool:
        """Whether settings are being restored."""
        return self._task is not None

    async def async_stop(self) -> None:
        """Interrupt the running restore; its journal is on disk."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def async_restore(self, names: Collection[str]) -> Journal:
        """Restore some settings of the loss, leave the others as they are, and return the journal.

        Waits until the lock is idle. Continues by itself if the caller gives up, or Home Assistant restarts.
        """
        while True:
            async with self._store.turn:
                earlier = self._task
                if earlier is None:
                    journal = await self.async_begin(names, asked=True)
                    break
            # A restore that was started automatically or elsewhere comes first.
            journal = await self._wait(earlier)
            if not names or self._store.kept.loss is None:
                return journal
        return journal if (task := self._task) is None else await self._wait(task)

    async def _wait(self, task: asyncio.Task[Journal]) -> Journal:
        """Wait for a restore, which continues even if the caller gives up. Raises RestoreInterruptedError."""
        await asyncio.wait([task])
        if task.cancelled():
            raise RestoreInterruptedError
        return task.result()

    async def async_begin(self, names: Collection[str], *, asked: bool) -> Journal:
        """Save the journal of a new restore and start it.

        Raises LinkLostError if the loss was settled in the meantime, and NotStoredError if it could not be
        saved.
        """
        if (loss := self._store.kept.loss) is None:
            raise LinkLostError("nothing is lost any more")
        steps = restore.plan(self._store.differences, names)
        journal = Journal(begun_at=dt_util.utcnow(), wanted=loss.reference, steps=steps, asked=asked)
        if steps:
            # What was not chosen stays as it is. Decided now: what is lost from now on was not asked about.
            left = loss.without(journal.others(loss.differences)) if asked else loss
            await self._store.async_keep_first(replace(self._store.kept, journal=journal, loss=left))
            self.resume()
        return journal

    @callback
    def resume(self) -> None:
        """Continue the restore of the stored journal."""
        journal = self._store.kept.journal
        assert journal is not None
        # Not before `_task` is set: a restore without steps may end at once.
        self._task = self._entry.async_create_background_task(
            self._hass, self._run(journal), f"{DOMAIN} restore", eager_start=False
        )

    async def _run(self, journal: Journal) -> Journal:
        try:
            loss = self._store.kept.loss
            # Something may have been deleted since it was begun.
            journal = self._store.kept.journal or journal
            journal = await self._restorer.run(journal, None if loss is None else loss.after)
            async with self._store.turn:
                await self._finish(journal)
        finally:
            self._task = None
        self.ended.append(journal)
        self._listeners.notify(journal)
        return journal

    async def _finish(self, journal: Journal) -> None:
        """Store the present settings and what remains to be decided."""
        now = self._reader.present()
        loss, kept = self._store.kept.loss, self._store.kept.after_restore(journal, dt_util.utcnow())
        if loss is not None and now is not None:
            after = replace(loss.after.merged(now), **(_read_back(journal) | self._restorer.parts))
            # Parts that an earlier run of Home Assistant restored are read again in full.
            self._reader.read_parts_soon()
            # The owner may have changed other settings meanwhile, if no battery change can have taken them. Those
            # that failed still have to be restored.
            changed = {entry.name for entry in differences(loss.after, after)}
            left = loss.changed_to(after, otherwise=changed if self._suspected() else journal.failed())
            kept = replace(kept, loss=left)
            if left is None:
                kept = kept.with_snapshot(replace(after, reason=SnapshotReason.RESTORED))
        await self._store.async_keep(kept)
        self._on_finish()


def _read_back(journal: Journal) -> dict[str, Any]:
    """Return the parts that were verified, including those by an earlier run of Home Assistant."""
    groups = {step.group for step in journal.steps if step.state is StepState.VERIFIED}
    return {
        part.value: getattr(journal.wanted, part.value)
        for group, part in (
            (Group.TIME_CONTROL, Part.TIME_CONTROL),
            (Group.LOGGING, Part.LOGGING),
            (Group.KEYPAD_CODES, Part.KEYPAD_CODES),
        )
        if group in groups
    }
