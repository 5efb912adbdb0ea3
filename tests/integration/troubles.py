"""Lives of a lock in a home in which everything goes wrong that can: of chance, with a seed, in virtual time.

A life is one lock that is added once, with its owner's options; an episode is a dozen troubles in it, after which all
is mended and everything must be as it was. What must hold, whatever happens:

* the motor runs at most once for each call, and never for a call that said that nothing was sent;
* it does not run when all calls have ended;
* a state that is shown is not false for longer than it may take to find out;
* every call ends, with success or with one of Home Assistant's errors, and success is true.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
import contextlib
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_component import async_update_entity
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import LockAction, LockState
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.protocol.frames import Session
from simulator.impostor import Eavesdropper, Impostor, knows_nobody, replay
from simulator.lock.faults import FAULTS, Once
from simulator.radio import RadioTiming
from simulator.virtual_lock import Jam, VirtualLock, quick
from tests.client.simulated import SimulatedTransport
from tests.integration.home import APP_ID, NUKI_ID, PINS, Home
from tests.integration.wall_time import WallTime
from tests.storage.test_disk import forget

__all__ = ["KINDS", "STEPS", "Clocks", "Life", "false_after"]

KINDS: tuple[tuple[str, str | None], ...] = (
    ("gen2", "app"),
    ("gen3", "bridge"),
    ("gen4", "bridge"),
    ("ultra", None),
    ("gen3", "app"),
    ("gen2", "bridge"),
    ("gen4", "app"),
    ("gen3", "bridge"),
)
"""Models, and what a lock takes us for; the bridge of the third generation is what most owners should have."""

# Longer than any call may take: the deadline of an action, a slow link, a run with a held latch, and reading back.
PATIENCE = 300.0
# A request that was on its way when its caller gave up reaches the lock so soon.
ON_ITS_WAY = 1.0
# Longer than lock 'n' go waits until it locks.
LOCK_N_GO = 120.0
# How often is looked whether what is shown is true, s.
LOOK = 5.0

ACTIONS = {
    "lock": LockAction.LOCK,
    "unlock": LockAction.UNLOCK,
    "open": LockAction.UNLATCH,
    "full_lock": LockAction.FULL_LOCK,
    "lock_n_go": LockAction.LOCK_N_GO,
}
_OURS = frozenset({"full_lock", "lock_n_go"})
_LOCKING = frozenset({LockAction.LOCK, LockAction.FULL_LOCK})
# These say that the lock has got nothing, or has refused it.
NOTHING_SENT = frozenset({"not_started", "replaced", "unreachable", "no_free_slot"})


class Clocks:
    """The time of the world, in which the lock lives, and what our own clock makes of it."""

    def __init__(self) -> None:
        """Begin with a clock that is right."""
        self.world, self.ours = WallTime(), WallTime()

    def sleep(self, seconds: float) -> None:
        """Let the machine sleep: its loop knows nothing of it."""
        self.world.move_on(seconds)
        self.ours.move_on(seconds)

    def mend(self) -> None:
        """Put our clock right."""
        self.ours.move_on((self.world() - self.ours()).total_seconds())


@dataclass(eq=False)
class Order:
    """A call of an action, and what came of it."""

    action: LockAction
    began: float
    ended: float | None = None
    disturbed: bool = False
    """Somebody else moved the bolt meanwhile, or the call went to an entity that was not there."""
    failure: str | None = None
    """The translation key, or the kind, of its error."""
    task: asyncio.Task[None] | None = None


def false_after(client_type: str | None, *, twin: bool) -> float:
    """Return for how long a state may be shown that is not true any more, in seconds.

    A bridge is told by the change flag, and believes for 60 s. That a lock is out of reach Home Assistant looks up every
    300 s, 195 s after its last packet at the earliest. An App, and a bridge whose flag another instance reads away, finds
    out by the poll, and believes for two of its intervals, which are 4 h for a flag that has proved itself.
    """
    if client_type != "bridge":
        return 1500.0
    return 29_000.0 if twin else 560.0


class Life:
    """One lock, its entry, and what happens to them."""

    def __init__(self, home: Home, clocks: Clocks, seed: int) -> None:
        """Draw what kind of a life it is."""
        self.home, self.clocks, self.random = home, clocks, Random(seed)
        self.seed = seed
        self.model, self.client_type = KINDS[seed % len(KINDS)]
        self.has_twin = self.random.random() < 0.25
        self.limit = false_after(self.client_type, twin=self.has_twin)
        self.orders: list[Order] = []
        self.twins: list[tuple[float, float]] = []
        """When another instance with our keys was at the lock."""
        self.others: list[asyncio.Task[None]] = []
        self.said: list[str] = []
        """What has happened in this episode, for the report."""
        self.wrong: list[str] = []
        self.lock: VirtualLock
        self.entry: MockConfigEntry
        self._began = 0.0
        self._false_since: float | None = None
        self._impostor: Impostor | None = None
        self._reloading = False

    # --- Beginning and end --------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Mount the lock, listen to it, and add it."""
        home, random = self.home, self.random
        home.radio.timing = RadioTiming()
        lock = VirtualLock(
            self.model,
            nuki_id=NUKI_ID,
            pin=PINS[self.model],
            locked=random.random() < 0.5,
            timing=quick(
                advertising_interval=2.0,
                processing=0.02,
                lock=1.0,
                unlock=1.0,
                unlatch=0.5,
                boot_run=random.choice((0.6, 3.0, 8.0)),
                battery_change=5.0,
                reboot=1.0,
            ),
            random=random.randbytes,
            now=self.clocks.world,
        )
        self.lock = lock
        home.locks.append(lock)
        self.listener = Eavesdropper(lock)
        home.radio.add_peripheral(self.listener)
        pin = str(PINS[self.model]) if random.random() < 0.6 else None
        options = {"stay_connected": True} if random.random() < 0.15 else {}
        self.entry = await home.set_up(lock, self.client_type, pin=pin, **options)
        data = self.entry.data
        session = Session(
            authorization_id=data["authorization_id"], shared_key=bytes.fromhex(data["shared_key"])
        )
        self.twin = LockClient(
            SimulatedTransport(home.radio, lock.address),
            dialect=lock.model.dialect,
            session=session,
            app_id=APP_ID,
        )
        self._watch = home.hass.async_create_background_task(self._look(), "truth")

    async def end(self) -> None:
        """Remove the lock, and everything about it."""
        self._watch.cancel()
        await self.twin.close()
        assert await self.home.hass.config_entries.async_remove(self.entry.entry_id)
        await self.home.hass.async_block_till_done()
        for flow in self.home.flows(self.lock):
            self.home.hass.config_entries.flow.async_abort(flow["flow_id"])
        await self.home.radio.remove_peripheral(self.lock.address)
        self.lock.power_off()

    async def episode(self, steps: int) -> list[str]:
        """Live through so many troubles, mend all, and return what was wrong."""
        self._began = self.home.now
        self.orders.clear()
        self.twins.clear()
        self.said.clear()
        self.wrong.clear()
        self.lock.journal.entries.clear()
        del self.listener.links[:-6]
        names, weights = zip(*((step, often) for step, (_, often) in STEPS.items()), strict=True)
        for _ in range(steps):
            (name,) = self.random.choices(names, weights)
            self.said.append(f"{self.home.now - self._began:.2f} {name}")
            await STEPS[name][0](self)
        await self._mend()
        self._judge()
        return [f"{wrong} [{self.story}]" for wrong in self.wrong]

    @property
    def story(self) -> str:
        """Return what has happened in this episode, in one line."""
        return f"seed {self.seed}, {self.model} {self.client_type}: {'; '.join(self.said)}"

    # --- What happens -------------------------------------------------------------------------------------

    def say(self, what: object) -> None:
        """Add how it happened."""
        self.said[-1] += f" {what}"

    def call(self) -> None:
        """Call an action, and go on."""
        name = self.random.choice([*ACTIONS, "lock", "unlock", "lock", "unlock"])
        self.say(name)
        self._call(name)

    def _call(self, name: str) -> Order:
        lock_n_go = any(order.action == LockAction.LOCK_N_GO for order in self.orders)
        order = Order(ACTIONS[name], self.home.now, disturbed=lock_n_go or self._reloading)
        self.orders.append(order)
        order.task = self.home.hass.async_create_task(self._carry_out(order, name), eager_start=False)
        return order

    async def _carry_out(self, order: Order, name: str) -> None:
        try:
            await self.home.call(name, DOMAIN if name in _OURS else "lock")
            if not order.disturbed and self.lock.bolt_locked is not (order.action in _LOCKING):
                self.wrong.append(f"{name} was told done, and the bolt is elsewhere")
        except HomeAssistantError as error:
            order.failure = error.translation_key or repr(error)
        except asyncio.CancelledError:
            order.failure = "canceled"
            raise
        except BaseException as error:  # noqa: BLE001 - any of them is a defect, and is told
            order.failure = repr(error)
            self.wrong.append(f"{name} raised {error!r}")
        finally:
            order.ended = self.home.now

    def cancel(self) -> None:
        """Give up one of the calls that are under way."""
        if pending := [order.task for order in self.orders if order.task and not order.task.done()]:
            self.random.choice(pending).cancel()

    def ask(self) -> None:
        """Ask for something that moves nothing: a read, a link ahead, the clock, the settings."""
        what = self.random.choice(("read", "connect", "sync_time", "save_settings", "brightness"))
        self.say(what)
        home = self.home

        def service(domain: str, name: str, key: str = "lock", **fields: Any) -> Awaitable[Any]:
            target = {"entity_id": home.entity_id(key), **fields}
            return home.hass.services.async_call(domain, name, target, blocking=True)

        match what:
            case "read":
                self._other(async_update_entity(home.hass, home.entity_id("lock")))
            case "brightness":
                value = self.random.randrange(6)
                self._other(service("number", "set_value", "led_brightness", value=value))
            case _:
                self._other(service(DOMAIN, what))

    def _other(self, work: Awaitable[Any]) -> None:
        async def carry_out() -> None:
            try:
                await work
            except HomeAssistantError:
                pass
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 - any of them is a defect, and is told
                self.wrong.append(f"something asked raised {error!r}")

        self.others.append(self.home.hass.async_create_task(carry_out(), eager_start=False))

    async def wait(self) -> None:
        """Let time pass."""
        seconds = self.random.choice((0.03, 0.1, 0.35, 0.6, 1.0, 2.5, 4.0, 10.0, 30.0, 120.0, 700.0))
        self.say(seconds)
        await asyncio.sleep(seconds)

    def fault(self) -> None:
        """Switch one of the lock's named faults on."""
        name = self.random.choice(FAULT_NAMES)
        argument = self.random.choice(_ARGUMENTS.get(name, (None,)))
        self.say(f"{name}:{argument}")
        self.lock.faults.switch_on(name, argument)

    async def no_adapter(self) -> None:
        """Pull the adapter out for a while."""
        seconds = self.random.choice((1.0, 30.0, 300.0))
        self.say(seconds)
        self.home.adapter.stop()
        await asyncio.sleep(seconds)
        self.home.adapter.start(self.home.hass)

    async def out_of_reach(self) -> None:
        """Lose the lock from sight for a while."""
        seconds = self.random.choice((0.5, 5.0, 30.0, 300.0))
        self.say(seconds)
        self.home.go_out_of_range(self.lock)
        await asyncio.sleep(seconds)
        self.home.come_into_range(self.lock)

    def slow_link(self) -> None:
        """Let connecting take long, or as usual."""
        connect = self.random.choice((0.3, 0.3, 5.0, 18.0, 40.0))
        self.say(connect)
        self.home.radio.timing = replace(self.home.radio.timing, connect=connect)

    def hand(self) -> None:
        """Turn the key, press the button, or move the door."""
        what = self.random.choice(("lock", "unlock", "unlock", "button", "open_door", "close_door"))
        self.say(what)
        match what:
            case "lock" | "unlock":
                self._disturb()
                with contextlib.suppress(ValueError):
                    self.lock.turn_key(what)
            case "button":
                self._disturb()
                self.lock.press_button()
            case "open_door":
                self.lock.open_door()
            case _:
                self.lock.close_door()

    async def no_power(self) -> None:
        """Take the batteries out for a while, or change them."""
        lose = self.random.choice((None, None, (), ("clock",), ("settings",), ("clock", "settings")))
        self.say(lose)
        self._disturb()
        if lose is None:
            self.lock.power_off()
            await asyncio.sleep(self.random.choice((0.1, 5.0, 240.0)))
            self.lock.power_on()
        else:
            self.lock.swap_batteries(lose)

    def jam(self) -> None:
        """Break the mechanics, or mend everything."""
        jam = self.random.choice((*Jam, None, None))
        self.say(jam)
        if jam is None:
            self.lock.repair()
        else:
            self.lock.jam(jam)

    async def reload(self) -> None:
        """Reload the entry, or start again with nothing but what is on disk."""
        restart = self.random.random() < 0.5
        self.say("restart" if restart else "reload")
        manager = self.home.hass.config_entries
        self._reloading = True
        self._disturb()
        if restart:
            assert await manager.async_unload(self.entry.entry_id)
            forget(self.home.hass)
            await asyncio.sleep(self.random.choice((0.0, 20.0, 400.0)))
            assert await manager.async_setup(self.entry.entry_id)
        else:
            assert await manager.async_reload(self.entry.entry_id)
        self._disturb()
        self._reloading = False

    def clock(self) -> None:
        """Let our clock jump, be right again, or the machine sleep."""
        seconds = self.random.choice((0.0, 3600.0, -3600.0, 10 * 365 * 86400.0, -86400.0))
        if self.random.random() < 0.4:
            slept = self.random.choice((120.0, 8 * 3600.0))
            self.say(f"slept {slept:g}")
            self.clocks.sleep(slept)
        elif seconds:
            self.say(f"jumps {seconds:g}")
            self.clocks.ours.move_on(seconds)
        else:
            self.say("is right")
            self.clocks.mend()

    async def another(self) -> None:
        """Let another instance with our keys act, and read what it did."""
        if not self.has_twin:
            return
        action = self.random.choice((LockAction.LOCK, LockAction.UNLOCK))
        self.say(action.name)
        self._disturb()
        began = self.home.now
        with contextlib.suppress(SmartLockError, TimeoutError):
            async with asyncio.timeout(30):
                await self.twin.act(action)
                await self.twin.read_states()
        await self.twin.disconnect()
        self.twins.append((began, self.home.now))
        self._disturb()

    async def impostor(self) -> None:
        """Put somebody in the place of the lock who plays what was recorded, or who knows nobody; or the lock back."""
        if self._impostor is not None:
            self.say("gone")
            await self._lock_back()
            return
        links = [link for link in self.listener.links if link.answers]
        plays = bool(links) and self.random.random() < 0.7
        self.say("plays" if plays else "knows nobody")
        answers = replay(self.random.choice(links)) if plays else knows_nobody(self.lock.model.dialect)
        await self.home.radio.remove_peripheral(self.lock.address)
        self._impostor = Impostor(self.lock, answers)
        self.home.radio.add_peripheral(self._impostor)

    async def _lock_back(self) -> None:
        if self._impostor is not None:
            self._impostor = None
            await self.home.radio.remove_peripheral(self.lock.address)
            self.home.radio.add_peripheral(self.listener)

    def _disturb(self) -> None:
        for order in self.orders:
            order.disturbed = True

    # --- What must hold -----------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Note whenever a state is shown for too long that is not true."""
        while True:
            await asyncio.sleep(LOOK)
            now = self.home.now
            if not self._false():
                self._false_since = None
            elif self._false_since is None:
                self._false_since = now
            elif now - self._false_since > self.limit:
                self.wrong.append(f"{self.home.state()} is shown for {self.limit:g} s, and is not true")
                self._false_since = now

    def _false(self) -> bool:
        """Whether the bolt is shown where it is not, though its lock knows better."""
        shown, lock = self.home.state(), self.lock
        if shown == "locked":
            # Without power the lock knows nothing, but it is not there either.
            return lock.lock_state != LockState.LOCKED or not (lock.status()["power"] or lock.bolt_locked)
        return shown == "unlocked" and lock.lock_state == LockState.LOCKED

    async def _mend(self) -> None:
        """Mend everything, wait for the end of all calls, and see that all works."""
        lock, home = self.lock, self.home
        self.said.append("mended")
        await self._lock_back()
        lock.repair()
        lock.power_on()
        lock.close_door()
        home.come_into_range(lock)
        home.radio.timing = RadioTiming()
        self.clocks.mend()
        await self._all_ended()
        # A run that nobody waits for any more, lock 'n' go, and a positioning run.
        await asyncio.sleep(LOCK_N_GO)
        await self._until(lambda: not self._false(), self.limit + 2 * LOOK, "what is shown stays false")
        # The lock may have been taken for one that does not know us; a call heals that.
        name = "unlock" if lock.bolt_locked else "lock"
        self.said.append(name)
        last = self._call(name)
        await self._all_ended()
        if last.failure is not None:
            self.wrong.append(f"all is mended, and {name} fails: {last.failure}")
        expected = "locked" if lock.bolt_locked else "unlocked"
        await self._until(lambda: home.state() == expected, 60, f"not shown as {expected} after {name}")

    async def _all_ended(self) -> None:
        tasks = [*self.others, *(order.task for order in self.orders if order.task is not None)]
        if pending := [task for task in tasks if not task.done()]:
            _, never = await asyncio.wait(pending, timeout=PATIENCE)
            for task in never:
                self.wrong.append("a call never ends")
                task.cancel()
        self.others.clear()

    async def _until(self, condition: Callable[[], bool], within: float, otherwise: str) -> None:
        try:
            await self.home.until(condition, within=within)
        except TimeoutError:
            self.wrong.append(f"{otherwise} ({self.home.state()})")

    def _judge(self) -> None:
        """Put every run of the motor down to a call, and count what else must not have happened."""
        journal = self.lock.journal
        left = [order for order in self.orders if order.failure not in NOTHING_SENT]
        lock_n_go = [order for order in left if order.action == LockAction.LOCK_N_GO]
        for run in journal.motor_runs:
            if run.facts["trigger"] != "SYSTEM":
                continue
            at, action = run.loop_time, LockAction[str(run.facts["action"])]
            if any(began <= at <= ended + ON_ITS_WAY for began, ended in self.twins):
                continue
            if (order := _of(left, action, at, ON_ITS_WAY)) is not None:
                left.remove(order)
            elif action == LockAction.LOCK and (order := _of(lock_n_go, None, at, LOCK_N_GO)) is not None:
                lock_n_go.remove(order)
            else:
                self.wrong.append(f"the motor ran for nobody: {action.name} at {at - self._began:.2f}")
        for broken in journal.broken_rules:
            # Another instance with our keys asks for a challenge between ours and our request.
            if not (self.twins and broken.facts["rule"] == "a nonce that is not the last challenge"):
                self.wrong.append(f"rule broken: {dict(broken.facts)}")
        for sent in journal.pins_sent:
            if not sent.facts["accepted"]:
                self.wrong.append(f"wrong PIN: {dict(sent.facts)}")
        shown = self.home.state()
        if shown in (STATE_UNKNOWN, STATE_UNAVAILABLE):
            self.wrong.append(f"all is mended, and the state is {shown}")


def _of(orders: list[Order], action: LockAction | None, at: float, after: float) -> Order | None:
    """Return the call that a run belongs to: of those that fit, the one that ended first."""
    fit = [
        order
        for order in orders
        if action in (None, order.action) and order.began <= at <= (order.ended or at) + after
    ]
    return min(fit, key=lambda order: order.ended or at, default=None)


def _at_once(do: Callable[[Life], None]) -> Callable[[Life], Coroutine[Any, Any, None]]:
    async def step(life: Life) -> None:
        do(life)

    return step


FAULT_NAMES = [name for name in FAULTS if name != "none"]
# Arguments beside the one that is meant by none.
_ARGUMENTS: dict[str, tuple[str | None, ...]] = {
    **dict.fromkeys(Once, (None, "2", "3", "4", "5", "6", "8")),
    Once.LATE_INDICATION: ("1", "3", "6", "20"),
    Once.CORRUPT_INDICATION: ("0", "24", "28", "29", "30", "50"),
    "drop-next-answer": (None, "challenge", "status", "keyturner-states", "error-report"),
    "busy": (None, "any"),
    "refuse": ("0x20", "0x21", "0x42", "0x45:any", "0x99", "0xFF:any"),
}

STEPS: dict[str, tuple[Callable[[Life], Coroutine[Any, Any, None]], float]] = {
    "call": (_at_once(Life.call), 6.0),
    "cancel": (_at_once(Life.cancel), 1.0),
    "ask": (_at_once(Life.ask), 2.0),
    "wait": (Life.wait, 6.0),
    "fault": (_at_once(Life.fault), 4.0),
    "out of reach": (Life.out_of_reach, 1.0),
    "no adapter": (Life.no_adapter, 0.4),
    "slow link": (_at_once(Life.slow_link), 0.7),
    "hand": (_at_once(Life.hand), 3.0),
    "no power": (Life.no_power, 0.8),
    "jam": (_at_once(Life.jam), 1.0),
    "reload": (Life.reload, 0.5),
    "clock": (_at_once(Life.clock), 0.7),
    "another": (Life.another, 1.0),
    "impostor": (Life.impostor, 1.0),
}
"""What may happen, and how often in proportion."""
