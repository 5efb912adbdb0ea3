"""What an owner does with locks on a local adapter, step by step, and what must come of it in the end.

A radio stack loses things now and then, and everything is emulated: nothing is asserted about how long it takes, and
everything about what came of it, how often the bolt moved above all.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
import sys
import time
from typing import Any, ClassVar, Final

from simulator.bluez.controller import VirtualDevice
from simulator.bluez.home import BluezHome
from simulator.bluez.machine import Machine, MachineError
from simulator.demo.owner import DOMAIN, entities_of, open_pairing_form, submit_pairing_form
from simulator.home_assistant import HomeAssistantError, RequestError
from simulator.virtual_lock import VirtualLock
from tests.e2e.conftest import PIN, PIN_OF_SIX, complaints_in, secret_in
from tests.e2e.owned import OwnedLock
from tests.e2e.test_battery_change import CHANGES, FIX, issue_of, noticed, written
from tests.e2e.test_settings import setting
from tests.integration.home import SWITCHED_ON

__all__ = ["Campaign", "say"]

type Owned = OwnedLock[BluezHome]

# Seconds for whatever has to come of something in the end: Home Assistant looks after a silent adapter every half a
# minute, and starts it again after a minute and a half.
EVENTUALLY: Final = 300.0
# Between two tries of an owner who was told that something did not work.
AGAIN: Final = 5.0

# What a log may say of a lock whose adapter is gone.
UNREACHABLE: Final = "Error fetching smartlock data: The lock cannot be reached"

APP_LOCK, BRIDGE_LOCK, ULTRA_LOCK = 0x2E5B0001, 0x2E5B0002, 0x2E5B0003


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class StepFailedError(Exception):
    """Something is not as it should be; the text is for people."""


def expect(what: str, found: object, wanted: object) -> None:
    """Raise StepFailedError unless what was found is what was wanted."""
    if found != wanted:
        raise StepFailedError(f"{what}: {found} instead of {wanted}")


class Campaign:
    """All steps, one line each."""

    PARTS: ClassVar = ("app", "bridge", "ultra")

    def __init__(self, machine: Machine, only: list[str]) -> None:
        """Prepare a campaign in a machine that runs; `only` names parts, none means all."""
        self._machine = machine
        self._only = only or list(self.PARTS)
        self._home = BluezHome(machine, machine.folder / "config", enabled=SWITCHED_ON)
        self._failed: list[str] = []
        self._keys: list[str] = []
        self._began = time.monotonic()

    async def run(self) -> bool:
        """Go through everything and return whether every step passed."""
        bluez = (await self._machine.run(*self._machine.bluetoothd, "--version")).strip()
        systems = f"Linux {self._machine.kernel}, BlueZ {bluez}"
        say(f"PASS  booted: {systems} ({self._machine.boot_seconds:.0f} s)")
        async with self._home:
            version = (await self._home.api.command("get_config"))["version"]
            systems += f", Home Assistant {version}"
            start = self._home.home_assistant.start_seconds
            say(f"PASS  Home Assistant runs and has the adapter ({start:.0f} s)")
            for part in self._only:
                await getattr(self, f"_{part}")()
            await self._step("no complaint and no secret in the log", self._read_log)
        minutes = (time.monotonic() - self._began) / 60
        if self._failed:
            say(f"FAIL  {len(self._failed)} steps: {'; '.join(self._failed)}. {systems}, {minutes:.0f} min")
        else:
            say(f"PASS  every step. {systems}, {minutes:.0f} min")
        return not self._failed

    async def _step(self, name: str, do: Callable[..., Awaitable[object]], /, *what: Any) -> bool:
        """Do one step and print how it went; the next one is tried in any case."""
        begin = time.monotonic()
        try:
            await do(*what)
        except (HomeAssistantError, MachineError, StepFailedError, TimeoutError, AssertionError) as error:
            self._failed.append(name)
            say(f"FAIL  {name} ({time.monotonic() - begin:.1f} s): {error or type(error).__name__}")
            return False
        say(f"PASS  {name} ({time.monotonic() - begin:.1f} s)")
        return True

    # --- The parts ----------------------------------------------------------------------------------------

    async def _app(self) -> None:
        """As app; and its table of services is incomplete at the first connection to it."""
        lock = VirtualLock("gen3", nuki_id=APP_LOCK, pin=PIN)
        device = VirtualDevice(self._home.air, lock, incomplete_at_first=True)
        async with self._mounted("app", device, lock, client_type="app") as owned:
            if owned is None:
                return
            await self._step("app: unlock", self._moves, owned, "unlock", "UNLOCK", "unlocked")
            await self._step("app: lock", self._moves, owned, "lock", "LOCK", "locked")

    async def _bridge(self) -> None:
        lock = VirtualLock("gen3", nuki_id=BRIDGE_LOCK, pin=PIN, name="Front door")
        lock.settings.change(**CHANGES)
        async with self._mounted(
            "bridge", VirtualDevice(self._home.air, lock), lock, client_type="bridge", pin=str(PIN)
        ) as owned:
            if owned is None:
                return
            await self._step("bridge: unlock", self._moves, owned, "unlock", "UNLOCK", "unlocked")
            await self._step("bridge: lock", self._moves, owned, "lock", "LOCK", "locked")
            await self._step("bridge: open", self._moves, owned, "open", "UNLATCH", "unlocked")
            await self._step("bridge: locked by hand", self._by_hand, owned, "lock", "locked")
            await self._step("bridge: a setting", self._change_setting, owned, 2)
            await self._step(
                "bridge: the setting back", self._change_setting, owned, CHANGES["led_brightness"]
            )
            await self._step("bridge: settings saved", self._save_settings, owned)
            await self._step("bridge: batteries changed, settings lost, repair", self._lose_settings, owned)
            await self._step("bridge: settings restored by the repair", self._restore, owned)
            await self._step("bridge: adapter gone, and back", self._lose_adapter, owned)
            await self._step("bridge: bluetoothd killed in the middle of an action", self._kill_daemon, owned)
            await self._step("bridge: locked afterwards", self._eventually, owned, "lock", "LOCK", "locked")
            await self._step("bridge: unlocked by hand", self._by_hand, owned, "unlock", "unlocked")

    async def _ultra(self) -> None:
        lock = VirtualLock("ultra", nuki_id=ULTRA_LOCK, pin=PIN_OF_SIX, name="Back door")
        async with self._mounted(
            "ultra", VirtualDevice(self._home.air, lock), lock, pin=str(PIN_OF_SIX)
        ) as owned:
            if owned is None:
                return
            await self._step("ultra: unlock", self._moves, owned, "unlock", "UNLOCK", "unlocked")
            await self._step("ultra: lock", self._moves, owned, "lock", "LOCK", "locked")
            await self._step("ultra: a setting", self._change_setting, owned, 2)

    @contextlib.asynccontextmanager
    async def _mounted(
        self, name: str, device: VirtualDevice, lock: VirtualLock, **answers: str
    ) -> AsyncIterator[Owned | None]:
        """Put a lock on the air and add it; afterwards it is removed, if nothing forbidden was done to it."""
        added: list[Owned] = []
        async with device:
            await self._step(f"{name}: discovered", self._discovered, lock)
            await self._step(f"{name}: generation found, paired, read", self._add, lock, answers, added)
            yield added[0] if added else None
            for owned in added:
                await self._step(f"{name}: no rule of the protocol broken", self._keeps_rules, owned)
                await self._step(f"{name}: removed", self._home.api.remove_entry, owned.entry_id)

    # --- The steps ----------------------------------------------------------------------------------------

    async def _discovered(self, lock: VirtualLock) -> None:
        await self._home.api.wait_for_discovery(DOMAIN, lock.address, timeout=EVENTUALLY)

    async def _add(self, lock: VirtualLock, answers: dict[str, str], added: list[Owned]) -> None:
        """Add a lock as its owner does: the first connection to a lock never seen must do, without a second try."""
        api = self._home.api
        flow_id = await api.wait_for_discovery(DOMAIN, lock.address)
        await open_pairing_form(api, flow_id)
        await submit_pairing_form(api, flow_id, **answers)
        lock.enter_pairing_mode()
        result = await api.finish_progress(flow_id, timeout=EVENTUALLY)
        if result["type"] != "create_entry":
            raise StepFailedError(f"the dialog shows {result.get('step_id')}: {result.get('errors')}")
        entities = await entities_of(api, lock.nuki_id)
        owned = OwnedLock(
            house=self._home, lock=lock, entry_id=result["result"]["entry_id"], entities=entities
        )
        added.append(owned)
        await owned.shows("lock", "locked", timeout=EVENTUALLY)
        await owned.shows("battery", "100", timeout=EVENTUALLY)

    async def _moves(self, owned: Owned, action: str, run: str, state: str) -> None:
        before = len(owned.motor_runs)
        await owned.call(action)
        await owned.shows("lock", state, timeout=EVENTUALLY)
        expect("motor runs", owned.motor_runs[before:], [run])

    async def _eventually(self, owned: Owned, action: str, run: str, state: str) -> None:
        """Call an action until it is not refused; in all, the motor runs once."""
        before = len(owned.motor_runs)
        async with asyncio.timeout(EVENTUALLY):
            while True:
                try:
                    await owned.call(action)
                    break
                except RequestError:
                    await asyncio.sleep(AGAIN)
        await owned.shows("lock", state, timeout=EVENTUALLY)
        expect("motor runs", owned.motor_runs[before:], [run])

    async def _by_hand(self, owned: Owned, key: str, state: str) -> None:
        """Turn the key while nobody is connected: what the lock advertises is all that tells of it."""
        await owned.disconnect()
        owned.lock.turn_key(key)
        await owned.shows("lock", state, timeout=EVENTUALLY)

    async def _change_setting(self, owned: Owned, brightness: int) -> None:
        entity_id = await setting(owned, "led_brightness")
        await owned.api.call("number.set_value", entity_id, value=brightness)
        await owned.api.wait_for_state(entity_id, str(brightness), timeout=EVENTUALLY)
        expect("in the lock", owned.lock.settings.values.led_brightness, brightness)

    async def _save_settings(self, owned: Owned) -> None:
        answer = await owned.api.command(
            "call_service",
            domain=DOMAIN,
            service="save_settings",
            target={"entity_id": owned.entities.lock},
            return_response=True,
        )
        (snapshot,) = answer["response"].values()
        expect("what was saved lacks", snapshot["lacks"], [])

    async def _lose_settings(self, owned: Owned) -> None:
        await owned.disconnect()
        # Not the clock: for its first ten minutes a machine does not trust its own enough to set another one.
        await noticed(owned, ["settings"], timeout=EVENTUALLY)
        async with asyncio.timeout(EVENTUALLY):
            while await issue_of(owned) is None:
                await asyncio.sleep(1)

    async def _restore(self, owned: Owned) -> None:
        issue = await issue_of(owned)
        if issue is None:
            raise StepFailedError("there is no repair")
        earlier = written(owned.lock)
        shown = await owned.api.request("POST", FIX, {"handler": DOMAIN, "issue_id": issue["issue_id"]})
        path = f"{FIX}/{shown['flow_id']}"
        shown = await owned.api.request("POST", path, {"next_step_id": "restore_all"})
        async with asyncio.timeout(EVENTUALLY):
            while shown["type"] == "progress":
                await asyncio.sleep(1)
                shown = await owned.api.request("GET", path)
        expect("the repair shows", shown.get("step_id"), "report")
        await owned.api.request("POST", path, {})
        values = owned.lock.settings.values
        expect("in the lock", {name: getattr(values, name) for name in CHANGES}, CHANGES)
        expect("writes of a field", set((written(owned.lock) - earlier).values()), {1})
        expect("the repair", await issue_of(owned), None)

    async def _lose_adapter(self, owned: Owned) -> None:
        before = len(owned.motor_runs)
        await owned.disconnect()
        self._home.adapter.pull_out()
        try:
            await owned.call("unlock")
        except RequestError:
            expect("motor runs without an adapter", owned.motor_runs[before:], [])
        else:
            raise StepFailedError("an action succeeded without an adapter")
        finally:
            await self._home.adapter.plug_in()
        state = "unlocked" if not owned.lock.bolt_locked else "locked"
        if state == "unlocked":
            await self._eventually(owned, "lock", "LOCK", "locked")
        await self._eventually(owned, "unlock", "UNLOCK", "unlocked")

    async def _kill_daemon(self, owned: Owned) -> None:
        """The action may end in an error, but its outcome is found out, and the bolt moves once."""
        if owned.lock.bolt_locked:
            await self._eventually(owned, "unlock", "UNLOCK", "unlocked")
        before = len(owned.motor_runs)
        action = asyncio.ensure_future(owned.call("lock"))
        async with asyncio.timeout(60):
            while len(owned.motor_runs) == before and not action.done():
                await asyncio.sleep(0.01)
        await self._home.restart_bluetoothd()
        with contextlib.suppress(RequestError):
            await action
        await owned.shows("lock", "locked", timeout=EVENTUALLY)
        expect("motor runs", owned.motor_runs[before:], ["LOCK"])
        await self._eventually(owned, "unlock", "UNLOCK", "unlocked")

    async def _keeps_rules(self, owned: Owned) -> None:
        stored = self._home.home_assistant.storage("core.config_entries").get("entries", ())
        self._keys += [entry["data"]["shared_key"] for entry in stored if entry["domain"] == DOMAIN]
        expect("rules broken", owned.rules_broken, [])

    async def _read_log(self) -> None:
        log = self._home.home_assistant.log()
        expect("secrets", secret_in(log, *self._keys), None)
        expect("keys that were looked for", len(self._keys) > 0, True)
        expect("complaints", complaints_in(log, UNREACHABLE), [])
