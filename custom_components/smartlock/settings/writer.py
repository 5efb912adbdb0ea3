"""The only module that writes settings: simultaneous changes are combined, and each is written once.

Config and Advanced Config are written as a whole, so changes are merged into a fresh read right before the
write. After a lost answer the settings are read, not written again; the result is published and reported.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from custom_components.smartlock.const import DOMAIN, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.pin.guard import PinGuard, PinSession
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.errors import (
    BadSettingError,
    LinkLostError,
    LockRefusedError,
    MovingError,
    NotAuthorizedError,
    PinError,
    SettingsNotKeptError,
    SettingsUnknownError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config
from custom_components.smartlock.protocol.settings import (
    KINDS,
    Setting,
    changed,
    check_possible,
    verify_kept,
    writable,
)
from custom_components.smartlock.settings.current import CurrentSettings
from custom_components.smartlock.wording import series

# Seconds that the first change waits for others: scripts and scenes send their changes one after the other.
GATHER_TIME = 0.5

# Failures that the next write would hit as well.
_ABOUT_ALL = (NotAuthorizedError, PinError)

type Settings = Config | AdvancedConfig
# Takes the settings before and after one of our writes.
type WrittenListener = Callable[[Settings, Settings], None]
# Makes sure that the settings about to be changed are archived.
type BeforeWrite = Callable[[], Awaitable[None]]


@dataclass(eq=False)
class _Write:
    """Changes of Config or of Advanced Config that are written together."""

    kind: type[Settings]
    values: dict[str, Setting] = field(default_factory=dict)
    outcome: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    before: Settings | None = None
    """The lock's values right before the write; from then on nothing is added to the batch."""
    wanted: Settings | None = None

    def fail(self, error: BaseException) -> None:
        """Report the outcome to the callers that still wait."""
        if not self.outcome.done():
            self.outcome.set_exception(error)
            self.outcome.exception()  # The caller may have given up.


class SettingsWriter:
    """Changes the settings of one lock."""

    def __init__(
        self, hass: HomeAssistant, coordinator: SmartLockCoordinator, current: CurrentSettings, pin: PinGuard
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._hass = hass
        self.coordinator = coordinator
        self._current = current
        self._pin = pin
        # Batches that wait for their write, at most one of each kind.
        self._waiting: dict[type[Settings], _Write] = {}
        self._writing = False
        self._listeners = Listeners[Settings, Settings]()
        self._before: list[BeforeWrite] = []

    @callback
    def async_on_written(self, listener: WrittenListener) -> CALLBACK_TYPE:
        """Call `listener` with the settings before and after each of our writes, as read from the lock."""
        return self._listeners.add(listener)

    @callback
    def async_before_write(self, hook: BeforeWrite) -> CALLBACK_TYPE:
        """Await `hook` before each write; if it raises a SmartLockError, nothing is written."""
        self._before.append(hook)
        return lambda: self._before.remove(hook)

    async def change(
        self, config: Mapping[str, Setting] | None = None, advanced: Mapping[str, Setting] | None = None
    ) -> None:
        """Do what `write` does for the owner: raises HomeAssistantError with an explanation."""
        try:
            await self.write(config, advanced)
        except SmartLockError as error:
            raise translated(error, fields=named_settings(self._hass, error)) from error

    async def write(
        self, config: Mapping[str, Setting] | None = None, advanced: Mapping[str, Setting] | None = None
    ) -> None:
        """Change fields of Config and of Advanced Config, and return when the lock is seen to have kept them.

        Raises BadSettingError for values that this lock cannot have, nearly always before anything is sent,
        PinUnavailableError without a verified PIN, MovingError while the motor runs, LinkError, ProtocolError
        or LockRefusedError if nothing was written, SettingsNotKeptError if the lock reads back something
        else, and SettingsUnknownError if it could not be read back.
        """
        wanted = [(kind, values) for kind, values in ((Config, config), (AdvancedConfig, advanced)) if values]
        for kind, values in wanted:
            self._check(kind, values)
        joined = [self._join(kind, values) for kind, values in wanted]
        if joined and not self._writing:
            self._writing = True
            self.coordinator.config_entry.async_create_background_task(
                self._hass, self._write_waiting(), f"{DOMAIN} settings"
            )
        if joined:
            # A caller that gives up does not cancel the others' changes.
            await asyncio.wait([write.outcome for write in joined])
        for write in joined:
            write.outcome.result()

    def _check(self, kind: type[Settings], values: Mapping[str, Setting]) -> None:
        """Raise BadSettingError for impossible values, as far as known without asking the lock."""
        check_possible(kind, values)
        data = self.coordinator.data
        known: Settings | None = data.config if kind is Config else data.advanced_config
        if known is not None:
            changed(known, values)

    def _join(self, kind: type[Settings], values: Mapping[str, Setting]) -> _Write:
        write = self._waiting.setdefault(kind, _Write(kind))
        # The newer of two values for one setting applies.
        write.values.update(values)
        return write

    async def _write_waiting(self) -> None:
        """Write until no batch waits any more."""
        try:
            while self._waiting:
                await asyncio.sleep(GATHER_TIME)
                await self._write_once()
        finally:
            self._writing = False
            self._fail_waiting(LinkLostError("nothing was sent"))

    def _fail_waiting(self, error: SmartLockError) -> None:
        waiting, self._waiting = self._waiting, {}
        for write in waiting.values():
            write.fail(error)

    async def _write_once(self) -> None:
        """Run one conversation for all waiting batches, and determine the outcome."""
        begun: list[_Write] = []
        session: PinSession | None = None
        try:
            for hook in tuple(self._before):
                await hook()
            async with self._pin.session() as session:
                await session.request(lambda pin: self._conversation(pin, begun))
        except SmartLockError as error:
            LOGGER.debug("Settings were not written, or only in part: %s", type(error).__name__)
            if isinstance(error, NotAuthorizedError):
                self._read_soon()
            if not begun or isinstance(error, _ABOUT_ALL):
                self._fail_waiting(error)
            for write in begun:
                if not write.outcome.done() and not await self._find_out(write, error, session):
                    self._fail_waiting(error)
        finally:
            # Cancelled from outside.
            for write in begun:
                write.fail(SettingsUnknownError(tuple(write.values)))

    def _conversation(self, pin: int, begun: list[_Write]) -> Conversation[None]:
        """Write the waiting batches, Config first, and read the update count before and after."""
        before = yield from conversations.read_states()
        if before.lock_state.moving:
            raise MovingError
        dialect = self.coordinator.dialect

        def close[S: Settings](settings: S) -> S:
            # Until here, changes could be added.
            write = self._waiting.pop(Config if isinstance(settings, Config) else AdvancedConfig)
            begun.append(write)
            write.wanted = wanted = changed(settings, write.values)
            write.before = settings
            return wanted

        if Config in self._waiting:
            config = yield from conversations.change_config(close, pin)
            self._written(begun[-1], config)
        if AdvancedConfig in self._waiting:
            advanced = yield from conversations.change_advanced_config(dialect, close, pin)
            self._written(begun[-1], advanced)
        changes = sum(write.wanted != write.before for write in begun)
        if changes:
            after = yield from conversations.read_states()
            self._current.counted(before.config_update_count, after.config_update_count, changes)

    def _written(self, write: _Write, found: Settings, failure: SmartLockError | None = None) -> bool:
        """Publish the lock's settings after a write, and report whether they are the wanted ones.

        `failure` is the error before the lock was read. Returns whether the lock is seen to have what was
        written.
        """
        assert write.before is not None
        assert write.wanted is not None
        self.coordinator.async_take(found)
        has, had, wanted = (
            writable(self.coordinator.dialect, settings) for settings in (found, write.before, write.wanted)
        )
        if has != had:
            self._listeners.notify(write.before, found)
        try:
            verify_kept(wanted, has)
        except SettingsNotKeptError as error:
            if failure is None or isinstance(
                failure, BadSettingError | LockRefusedError | SettingsNotKeptError
            ):
                write.fail(failure or error)
            else:
                # The answer was lost, and perhaps the request, too.
                write.fail(SettingsNotKeptError(error.fields, taken=False))
            return False
        write.outcome.set_result(None)
        return bool(has != had)

    async def _find_out(self, write: _Write, error: SmartLockError, session: PinSession | None) -> bool:
        """Read the settings after a conversation that was interrupted or refused; they are not written again.

        Returns whether the lock could be read, or need not be.
        """
        if write.wanted is None:
            write.fail(error)
            return True
        refused: SmartLockError | None = None
        if isinstance(error, LockRefusedError):
            bad = error.code == ErrorCode.K_BAD_PARAMETER
            refused = BadSettingError(tuple(write.values)) if bad else error
        read = conversations.read_config if write.kind is Config else conversations.read_advanced_config
        try:
            found: Settings = await self.coordinator.client.read(read)
        except SmartLockError:
            write.fail(refused or SettingsUnknownError(tuple(write.values)))
            self._read_soon()
            return False
        if self._written(write, found, refused or error) and session is not None:
            await self._pin.async_carried_out(session)
        return True

    def _read_soon(self) -> None:
        """Trigger a read of the lock without waiting for it: the state shown may be outdated."""
        self.coordinator.config_entry.async_create_background_task(
            self._hass, self.coordinator.async_request_refresh(), f"{DOMAIN} settings are not known"
        )


def setting_names(hass: HomeAssistant) -> Mapping[str, str]:
    """Return the names of the settings entities in Home Assistant's language, by key."""
    texts = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
    # component.smartlock.entity.<platform>.<key>.name
    paths = ((path.split("."), text) for path, text in texts.items())
    return {
        path[4]: text for path, text in paths if len(path) == 6 and path[4] in KINDS and path[5] == "name"
    }


def named_settings(hass: HomeAssistant, error: SmartLockError) -> str:
    """Return the names of the settings that an error is about, in one line; empty if it is about none."""
    if not isinstance(error, BadSettingError | SettingsNotKeptError | SettingsUnknownError):
        return ""
    names = setting_names(hass)
    return series(hass, (names.get(field, field) for field in error.fields))
