"""Keeps the settings of one lock: notices changed batteries, and what the lock forgot with them."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
import hashlib
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from custom_components.smartlock.const import (
    CONF_KEEP_CODES,
    CONF_RESTORE_BY_ITSELF,
    CONF_SHARED_KEY,
    DOMAIN,
    LOGGER,
)
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.protocol.errors import LinkLostError
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config, KeyturnerStates, Message
from custom_components.smartlock.settings.battery_watch import BatteryWatch
from custom_components.smartlock.settings.issues import async_show_loss, async_show_returned, possible
from custom_components.smartlock.settings.parts import PinReads
from custom_components.smartlock.settings.reader import SettingsReader
from custom_components.smartlock.settings.restorer import SettingsRestorer
from custom_components.smartlock.settings.rules import restore
from custom_components.smartlock.settings.rules.archive import Keeping, Loss
from custom_components.smartlock.settings.rules.battery_change import Known, SettingsRead, Verdict
from custom_components.smartlock.settings.rules.message_json import OtherLockError, SnapshotError
from custom_components.smartlock.settings.rules.restore import Journal, StepState
from custom_components.smartlock.settings.rules.snapshot import (
    Difference,
    Group,
    Part,
    Reason,
    SettingsSnapshot,
    differences,
)
from custom_components.smartlock.settings.writer import SettingsWriter
from custom_components.smartlock.storage import lock_store

# What is known of the lock changes with every read; it need not be on disk at once.
_SAVE_DELAY = 600.0

type BatteryListener = Callable[[Verdict], None]
type RestoreListener = Callable[[Journal], None]


class SettingsKeeper:
    """What is kept of one lock's settings, and everything that happens to it."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: SmartLockCoordinator,
        pin: PinGuard,
        writer: SettingsWriter,
    ) -> None:
        """Prepare; `async_load` comes first."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._pin = pin
        self._store: Store[dict[str, Any]] = lock_store(hass, coordinator.nuki_id, "settings")
        self._kept = Keeping()
        reads = PinReads(pin)
        self._restorer = SettingsRestorer(hass, coordinator, pin, writer, self._step_taken)
        self._batteries = BatteryWatch(
            hass, coordinator, pin, reads, on_known=self._known, on_sign=self._restorer.count_anew
        )
        self._reader = SettingsReader(hass, entry, coordinator, reads, self._batteries.take)
        self._restoring: asyncio.Task[Journal] | None = None
        self._turn = asyncio.Lock()
        self._paired_anew = False
        self._stopped = False
        self._battery_listeners: list[BatteryListener] = []
        self._restore_listeners: list[RestoreListener] = []
        writer.async_on_written(self._written)
        writer.async_before_write(self._keep_before_write)

    # --- Life ---------------------------------------------------------------------------------------------

    async def async_load(self) -> None:
        """Take what an earlier run of Home Assistant has kept."""
        data = await self._store.async_load()
        if data is not None:
            try:
                self._kept = Keeping.from_json(data)
            except SnapshotError:
                LOGGER.warning("What was kept of the settings of the lock cannot be read; it is kept anew")
        if (
            not self._entry.options.get(CONF_KEEP_CODES)
            and (kept := self._kept.without_codes()) != self._kept
        ):
            self._kept = kept
            await self._save()
        pairing = hashlib.sha256(bytes.fromhex(self._entry.data[CONF_SHARED_KEY])).hexdigest()[:16]
        self._paired_anew = self._kept.authorization not in (None, pairing)
        self._kept = replace(self._kept, authorization=pairing)

    @callback
    def async_start(self) -> None:
        """Listen to the lock, and go on with a restore that was cut off."""
        for stop in (
            *self._batteries.async_start(self._kept.known),
            self._coordinator.async_add_message_listener(self._heard),
            self._coordinator.async_add_visit(self._visit),
        ):
            self._entry.async_on_unload(stop)
        self._show_issue()
        if self._kept.journal is not None:
            self._restore()

    async def async_stop(self) -> None:
        """Write down what is known; nothing is written by the way after that."""
        self._stopped = True
        if self._restoring is not None:
            self._restoring.cancel()
            await asyncio.wait([self._restoring])
        await self._save()

    async def _save(self) -> None:
        await self._store.async_save(self._to_json())

    def _to_json(self) -> dict[str, Any]:
        return self._kept.to_json()

    async def _keep(self, kept: Keeping) -> None:
        """Keep something; it is on disk when this returns."""
        self._kept = kept
        await self._save()
        self._coordinator.async_update_listeners()

    @callback
    def _known(self, known: Known) -> None:
        self._kept = replace(self._kept, known=known)
        if not self._stopped:
            # Later it would be written over what the next keeper of this lock has kept.
            self._store.async_delay_save(self._to_json, _SAVE_DELAY)

    # --- What is shown ------------------------------------------------------------------------------------

    @property
    def kept(self) -> Keeping:
        """Everything that is kept."""
        return self._kept

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is not as it was before the loss that the owner has not decided about."""
        return () if self._kept.loss is None else possible(self._kept.loss.differences)

    @callback
    def async_on_battery_changed(self, listener: BatteryListener) -> CALLBACK_TYPE:
        """Call `listener` when the batteries were changed."""
        self._battery_listeners.append(listener)
        return lambda: self._battery_listeners.remove(listener)

    @callback
    def async_on_restored(self, listener: RestoreListener) -> CALLBACK_TYPE:
        """Call `listener` at the end of each restore."""
        self._restore_listeners.append(listener)
        return lambda: self._restore_listeners.remove(listener)

    @callback
    def _show_issue(self) -> None:
        async_show_loss(self._hass, self._entry, self._coordinator.nuki_id, lost=bool(self.differences))

    @callback
    def _say_returned(self, names: Collection[str]) -> None:
        async_show_returned(self._hass, self._entry, self._coordinator.nuki_id, names)

    # --- Visits -------------------------------------------------------------------------------------------

    @callback
    def _heard(self, message: Message) -> None:
        if isinstance(message, KeyturnerStates):
            self._restorer.heard(message)

    async def _visit(self, states: KeyturnerStates) -> None:
        """Look at the settings over the link that is open; reads more only if there is a reason."""
        if states.lock_state.moving:
            # After a boot run, say: the lock has something else to do, and will be read when it is at rest.
            return
        async with self._turn:
            await self._batteries.follow_up()
            if (now := self._reader.present()) is None:
                return
            newest, loss = self._kept.newest, self._kept.loss
            before = newest if loss is None else loss.after
            changes = 0 if before is None else len(differences(before, now))
            verdict = self._batteries.take(SettingsRead(config=now.config, changes=changes))
            if verdict is not None:
                await self._batteries_changed(verdict, now)
            elif newest is None:
                await self._keep_snapshot(now, Reason.SET_UP)
            elif self._paired_anew:
                await self._paired(newest, now)
            elif loss is not None:
                await self._look_at_loss(loss, now)
            elif self._batteries.suspects:
                # Whether this was the owner or a change of batteries will be known in a while.
                return
            elif changes:
                await self._changed_in_the_app(newest, now)
            elif self._reader.parts_due:
                await self._keep_snapshot(now, Reason.CHANGED)

    async def _keep_snapshot(self, now: SettingsSnapshot, reason: Reason) -> None:
        """Keep a snapshot: first what is there, then what the PIN opens."""
        now = replace(now, reason=reason)
        await self._keep(self._kept.with_snapshot(now))
        if self._reader.parts_due:
            await self._keep(self._kept.with_snapshot(await self._reader.with_parts(now)))

    async def _changed_in_the_app(self, newest: SettingsSnapshot, now: SettingsSnapshot) -> None:
        """Take what the owner changed as what is wanted; say so if it was put back not long ago."""
        if names := self._kept.returned(differences(newest, now), now.taken_at):
            self._say_returned(names)
            left = {name: at for name, at in self._kept.restored_at.items() if name not in names}
            self._kept = replace(self._kept, restored_at=left)
        await self._keep_snapshot(now, Reason.CHANGED)

    # --- Losses -------------------------------------------------------------------------------------------

    async def _batteries_changed(self, verdict: Verdict, now: SettingsSnapshot) -> None:
        """Keep what was before, tell everybody, and put back what may be put back by itself."""
        LOGGER.info("The batteries of a lock were changed")
        self._restorer.count_anew()
        self._paired_anew = False
        kept = self._kept
        # Without anything to compare with, what is there now is what is kept.
        reference = kept.loss.reference if kept.loss is not None else kept.newest or now
        loss = Loss(
            found_at=now.taken_at,
            reference=reference,
            after=now,
            reasons=verdict.reasons,
            changed_before=kept.changed_at,
        )
        known = self._batteries.known
        await self._keep(replace(kept, known=known, changed_at=now.taken_at, loss=loss))
        for listener in tuple(self._battery_listeners):
            listener(verdict)
        await self._complete_loss(loss)

    async def _paired(self, newest: SettingsSnapshot, now: SettingsSnapshot) -> None:
        """Compare after pairing anew: a lock that was reset to the factory has forgotten everything."""
        self._paired_anew = False
        loss = Loss(found_at=now.taken_at, reference=newest, after=now)
        await self._keep(replace(self._kept, loss=loss))
        await self._complete_loss(loss)

    async def _complete_loss(self, loss: Loss) -> None:
        """Compare what needs a PIN as well, and begin what needs no question."""
        # What was not kept cannot be compared.
        known = any(part not in loss.reference.lacks for part in Part)
        after = await self._reader.with_parts(loss.after) if known else loss.after
        loss = replace(loss, after=after)
        found = possible(loss.differences)
        if not found and self._compared(loss):
            await self._keep(replace(self._kept, loss=None).with_snapshot(after))
            self._show_issue()
            return
        await self._keep(replace(self._kept, loss=loss))
        self._show_issue()
        if self._entry.options.get(CONF_RESTORE_BY_ITSELF) and self._reader.has_pin:
            # What comes back is reported, not fought.
            returned = self._kept.returned(found, after.taken_at)
            names = restore.by_itself(found) - returned
            if names and self._restoring is None:
                await self._begin(names, asked=False)
            if returned:
                self._say_returned(returned)

    def _compared(self, loss: Loss) -> bool:
        """Whether everything has been compared that can be: a link may have ended before."""
        missing = (part for part in Part if getattr(loss.after, part.value) is None)
        return not self._reader.has_pin or all(
            getattr(loss.reference, part.value) is None for part in missing
        )

    async def _look_at_loss(self, loss: Loss, now: SettingsSnapshot) -> None:
        """Follow what the owner does about a loss elsewhere."""
        if self._restoring is not None:
            return
        if self._reader.parts_due:
            now = await self._reader.with_parts(now)
        after = loss.after.merged(now)
        left = loss.seen(now)
        if left is None and not self._compared(replace(loss, after=after)):
            left = replace(loss, after=after)
        if left == replace(loss, after=after):
            return
        await self._decided(left)

    async def _decided(self, loss: Loss | None) -> None:
        """Keep what is left of a loss; without any, what the lock has now is what is wanted."""
        kept = replace(self._kept, loss=loss)
        if loss is None and (now := self._reader.present()) is not None:
            before = self._kept.loss
            kept = kept.with_snapshot(now if before is None else before.after.merged(now))
        await self._keep(kept)
        self._show_issue()

    async def async_keep_new(self) -> None:
        """Keep the settings as they are now."""
        async with self._turn:
            await self._decided(None)

    async def async_no_change(self) -> None:
        """Take back that the batteries were changed."""
        async with self._turn:
            if (loss := self._kept.loss) is not None and loss.reasons:
                self._kept = replace(self._kept, changed_at=loss.changed_before)
            await self._decided(None)

    # --- Putting back -------------------------------------------------------------------------------------

    @property
    def restoring(self) -> Journal | None:
        """The restore that is under way."""
        return self._kept.journal

    async def async_restore(self, names: Collection[str]) -> Journal:
        """Put back settings of the loss, leave the others as they are, and return how it went.

        Waits until the lock is calm. Goes on by itself if the caller gives up, or Home Assistant restarts.
        """
        while True:
            async with self._turn:
                earlier = self._restoring
                if earlier is None:
                    journal = await self._begin(names, asked=True)
                    break
            # What is put back by itself, or was asked for elsewhere, comes first.
            journal = await self._to_the_end(earlier)
            if not names or self._kept.loss is None:
                return journal
        return journal if (task := self._restoring) is None else await self._to_the_end(task)

    async def _to_the_end(self, task: asyncio.Task[Journal]) -> Journal:
        """Wait for a restore. Whoever waits may give up; the restore does not. Raises LinkLostError."""
        await asyncio.wait([task])
        if task.cancelled():
            raise LinkLostError("the restore goes on when the lock is set up again")
        return task.result()

    async def _begin(self, names: Collection[str], *, asked: bool) -> Journal:
        """Write down what is to be put back, and begin. Raises LinkLostError if it was settled meanwhile."""
        if (loss := self._kept.loss) is None:
            raise LinkLostError("nothing is lost any more")
        steps = restore.plan(self.differences, names)
        journal = Journal(begun_at=dt_util.utcnow(), wanted=loss.reference, steps=steps, asked=asked)
        if steps:
            await self._keep(replace(self._kept, journal=journal))
            self._restore()
        return journal

    @callback
    def _restore(self) -> None:
        journal = self._kept.journal
        assert journal is not None
        self._restoring = self._entry.async_create_background_task(
            self._hass, self._restore_to_the_end(journal), f"{DOMAIN} restore"
        )

    async def _restore_to_the_end(self, journal: Journal) -> Journal:
        try:
            journal = await self._restorer.run(journal)
            async with self._turn:
                await self._restored(journal)
        finally:
            self._restoring = None
        for listener in tuple(self._restore_listeners):
            listener(journal)
        return journal

    async def _step_taken(self, journal: Journal) -> None:
        """Keep the journal after each line; before anything is written, too."""
        await self._keep(replace(self._kept, journal=journal))

    async def _restored(self, journal: Journal) -> None:
        """Keep what the lock has now, and what is left to decide."""
        now = self._reader.present()
        loss, kept = self._kept.loss, self._kept.after_restore(journal, dt_util.utcnow())
        if loss is not None and now is not None:
            after = replace(loss.after.merged(now), **(_read_back(journal) | self._restorer.parts))
            # What was put back by an earlier run of Home Assistant is read again in full.
            self._reader.read_parts_soon()
            left: Loss | None = replace(loss, after=after)
            if journal.asked:
                # What was not chosen is to stay as it is; what failed is still to be put back.
                others = {entry.name for entry in loss.differences} - journal.failed().keys()
                left = replace(loss, after=after).without(others)
            elif not replace(loss, after=after).differences:
                left = None
            kept = replace(kept, loss=left)
            if left is None:
                kept = kept.with_snapshot(replace(after, reason=Reason.RESTORED))
        await self._keep(kept)
        self._show_issue()

    # --- The owner's own snapshots ------------------------------------------------------------------------

    async def async_save(self) -> SettingsSnapshot:
        """Read everything and keep it. Raises SmartLockError."""
        async with self._turn:
            whole = replace(await self._reader.read(), reason=Reason.REQUESTED)
            await self._keep(self._kept.with_snapshot(whole))
            return self._kept.newest or whole

    async def async_compare(self, wanted: SettingsSnapshot | None = None) -> Loss:
        """Read everything and compare it with a snapshot, without keeping anything. Raises SmartLockError.

        Without one it is compared with what was before an open loss, or else with the newest that differs.
        """
        async with self._turn:
            now = await self._reader.read()
        if wanted is None and self._kept.loss is not None:
            return replace(self._kept.loss, after=now)
        others = (entry for entry in self._kept.snapshots if differences(entry, now))
        return Loss(found_at=now.taken_at, reference=wanted or next(others, now), after=now)

    async def async_offer(self, loss: Loss) -> tuple[Difference, ...]:
        """Let the owner decide about what differs, and return it."""
        async with self._turn:
            if not loss.differences:
                return ()
            kept = self._kept
            if kept.loss is None:
                # What is there now can be asked for again.
                kept = kept.with_snapshot(loss.after)
            await self._keep(replace(kept, loss=loss))
            self._show_issue()
            return self.differences

    def imported(self, data: Mapping[str, Any]) -> SettingsSnapshot:
        """Return the snapshot of a file. Raises SnapshotError, or OtherLockError."""
        snapshot = SettingsSnapshot.from_json(data)
        if f"{snapshot.config.nuki_id:08X}" != self._coordinator.nuki_id:
            raise OtherLockError
        if not self._entry.options.get(CONF_KEEP_CODES):
            snapshot = snapshot.without_codes()
        return replace(snapshot, reason=Reason.IMPORTED)

    @callback
    def async_restarted(self) -> None:
        """Take note that we make the lock start again: that is no change of batteries."""
        self._batteries.restarted()

    # --- Writes of ours -----------------------------------------------------------------------------------

    async def _keep_before_write(self) -> None:
        """Have a snapshot on disk before anything is changed. Raises SmartLockError."""
        if self._reader.present() is None:
            await self._coordinator.async_read_settings()
        now = self._reader.present()
        if now is not None and self._kept.loss is None and self._kept.newest is None:
            await self._keep(self._kept.with_snapshot(replace(now, reason=Reason.SET_UP)))

    @callback
    def _written(self, before: Config | AdvancedConfig, after: Config | AdvancedConfig) -> None:
        """Take a write of ours as what is wanted, at once."""
        now = self._reader.present()
        if now is None:
            return
        self._batteries.take(SettingsRead(config=now.config, ours=True))
        if self._restoring is not None:
            # The journal keeps account of these.
            return
        self._entry.async_create_background_task(
            self._hass, self._keep_written(now), f"{DOMAIN} settings kept"
        )

    async def _keep_written(self, now: SettingsSnapshot) -> None:
        async with self._turn:
            if (loss := self._kept.loss) is not None:
                await self._decided(loss.seen(now))
            else:
                await self._keep(self._kept.with_snapshot(now))


def _read_back(journal: Journal) -> dict[str, Any]:
    """Return the parts that were read back as wanted, be it by an earlier run of Home Assistant."""
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
