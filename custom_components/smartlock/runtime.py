"""What runs for one lock while its config entry is loaded."""

from typing import Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.access.access import LockAccess
from custom_components.smartlock.access.lists import LockLists
from custom_components.smartlock.actions import LockActions
from custom_components.smartlock.activity.log import LogReader
from custom_components.smartlock.activity.notices import ActivityNotices
from custom_components.smartlock.activity.tracker import ActivityTracker
from custom_components.smartlock.auto_unlock.runners import Rules
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.code_uses import CodeUses
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.issues import FaultIssues
from custom_components.smartlock.faults.tracker import FaultTracker
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.phones.notices import PhoneNotices
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.remote_access.notices import RemoteAccessNotices
from custom_components.smartlock.settings.archive import SettingsArchive
from custom_components.smartlock.settings.current import CurrentSettings
from custom_components.smartlock.settings.writer import SettingsWriter
from custom_components.smartlock.slow_link import SlowLink
from custom_components.smartlock.wear.monitor import WearMonitor

type SmartLockConfigEntry = ConfigEntry[SmartLockRuntime]


@dataclass(frozen=True, kw_only=True)
class SmartLockRuntime:
    """The parts of one lock."""

    coordinator: SmartLockCoordinator
    actions: LockActions
    issues: LockIssues
    pin: PinGuard
    log: LogReader
    clock: LockClock
    access: LockAccess
    activity: ActivityTracker
    faults: FaultTracker
    wear: WearMonitor
    settings: SettingsWriter
    archive: SettingsArchive
    auto_unlock: Rules
    phones: PhoneNotices
    parts: tuple[LockPart, ...]
    """In the order in which they are loaded and started; they are stopped in reverse."""

    @classmethod
    def of(cls, hass: HomeAssistant, entry: SmartLockConfigEntry) -> Self:
        """Create the parts of a lock; nothing is loaded or sent yet."""
        issues = LockIssues(hass, entry)
        coordinator = SmartLockCoordinator(hass, entry)
        actions = LockActions(coordinator)
        pin = PinGuard(hass, entry, coordinator, issues)
        log = LogReader(pin)
        clock = LockClock(hass, coordinator, pin)
        lists = LockLists(coordinator, pin)
        activity = ActivityTracker(hass, entry, coordinator, pin=pin, log=log, clock=clock)
        access = LockAccess(
            hass, coordinator, lists, pin=pin, log=CodeUses(log, activity), clock=clock, issues=issues
        )
        activity.persons_of = access.persons_of
        faults = FaultTracker(hass, coordinator, actions, pin=pin, log=log)
        wear = WearMonitor(hass, coordinator, issues)
        current = CurrentSettings(coordinator)
        settings = SettingsWriter(hass, coordinator, current, pin)
        archive = SettingsArchive(
            hass,
            entry,
            coordinator,
            pin=pin,
            log=log,
            clock=clock,
            current=current,
            writer=settings,
            lists=lists,
            issues=issues,
        )
        faults.async_on_calibration(lambda running: archive.batteries.calibrated(running=running))
        auto_unlock = Rules(
            hass, coordinator, actions, current=current, pin=pin, faults=faults, issues=issues
        )
        # The others need to know whether the PIN is right, and that this is another link. What has happened is
        # reported first: its times are those of a clock that may be set then. What is archived can wait longest.
        coordinator.link_users = (current, pin, log, activity, faults, clock, access, wear, archive)
        phones = PhoneNotices(hass, entry, issues)
        return cls(
            coordinator=coordinator,
            actions=actions,
            issues=issues,
            pin=pin,
            log=log,
            clock=clock,
            access=access,
            activity=activity,
            faults=faults,
            wear=wear,
            settings=settings,
            archive=archive,
            auto_unlock=auto_unlock,
            phones=phones,
            parts=(
                # Before whatever shows an issue.
                phones,
                coordinator.assumptions,
                # Parts that store what the lock reports stop after the coordinator, which may still publish
                # something.
                faults,
                wear,
                clock,
                FaultIssues(coordinator, faults, issues),
                RemoteAccessNotices(hass, coordinator, issues),
                SlowLink(coordinator, actions, issues),
                coordinator,
                pin,
                activity,
                access,
                ActivityNotices(activity, pin, issues),
                archive,
                auto_unlock,
            ),
        )

    async def async_load(self) -> None:
        """Read everything that is stored."""
        for part in self.parts:
            await part.async_load()

    @callback
    def start(self) -> None:
        """Start all parts."""
        for part in self.parts:
            part.start()

    async def async_stop(self) -> None:
        """Stop all parts, and store what is not stored yet."""
        for part in reversed(self.parts):
            await part.async_stop()
