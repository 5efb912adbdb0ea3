"""A day in the life: what it costs on the radio, and how soon a change by hand is shown.

Our side is the whole integration in Home Assistant; the other is pyNukiBT in the same Home Assistant with the
policy of hass_nuki_bt. Both live through the same day with the same seeds, paired as Bridge and without a PIN.

What it costs to read the log is measured against ourselves, with a keypad and the PIN: once with and once without.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median
from typing import Any
from unittest.mock import patch

from homeassistant.components.lock import LockState as View
from homeassistant.const import ATTR_ENTITY_ID, EVENT_STATE_CHANGED, STATE_OFF, STATE_ON
from homeassistant.core import Event as HassEvent, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event, async_track_state_report_event

from benchmarks import home
from benchmarks.bad_radio import HardToReach
from benchmarks.parameters import LOCK, RADIO
from benchmarks.peer import Policy, nuki
from benchmarks.rows import Row, percentile
from benchmarks.schedule import Day, Event
from benchmarks.sides import Paired, device_of, entry_of, paired_lock
from custom_components.smartlock.activity.tracker import ActivityTracker
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import KeypadAction
from custom_components.smartlock.protocol.messages import KeyturnerStates, TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.local_adapter import LocalAdapter
from simulator.radio import Radio
from simulator.virtual_lock import VirtualLock

__all__ = ["day"]

POLICY = "hass_nuki_bt's policy"
# Until both sides have set up and let go of the lock, before the day begins, in seconds.
SETTLING = 60.0
# Without the rows of these nobody would see what has happened.
SHOWN = ("lock.lock", "binary_sensor.lock_door")
# What the whole day wrote at commit b176766, with 35 entities enabled for a new lock.
ROWS_BEFORE = 74
# How often the entities looked for changes on it at commit 6ea37da.
UPDATES_BEFORE = 148
# A day that is cut off here still has a key, a door and an operation, in seconds.
QUICK_LENGTH = 7 * 3600.0
_CODE = 345678
# Days with and without a look at the log.
_LIVES = 2
# Chance decides more of those with bad hours.
_BAD_LIVES = 6


@dataclass(frozen=True)
class Shown:
    """What somebody sees, or would see if everything were shown; None for neither of both."""

    locked: bool | None
    door_open: bool | None


type Show = Callable[[Shown], None]
type Act = Callable[[str], Awaitable[object]]
"""Locks or unlocks from Home Assistant."""
type Household = Callable[[HomeAssistant, Paired, Show], AbstractAsyncContextManager[Act]]
"""Sets one side up."""


@dataclass(kw_only=True)
class Figures:
    """What came of the day."""

    radio_on: float = 0.0
    connections: int = 0
    attempts: int = 0
    notices: list[float] = field(default_factory=list)
    """Seconds from each change by hand until it was shown."""
    failed_operations: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    """How often each entity has changed: that is what the recorder writes."""
    updates: int = 0
    """How often all entities were updated, whether they have changed or not."""


@asynccontextmanager
async def our_household(
    hass: HomeAssistant, paired: Paired, show: Show, *, pin: bool = False
) -> AsyncGenerator[Act]:
    """Set this integration up and watch its entities."""
    entry = entry_of(paired, pin=pin)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    registry, nuki_id = er.async_get(hass), f"{paired.lock.nuki_id:08X}"
    bolt = registry.async_get_entity_id("lock", DOMAIN, f"{nuki_id}_lock")
    door = registry.async_get_entity_id("binary_sensor", DOMAIN, f"{nuki_id}_door")
    assert bolt is not None
    assert door is not None

    @callback
    def written(_event: object) -> None:
        bolt_state, door_state = hass.states.get(bolt), hass.states.get(door)
        assert bolt_state is not None
        assert door_state is not None
        show(
            Shown(
                {View.LOCKED: True, View.UNLOCKED: False}.get(View(bolt_state.state))
                if bolt_state.state in list(View)
                else None,
                {STATE_ON: True, STATE_OFF: False}.get(door_state.state),
            )
        )

    stops = [
        track(hass, [bolt, door], written)
        for track in (async_track_state_change_event, async_track_state_report_event)
    ]
    yield lambda what: hass.services.async_call("lock", what, {ATTR_ENTITY_ID: bolt}, blocking=True)
    for stop in stops:
        stop()
    await hass.config_entries.async_unload(entry.entry_id)


@asynccontextmanager
async def their_household(hass: HomeAssistant, paired: Paired, show: Show) -> AsyncGenerator[Act]:
    """Set pyNukiBT up with the policy of hass_nuki_bt."""
    device = device_of(hass, paired)
    await device.connect()
    await device.update_state()

    def shown() -> None:
        state: Any = device.last_state
        show(
            Shown(
                {"LOCKED": True, "UNLOCKED": False}.get(str(state.lock_state)),
                {"DOOR_OPENED": True, "DOOR_CLOSED": False}.get(str(state.door_sensor_state)),
            )
        )

    stop = Policy(hass, device, paired.lock.address, shown).async_start()
    actions = {"lock": device.lock, "unlock": device.unlock}
    yield lambda what: actions[what]()
    stop()
    await device.disconnect()


class Diary:
    """Lives through a day and writes down when each change by hand was shown."""

    def __init__(self, lock: VirtualLock, *, keypad: bool = False) -> None:
        """Begin with a closed door. With a keypad people unlock by a code."""
        self.figures = Figures()
        self._keypad = keypad
        self._lock = lock
        self._door_open = False
        self._waiting: list[float] = []
        self._act: Act | None = None

    async def live(self, day: Day, act: Act) -> None:
        """Let everything happen at its time, whatever has become of what came before."""
        clock = asyncio.get_running_loop().time
        began = clock()
        async with asyncio.TaskGroup() as operations:
            for event in day.events:
                await asyncio.sleep(began + event.at - clock())
                if event.who == "home":
                    operations.create_task(self._operate(act, event.what))
                else:
                    self._by_hand(event)
        await asyncio.sleep(began + day.length - clock())
        # What was not shown by now counts with the rest of the day.
        self.figures.notices += [clock() - changed for changed in self._waiting]

    def show(self, shown: Shown) -> None:
        """Cross off what is shown now."""
        if shown == self._truth:
            now = asyncio.get_running_loop().time()
            self.figures.notices += [now - changed for changed in self._waiting]
            self._waiting.clear()

    @callback
    def recorded(self, event: HassEvent[EventStateChangedData]) -> None:
        """Count what the recorder writes."""
        self.figures.rows[event.data["entity_id"]] += 1

    @callback
    def updated(self) -> None:
        """Count an update of our entities."""
        self.figures.updates += 1

    @property
    def _truth(self) -> Shown:
        return Shown(self._lock.bolt_locked, self._door_open)

    def _by_hand(self, event: Event) -> None:
        before = self._truth
        if event.who == "key" and event.what == "unlock" and self._keypad:
            self._lock.enter_code(_CODE, KeypadAction.UNLOCK)
        elif event.who == "key":
            self._lock.turn_key(event.what)
        elif event.what == "open":
            self._lock.open_door()
            self._door_open = True
        else:
            self._lock.close_door()
            self._door_open = False
        if self._truth != before:
            self._waiting.append(asyncio.get_running_loop().time())

    async def _operate(self, act: Act, what: str) -> None:
        try:
            await act(what)
        except Exception:  # noqa: BLE001 - whatever it is, the owner sees that it failed
            self.figures.failed_operations += 1


async def live(household: Household, day: Day, *, keypad: bool = False) -> Figures:
    """Live through a day with one side, and with a keypad beside the door if that is wanted."""
    radio, paired = Radio(timing=RADIO, seed=day.seed), paired_lock(seed=day.seed, timing=LOCK)
    clock = asyncio.get_running_loop().time
    if keypad:
        paired.lock.pair_accessory("keypad")
        paired.lock.keypad_codes.add(
            _CODE, name="Somebody", created=Date7(2026, 1, 1), time_limited=0, limit=TimeLimit()
        )
    diary = Diary(paired.lock, keypad=keypad)
    async with home.home_assistant() as hass:
        adapter = LocalAdapter(radio)
        adapter.start(hass)
        began = clock() + SETTLING
        radio.add_peripheral(HardToReach(paired.lock, day.bad_radio, day_began=began, seed=day.seed))
        await asyncio.sleep(1)
        async with household(hass, paired, diary.show) as act:
            await asyncio.sleep(began - clock())
            radio.connections.clear()
            stops = [
                hass.bus.async_listen(EVENT_STATE_CHANGED, diary.recorded),
                *(
                    entry.runtime_data.coordinator.async_add_listener(diary.updated)
                    for entry in hass.config_entries.async_loaded_entries(DOMAIN)
                ),
            ]
            await diary.live(day, act)
            for stop in stops:
                stop()
        figures = diary.figures
        figures.connections = sum(each.connected is not None for each in radio.connections)
        figures.attempts = len(radio.connections)
        figures.radio_on = sum((each.ended or clock()) - each.started for each in radio.connections)
        paired.lock.power_off()
        adapter.stop()
        await radio.stop()
    return figures


async def _no_link(self: ActivityTracker, states: KeyturnerStates) -> None:
    """Leave the link alone."""


def _activity(schedule: Day, *, lives: int, bad_hours: bool) -> Row:
    """Compare the day with a keypad with the same one on which the log is not read.

    With the bad hours, which answers are lost in them depends on everything before, and one lost answer of an action
    costs more than all looks at the log.
    """
    household = partial(our_household, pin=True)
    calm = replace(schedule.bad_radio, connects_failing=0.0, exchanges_lost=0.0)
    radio = schedule.bad_radio if bad_hours else calm
    days = [replace(schedule, seed=schedule.seed + life, bad_radio=radio) for life in range(lives)]
    ours = [home.run(live(household, each, keypad=True)) for each in days]
    with patch.object(ActivityTracker, "async_use_link", _no_link):
        without = [home.run(live(household, each, keypad=True)) for each in days]
    connections = [sum(each.connections for each in side) / lives for side in (ours, without)]
    return Row(
        name="day_activity_bad_hours" if bad_hours else "day_activity_radio_on",
        value=sum(each.radio_on for each in ours) / lives,
        unit="s",
        against="without activity",
        peer=sum(each.radio_on for each in without) / lives,
        note=f"mean of {lives}: {connections[0]:.1f} connections, {connections[1]:.1f} without",
    )


def day(*, quick: bool) -> list[Row]:
    """Return the rows of this module."""
    schedule = Day.load()
    if quick:
        schedule = schedule.until(QUICK_LENGTH)
    ours = home.run(live(our_household, schedule))
    theirs = None if nuki is None else home.run(live(their_household, schedule))

    def row(name: str, unit: str, figure: Callable[[Figures], float], note: str = "") -> Row:
        peer = None if theirs is None else figure(theirs)
        return Row(name=name, value=figure(ours), unit=unit, against=POLICY, peer=peer, note=note)

    sides = {"ours": ours} if theirs is None else {"ours": ours, "policy": theirs}
    note = "; ".join(
        f"{name}: {side.attempts} attempts, {side.failed_operations} operations failed"
        for name, side in sides.items()
    )
    return [
        row("day_radio_on", "s", lambda side: side.radio_on),
        row("day_connections", "connections", lambda side: side.connections, note),
        row("day_notice_median", "s", lambda side: median(side.notices)),
        row("day_notice_p95", "s", lambda side: percentile(side.notices, 95)),
        Row(
            name="recorder_rows",
            value=ours.rows.total(),
            unit="rows",
            against="commit b176766",
            peer=ROWS_BEFORE,
            note=f"bolt and door {sum(ours.rows[each] for each in SHOWN)}: "
            + ", ".join(f"{entity_id} {count}" for entity_id, count in ours.rows.most_common(5)),
        ),
        Row(
            name="entity_updates",
            value=ours.updates,
            unit="updates",
            against="commit 6ea37da",
            peer=UPDATES_BEFORE,
        ),
        _activity(schedule, lives=1 if quick else _LIVES, bad_hours=False),
        _activity(schedule, lives=1 if quick else _BAD_LIVES, bad_hours=True),
    ]
