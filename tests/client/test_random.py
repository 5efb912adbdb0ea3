"""Everything at random: client and virtual lock under all named faults, in virtual time.

A run is a story: requests, cancellations, faults, hands on the door, batteries out, the lock out of reach, and
time that passes. In the end everything is mended and the client must know the truth.

In CI it is short. For a long campaign: scripts/test tests/client/test_random.py --hypothesis-profile=campaign
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, override

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
import pytest

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.faults.rules.faults import Faults
from custom_components.smartlock.protocol import conversations, frames
from custom_components.smartlock.protocol.enums import Command, LockAction, LockState
from custom_components.smartlock.protocol.errors import LinkError, SmartLockError
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import (
    ErrorReport,
    KeyturnerStates,
    LockActionRequest,
    Message,
)
from simulator.lock.faults import FAULTS, Once
from simulator.virtual_lock import Jam, Kind
from simulator.virtual_time import VirtualTimeLoop
from tests.client.simulated import PINS, World

# Longer than any request may take: deadline, a run with a held latch, and reading back.
PATIENCE = 300.0
# Longer than any run, lock 'n' go and an idle link.
REST = 120.0

LOCKED_AFTER = {LockAction.LOCK: True, LockAction.FULL_LOCK: True}
ACTIONS = (
    LockAction.UNLOCK,
    LockAction.LOCK,
    LockAction.FULL_LOCK,
    LockAction.UNLATCH,
    LockAction.LOCK_N_GO,
)

# Arguments beside the one that is meant by none; occasions of an action are five, a few more hit what follows.
_ARGUMENTS: dict[str, tuple[str | None, ...]] = {
    **dict.fromkeys(Once, (None, "2", "3", "4", "5", "6", "8")),
    Once.LATE_INDICATION: ("1", "3", "6", "20"),
    Once.CORRUPT_INDICATION: ("0", "24", "28", "29", "30", "50"),
    "drop-next-answer": (None, "challenge", "status", "keyturner-states", "error-report"),
    "busy": (None, "any"),
    "refuse": ("0x20", "0x21", "0x22:any", "0x42", "0x45:any", "0x99", "0xFF:any"),
}
faults = st.sampled_from(
    [(name, argument) for name in FAULTS if name != "none" for argument in _ARGUMENTS.get(name, (None,))]
)


@dataclass(eq=False)
class Order:
    """An action that was asked for, and what came of it."""

    action: LockAction
    task: asyncio.Task[None] | None = None
    disturbed: bool = False
    """Somebody else moved the bolt meanwhile, so its place proves nothing."""
    failure: BaseException | None = None


class LockAndClient(RuleBasedStateMachine):
    """One lock, one client, and all that can happen to them."""

    def __init__(self) -> None:
        """Start the clock."""
        super().__init__()
        self.loop = VirtualTimeLoop()
        self.loop.set_exception_handler(self.forgotten)
        self.orders: list[Order] = []
        self.reads: list[asyncio.Task[None]] = []
        self.pins_asked = 0
        self.surprises: list[BaseException] = []
        self.faults = Faults()
        self.failure_told_at = 0
        """Length of the journal when the lock told of a failed run for the last time."""

    def forgotten(self, _loop: object, context: dict[str, Any]) -> None:
        """Take an error that nobody else saw."""
        self.surprises.append(context.get("exception") or RuntimeError(context["message"]))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Carry something out on the virtual clock."""
        self.loop.run_until_complete(work)

    def now(self, do: Callable[[], object]) -> None:
        """Do something that takes no time, on the loop."""

        async def at_once() -> None:
            do()

        self.run(at_once())

    @initialize(model=st.sampled_from(list(PINS)), locked=st.booleans(), mtu=st.sampled_from([23, 517]))
    def begin(self, model: str, locked: bool, mtu: int) -> None:
        """Mount a lock and pair with it."""

        async def begin() -> None:
            self.world = World(model, locked=locked)
            self.world.transport.mtu = mtu
            self.client: LockClient = await self.world.pair()
            (entry,) = self.world.lock.authorizations
            self.session: Session = entry.session
            self.world.lock.journal.entries.clear()
            self.world.transport.written.clear()
            self.world.on_heard = self.heard

        self.run(begin())

    def heard(self, message: Message) -> None:
        """Put together which faults the lock has, and check that none is over without a run that went well."""
        before, now = self.faults, datetime.now(UTC)
        match message:
            case KeyturnerStates():
                self.faults = before.with_states_from(message, now)
            case ErrorReport():
                self.faults = before.with_error_report(message.code, message.refused, now)
        entries = self.world.lock.journal.entries
        if self.faults.new_since(before):
            self.failure_told_at = len(entries)
        elif before.active and not self.faults.active:
            since = entries[self.failure_told_at :]
            if not any(e.kind == Kind.MOTOR_STOPPED and e.facts["completion"] == "SUCCESS" for e in since):
                self.surprises.append(AssertionError(f"{before} is over after {message}"))

    # --- Requests -----------------------------------------------------------------------------------------

    @rule(action=st.sampled_from(ACTIONS), deadline=st.sampled_from([15.0, 15.0, 1.0, 0.5]))
    def act(self, action: LockAction, deadline: float) -> None:
        """Order an action."""
        # Its own second run comes at any time.
        disturbed = any(order.action == LockAction.LOCK_N_GO for order in self.orders)
        order = Order(action, disturbed=disturbed)
        self.orders.append(order)
        order.task = self.loop.create_task(self.carry_out(order, deadline))

    async def carry_out(self, order: Order, deadline: float) -> None:
        """Wait for an action, and check what is said to have become of it at that very moment."""
        runs_before = self.runs[order.action]
        try:
            states = await self.client.act(order.action, deadline=deadline)
            if not order.disturbed:
                assert self.world.lock.bolt_locked is LOCKED_AFTER.get(order.action, False)
                assert states is None or states.lock_state == self.world.lock.lock_state
            if order.action == LockAction.UNLATCH:
                assert self.runs[order.action] > runs_before
        except SmartLockError as error:
            order.failure = error
        except asyncio.CancelledError as error:
            order.failure = error
            raise
        except BaseException as error:
            self.surprises.append(error)
            raise

    @rule(what=st.sampled_from(["states", "config", "connect", "log", "right pin", "wrong pin"]))
    def ask(self, what: str) -> None:
        """Ask for something that moves nothing."""
        self.pins_asked += what in ("log", "right pin", "wrong pin")
        self.reads.append(self.loop.create_task(self.read(what)))

    async def read(self, what: str) -> None:
        """Wait for an answer; only known errors may come."""
        try:
            match what:
                case "states":
                    await self.client.read_states()
                case "config":
                    config = await self.client.read(conversations.read_config)
                    assert config.nuki_id == self.world.lock.nuki_id
                case "connect":
                    await self.client.connect()
                case "log":
                    _, entries = await self.client.request(conversations.read_log(self.world.pin, count=3))
                    assert len(entries) <= 3
                case "right pin":
                    await self.client.request(conversations.verify_pin(self.world.pin))
                case _:
                    await self.client.request(conversations.verify_pin(self.world.pin - 1))
                    pytest.fail("a wrong PIN was confirmed")
        except SmartLockError:
            pass
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.surprises.append(error)
            raise

    @precondition(lambda self: self.pending)
    @rule(which=st.integers(min_value=0))
    def cancel(self, which: int) -> None:
        """Give up a request that is under way."""
        self.pending[which % len(self.pending)].cancel()
        self.wait(0)

    @rule(seconds=st.sampled_from([0.0, 0.03, 0.1, 0.35, 0.6, 1.0, 2.5, 4.0, 10.0, 30.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.run(asyncio.sleep(seconds))

    # --- Trouble ------------------------------------------------------------------------------------------

    @rule(fault=faults)
    def fault(self, fault: tuple[str, str | None]) -> None:
        """Switch a fault on."""
        name, argument = fault
        self.world.lock.faults.switch_on(name, argument)

    @rule(jam=st.sampled_from(list(Jam)))
    def jam(self, jam: Jam) -> None:
        """Break the mechanics."""
        self.now(lambda: self.world.lock.jam(jam))

    @rule()
    def repair(self) -> None:
        """Mend everything."""
        self.now(self.world.lock.repair)

    @rule(seconds=st.sampled_from([0.5, 5.0, 30.0]))
    def out_of_reach(self, seconds: float) -> None:
        """Go away for a while."""
        self.set_rssi(None)
        self.wait(seconds)
        self.set_rssi(-60)

    def set_rssi(self, rssi: int | None) -> None:
        """Change the signal of the lock."""
        transport, address = self.world.transport, self.world.lock.address
        self.now(lambda: self.world.radio.set_rssi(transport, address, rssi))

    # --- Hands --------------------------------------------------------------------------------------------

    @rule(action=st.sampled_from(["lock", "unlock"]))
    def turn_key(self, action: str) -> None:
        """Turn the key, if the motor does not hold it."""
        self.disturb()

        def turn() -> None:
            with contextlib.suppress(ValueError):
                self.world.lock.turn_key(action)

        self.now(turn)

    @rule()
    def press_button(self) -> None:
        """Press the button: it starts a run or stops one."""
        self.disturb()
        self.now(self.world.lock.press_button)

    @rule(seconds=st.sampled_from([0.1, 5.0]))
    def take_batteries_out(self, seconds: float) -> None:
        """Take the power for a while."""
        self.disturb()
        self.now(self.world.lock.power_off)
        self.wait(seconds)
        self.now(self.world.lock.power_on)

    def disturb(self) -> None:
        """Note that the bolt may be elsewhere for the orders that are under way, and for what comes at once."""
        for order in self.orders:
            order.disturbed = True

    # --- What must hold -----------------------------------------------------------------------------------

    @property
    def pending(self) -> list[asyncio.Task[None]]:
        """Requests that have not ended."""
        tasks = [*self.reads, *(order.task for order in self.orders if order.task is not None)]
        return [task for task in tasks if not task.done()]

    @property
    def runs(self) -> Counter[LockAction]:
        """How often the motor ran because somebody asked by radio."""
        entries = self.world.lock.journal.motor_runs
        return Counter(
            LockAction[str(entry.facts["action"])] for entry in entries if entry.facts["trigger"] == "SYSTEM"
        )

    @property
    def written(self) -> Counter[LockAction]:
        """How often the client wrote each action, whether the lock got it or not."""
        opened = (frames.decode_encrypted(self.session, value) for value in self.world.transport.written)
        return Counter(
            LockActionRequest.decode(frame.payload[: LockActionRequest.minimum_size]).action
            for frame in opened
            if frame.command == Command.LOCK_ACTION
        )

    @invariant()
    def nothing_unexpected(self) -> None:
        """No request ends with anything but a known error, and no claim was false."""
        for surprise in self.surprises:
            raise surprise

    @invariant()
    def one_write_and_one_run_for_each_order(self) -> None:
        """An order that failed with LinkError was not written; every other one was, at most once."""
        if not hasattr(self, "world"):
            return
        allowed = Counter(order.action for order in self.orders if not isinstance(order.failure, LinkError))
        written, runs = self.written, self.runs
        assert written <= allowed
        # Lock 'n' go locks in the end.
        written[LockAction.LOCK] += written[LockAction.LOCK_N_GO]
        assert runs <= written

    @invariant()
    def no_rule_broken(self) -> None:
        """The client keeps the rules of the protocol whatever the lock does, and repeats no PIN."""
        if not hasattr(self, "world"):
            return
        assert [entry.facts for entry in self.world.lock.journal.broken_rules] == []
        assert len(self.world.lock.journal.pins_sent) <= self.pins_asked

    @rule()
    def all_is_well(self) -> None:
        """When everything is mended and has come to rest, a read tells the truth."""

        async def settle() -> None:
            world, lock = self.world, self.world.lock
            lock.repair()
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*self.pending, return_exceptions=True)
            await asyncio.sleep(REST)
            states = await self.client.read_states()
            heard = [message for message in world.heard if isinstance(message, KeyturnerStates)]
            assert states.lock_state == heard[-1].lock_state == lock.lock_state
            if states.lock_state in (LockState.LOCKED, LockState.UNLOCKED):
                assert (states.lock_state == LockState.LOCKED) is lock.bolt_locked

        self.run(settle())

    @override
    def teardown(self) -> None:
        async def end() -> None:
            await self.client.close()
            await self.world.radio.stop()

        try:
            if hasattr(self, "client"):
                self.all_is_well()
                self.one_write_and_one_run_for_each_order()
                self.no_rule_broken()
                self.nothing_unexpected()
                self.run(end())
        finally:
            if tasks := asyncio.all_tasks(self.loop):
                for task in tasks:
                    task.cancel()
                self.loop.run_until_complete(asyncio.wait(tasks))
            self.loop.close()


TestLockAndClient = pytest.mark.timeout(0)(LockAndClient.TestCase)
if settings.get_current_profile_name() != "campaign":
    TestLockAndClient.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
