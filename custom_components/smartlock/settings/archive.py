"""Archives the settings of one lock, and notices battery changes and the settings that they have wiped."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from custom_components.smartlock.access.lists import LockLists
from custom_components.smartlock.activity.log import LogReader
from custom_components.smartlock.assumptions import Assumption
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.const import (
    CONF_KEEP_CODES,
    CONF_RESTORE_BY_ITSELF,
    CONF_SHARED_KEY,
    DOMAIN,
    LOGGER,
)
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config, KeyturnerStates, Message
from custom_components.smartlock.protocol.settings import KINDS
from custom_components.smartlock.settings.archive_store import ArchiveStore
from custom_components.smartlock.settings.battery_watch import BatteryWatch
from custom_components.smartlock.settings.current import CurrentSettings
from custom_components.smartlock.settings.issues import RETURNED, possible, show_differences
from custom_components.smartlock.settings.list_copies import ListCopies
from custom_components.smartlock.settings.parts import PinParts
from custom_components.smartlock.settings.reader import SettingsReader
from custom_components.smartlock.settings.restorer import SettingsRestorer
from custom_components.smartlock.settings.restores import Restores
from custom_components.smartlock.settings.rules import restore
from custom_components.smartlock.settings.rules.archive import Archive, Loss
from custom_components.smartlock.settings.rules.battery_change import LossOver, SettingsRead, Verdict
from custom_components.smartlock.settings.rules.battery_signs import Sign
from custom_components.smartlock.settings.rules.restore import Journal
from custom_components.smartlock.settings.rules.snapshot import (
    Difference,
    Part,
    SettingsSnapshot,
    SnapshotReason,
    differences,
    taking,
)
from custom_components.smartlock.settings.texts import SettingTexts
from custom_components.smartlock.settings.writer import SettingsWriter


class SettingsArchive(LockPart):
    """The archived settings of one lock and everything that happens to them."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: SmartLockCoordinator,
        *,
        pin: PinGuard,
        log: LogReader,
        clock: LockClock,
        current: CurrentSettings,
        writer: SettingsWriter,
        lists: LockLists,
        issues: LockIssues,
    ) -> None:
        """Prepare; call `async_load` before anything else."""
        self._hass = hass
        self._entry = entry
        self.coordinator = coordinator
        self._pin = pin
        self._issues = issues
        self._current = current
        self._store = ArchiveStore(hass, coordinator.nuki_id, on_change=coordinator.async_update_listeners)
        reads = PinParts(pin, log, lists)
        self._restorer = SettingsRestorer(
            hass,
            coordinator,
            pin=pin,
            clock=clock,
            current=current,
            writer=writer,
            lists=lists,
            take=self._step_taken,
        )
        self.batteries = BatteryWatch(
            hass,
            coordinator,
            pin=pin,
            clock=clock,
            current=current,
            reads=reads,
            on_known=self._store.note,
            on_sign=self._restorer.wait_again,
        )
        self._reader = SettingsReader(
            hass, entry, coordinator, current=current, reads=reads, take=self.batteries.take
        )
        self.restores = Restores(
            hass,
            entry,
            store=self._store,
            reader=self._reader,
            restorer=self._restorer,
            suspected=lambda: self.batteries.suspects,
            on_finish=self._show_issue,
        )
        self._paired_again = False
        self._battery_listeners = Listeners[Verdict]()
        writer.async_on_written(self._written)
        writer.async_before_write(self._keep_before_write)
        lists.async_keep_in_step(ListCopies(entry, self._store, self._restorer, self._show_issue).in_step)

    # --- Life cycle ---------------------------------------------------------------------------------------

    @override
    async def async_load(self) -> None:
        """Load what an earlier run of Home Assistant has archived."""
        self._paired_again = await self._store.async_load(
            keep_codes=bool(self._entry.options.get(CONF_KEEP_CODES)),
            shared_key=bytes.fromhex(self._entry.data[CONF_SHARED_KEY]),
        )

    @override
    @callback
    def start(self) -> None:
        """Follow the lock, and continue a restore that was interrupted."""
        for stop in (
            *self.batteries.start(self.kept.known),
            self.coordinator.async_add_message_listener(self._message_received),
            self.restores.async_on_restored(lambda _: self._loss_over()),
        ):
            self._entry.async_on_unload(stop)
        self._show_issue()
        if self.kept.journal is not None:
            self.restores.resume()

    @override
    async def async_stop(self) -> None:
        """Save the archive; nothing is written automatically after that."""
        await self.restores.async_stop()
        await self._store.async_stop()

    async def _step_taken(self, change: Callable[[], Journal]) -> Journal:
        """Save the journal after each line, and before anything is written. Raises NotStoredError."""
        async with self._store.turn:
            journal = change()
            await self._store.async_keep_first(replace(self.kept, journal=journal))
            return journal

    # --- What is shown ------------------------------------------------------------------------------------

    @property
    def kept(self) -> Archive:
        """The whole archive."""
        return self._store.kept

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The open loss: what differs from before, and the owner has not decided about."""
        return self._store.differences

    @callback
    def async_on_battery_changed(self, listener: Callable[[Verdict], None]) -> CALLBACK_TYPE:
        """Call `listener` when a battery change was detected."""
        return self._battery_listeners.add(listener)

    @callback
    def async_on_restored(self, listener: Callable[[Journal], None]) -> CALLBACK_TYPE:
        """Call `listener` at the end of each restore."""
        return self.restores.async_on_restored(listener)

    @callback
    def _show_issue(self) -> None:
        show_differences(self._issues, self.kept.loss, self.differences)

    @callback
    def _say_returned(self, names: Collection[str]) -> None:
        settings = SettingTexts(self._hass).names(sorted(names))
        self._issues.show(RETURNED, placeholders={"settings": settings})

    # --- On an open link ----------------------------------------------------------------------------------

    @callback
    def _message_received(self, message: Message) -> None:
        if isinstance(message, KeyturnerStates):
            self._restorer.reported(message)

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Check the settings over the open link; reads more than a count only if there is a reason."""
        if states.lock_state.moving:
            # For example after a boot run: the lock is busy, and is read again when it is at rest.
            return
        async with self._store.turn:
            await self.batteries.follow_up()
            if (now := self._reader.present()) is None:
                return
            newest, loss = self.kept.newest, self.kept.loss
            changes = await self._judge(now)
            if changes is None:
                return
            if newest is None:
                await self._keep_snapshot(now, SnapshotReason.SET_UP)
            elif self._paired_again:
                await self._paired(newest, now)
            elif loss is not None:
                await self._look_at_loss(loss, now)
            elif self.batteries.suspects:
                # Whether the owner or a battery change did this turns out later.
                return
            elif changes:
                await self._changed_in_the_app(newest, now)
            elif self._reader.parts_due:
                await self._keep_snapshot(now, SnapshotReason.CHANGED)

    async def _judge(self, now: SettingsSnapshot) -> int | None:
        """Return how many settings have changed since the last look; None if the batteries were: that is recorded."""
        before = self.kept.newest if self.kept.loss is None else self.kept.loss.after
        changes = 0 if before is None else len(differences(before, now))
        verdict = self.batteries.take(SettingsRead(config=now.config, changes=changes))
        if verdict is None:
            return changes
        await self._batteries_changed(verdict, now)
        return None

    async def _keep_snapshot(self, now: SettingsSnapshot, reason: SnapshotReason) -> None:
        """Archive a snapshot: first what is already known, then what needs the PIN."""
        now = replace(now, reason=reason)
        await self._store.async_keep(self.kept.with_snapshot(now))
        if self._reader.parts_due:
            await self._store.async_keep(self.kept.with_snapshot(await self._reader.with_parts(now)))

    async def _changed_in_the_app(self, newest: SettingsSnapshot, now: SettingsSnapshot) -> None:
        """Adopt the owner's changes as the wanted settings; report those that undo a recent restore."""
        if names := self.kept.returned(differences(newest, now), now.taken_at):
            self._say_returned(names)
            left = {name: at for name, at in self.kept.restored_at.items() if name not in names}
            self._store.kept = replace(self.kept, restored_at=left)
        await self._keep_snapshot(now, SnapshotReason.CHANGED)

    # --- Losses -------------------------------------------------------------------------------------------

    async def _batteries_changed(self, verdict: Verdict, now: SettingsSnapshot) -> None:
        """Record what was there before, report it, and restore what may be restored automatically."""
        LOGGER.info("The batteries of a lock were changed")
        time_lost = not {Sign.CLOCK_LOST, Sign.CLOCK_BEHIND}.isdisjoint(verdict.reasons)
        self.coordinator.assumptions.count(Assumption.POWER_LOSS_LOSES_TIME, time_lost)
        self._restorer.wait_again()
        self._paired_again = False
        kept = self.kept
        # Without an earlier snapshot to compare with, the present settings are archived.
        reference = kept.loss.reference if kept.loss is not None else kept.newest or now
        loss = Loss(
            found_at=now.taken_at,
            reference=reference,
            after=now,
            reasons=verdict.reasons,
            changed_before=kept.changed_at,
        )
        kept = replace(kept, known=self.batteries.known, changed_at=now.taken_at, loss=loss)
        await self._store.async_keep(kept)
        self._battery_listeners.notify(verdict)
        await self._complete_loss(loss, unasked=not verdict.counted)

    async def _paired(self, newest: SettingsSnapshot, now: SettingsSnapshot) -> None:
        """Compare after pairing again: a lock that was reset to factory settings has forgotten everything."""
        self._paired_again = False
        loss = self.kept.loss or Loss(found_at=now.taken_at, reference=newest, after=now)
        loss = replace(loss, after=now)
        await self._store.async_keep(replace(self.kept, loss=loss))
        # Much may have been changed elsewhere while we were not paired.
        await self._complete_loss(loss, unasked=False)

    async def _complete_loss(self, loss: Loss, *, unasked: bool) -> None:
        """Compare what needs the PIN as well, and start what may be restored `unasked`."""
        # What was never archived cannot be compared.
        known = any(part not in loss.reference.lacks for part in Part)
        after = await self._reader.with_parts(loss.after) if known else loss.after
        loss = replace(loss, after=after)
        found = possible(loss.differences)
        if not found and self._compared(loss):
            await self._store.async_keep(replace(self.kept, loss=None).with_snapshot(after))
            self._show_issue()
            return
        await self._store.async_keep(replace(self.kept, loss=loss))
        self._show_issue()
        if unasked and self._entry.options.get(CONF_RESTORE_BY_ITSELF) and self._reader.has_pin:
            # A change that comes back is reported and not restored again.
            returned = self.kept.returned(found, after.taken_at)
            names = restore.by_itself(found) - returned
            if names and not self.restores.running:
                await self.restores.async_begin(names, asked=False)
            if returned:
                self._say_returned(returned)

    def _compared(self, loss: Loss) -> bool:
        """Whether everything that can be compared has been; a link may have dropped before."""
        missing = (part for part in Part if getattr(loss.after, part.value) is None)
        return not self._reader.has_pin or all(
            getattr(loss.reference, part.value) is None for part in missing
        )

    async def _look_at_loss(self, loss: Loss, now: SettingsSnapshot) -> None:
        """Update an open loss with what the owner has changed elsewhere."""
        if self.restores.running:
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
        """Store what remains of a loss; if nothing does, the present settings are the wanted ones."""
        kept = replace(self.kept, loss=loss)
        if loss is None and (now := self._reader.present()) is not None:
            before = self.kept.loss
            kept = kept.with_snapshot(now if before is None else before.after.merged(now))
        await self._store.async_keep(kept)
        self._show_issue()

    async def async_keep_new(self) -> None:
        """Adopt the present settings."""
        async with self._store.turn:
            await self._decided(None)
        self._loss_over()

    @callback
    def _loss_over(self) -> None:
        """Take the next sign of a battery change for one of another change."""
        if self.kept.loss is None:
            self.batteries.take(LossOver())

    async def async_no_change(self) -> None:
        """Withdraw the report of a battery change."""
        async with self._store.turn:
            if (loss := self.kept.loss) is not None and loss.reasons:
                self._store.kept = replace(self.kept, changed_at=loss.changed_before)
            await self._decided(None)

    # --- Restoring ----------------------------------------------------------------------------------------

    @property
    def has_pin(self) -> bool:
        """Whether there is a PIN that may be sent."""
        return self._reader.has_pin

    def check_pin(self) -> None:
        """Raise PinUnavailableError unless there is a PIN that may be sent."""
        self._pin.check_usable()

    @property
    def restoring(self) -> Journal | None:
        """The restore in progress."""
        return self.kept.journal

    @property
    def restore_starts_in(self) -> float | None:
        """The seconds until the lock has been at rest for long enough; None while that is unknown."""
        return self._restorer.pause()

    async def async_restore(self, names: Collection[str]) -> Journal:
        """Restore some settings of the loss, leave the others as they are, and return the journal.

        Waits until the lock is idle, and continues if the caller gives up or Home Assistant restarts. Raises
        RestoreInterruptedError if that interrupts it here.
        """
        return await self.restores.async_restore(names)

    # --- The owner's own snapshots ------------------------------------------------------------------------

    async def async_save(self) -> SettingsSnapshot:
        """Read all settings and archive them. Raises SmartLockError."""
        async with self._store.turn:
            whole = replace(await self._reader.read(), reason=SnapshotReason.REQUESTED)
            if self.batteries.suspects:
                # What has been lost is compared with what was saved before.
                await self._judge(whole)
            await self._store.async_keep(self.kept.with_snapshot(whole))
            return self.kept.newest or whole

    async def async_compare(self, wanted: SettingsSnapshot | None = None) -> Loss:
        """Read all settings and compare them with a snapshot; stores nothing. Raises SmartLockError.

        Without a snapshot they are compared with those before an open loss, or else with the newest that
        differ.
        """
        async with self._store.turn:
            now = await self._reader.read()
        if wanted is None and self.kept.loss is not None:
            # What the owner has changed elsewhere since the last look is wanted.
            return self.kept.loss.seen(now) or Loss(found_at=now.taken_at, reference=now, after=now)
        others = (entry for entry in self.kept.snapshots if differences(entry, now))
        return Loss(found_at=now.taken_at, reference=wanted or next(others, now), after=now)

    async def async_offer(self, loss: Loss) -> tuple[Difference, ...]:
        """Create a loss from what differs, for the owner to decide, and return it."""
        async with self._store.turn:
            if not loss.differences:
                return ()
            # The present settings must be restorable later.
            kept = self.kept if self.kept.loss is not None else self.kept.with_snapshot(loss.after)
            await self._store.async_keep(replace(kept, loss=loss))
            self._show_issue()
            return self.differences

    # --- Our own writes -----------------------------------------------------------------------------------

    async def _keep_before_write(self) -> None:
        """Save a snapshot to disk before anything is changed. Raises SmartLockError to prevent the change."""
        if self._reader.present() is None:
            await self._current.async_read()
        async with self._store.turn:
            now, kept = self._reader.present(), self.kept
            if now is not None and kept.loss is None and kept.newest is None:
                kept = kept.with_snapshot(replace(now, reason=SnapshotReason.SET_UP))
            await self._store.async_keep_first(kept)

    @callback
    def _written(self, before: Config | AdvancedConfig, after: Config | AdvancedConfig) -> None:
        """Adopt the result of our write as the wanted settings at once."""
        now = self._reader.present()
        if now is None:
            return
        self.batteries.take(SettingsRead(config=now.config, ours=True))
        if self.restores.running:
            # The journal accounts for the settings in it.
            return
        names = {name for name in KINDS if getattr(before, name, None) != getattr(after, name, None)}
        self._entry.async_create_background_task(
            self._hass, self._keep_written(now, names), f"{DOMAIN} settings kept"
        )

    async def _keep_written(self, now: SettingsSnapshot, names: Collection[str]) -> None:
        async with self._store.turn:
            if (loss := self.kept.loss) is not None:
                await self._decided((left := loss.seen(now)) and left.without(names))
                return
            if self.batteries.suspects and self.kept.newest is not None:
                # The rest may be what changed batteries have left.
                now = taking(self.kept.newest, now, names)
            await self._store.async_keep(self.kept.with_snapshot(now))
