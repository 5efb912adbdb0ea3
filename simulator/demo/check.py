"""The main job without a person: add the lock, move its bolt, break it, mend it."""

import asyncio
from collections.abc import Awaitable, Callable
import json
from pathlib import Path
import time
from typing import Any, Final

from simulator.control import ask
from simulator.demo.owner import (
    DOMAIN,
    LockEntities,
    entities_of,
    finish_pairing,
    open_pairing_form,
    submit_pairing_form,
)
from simulator.demo.world import CODE, NUKI_ID, RESIDENT, World
from simulator.home_assistant import HomeAssistantApi, HomeAssistantError, RequestError

__all__ = ["CheckFailedError", "add_lock", "check", "hand", "step"]

# Seconds. Without a change flag, Home Assistant asks the lock when it is asked to, at most every 10 s.
NOTICE_TIMEOUT: Final = 30.0

# A code that nobody has.
WRONG_CODE: Final = 999999

type Hand = Callable[..., Awaitable[list[str]]]


class CheckFailedError(Exception):
    """Something is not as it should be; the text is for people."""


def hand(control: Path) -> Hand:
    """Return what does things to the lock by hand, as `scripts/virtual-lock` does."""

    async def do(command: str, **options: Any) -> list[str]:
        return await asyncio.to_thread(ask, {"command": command, **options}, control)

    return do


async def step[T](name: str, work: Awaitable[T]) -> T:
    """Do one step and print how it went. Raises CheckFailedError."""
    start = time.monotonic()
    try:
        result = await work
    except (HomeAssistantError, CheckFailedError) as error:
        print(f"FAILED  {name}", flush=True)
        raise CheckFailedError(str(error)) from error
    print(f"ok  {name}  ({time.monotonic() - start:.1f} s)", flush=True)
    return result


async def add_lock(api: HomeAssistantApi, plan: World) -> LockEntities:
    """Add the discovered lock as the owner does, and hold its button when asked to."""
    do = hand(plan.control)
    flow_id = await step("discovered", api.wait_for_discovery(DOMAIN))
    await step("generation found, the form asks how to pair", open_pairing_form(api, flow_id))
    # As Bridge it is notified at once of what is done by hand; the fifth generation knows no Bridge.
    how = {} if plan.model.dialect.pin_for_pairing else {"client_type": "bridge"}
    # The PIN is what the log is read with: who opens the door.
    answers = {"pin": str(plan.pin), **how}
    await step("the button is asked for", submit_pairing_form(api, flow_id, **answers))
    await step("button held, paired", finish_pairing(api, flow_id, lambda: do("press-button", how="hold")))
    return await entities_of(api, NUKI_ID)


async def check(api: HomeAssistantApi, plan: World) -> None:
    """Go through the main job. Raises CheckFailedError."""
    entities = await add_lock(api, plan)
    await Check(api, plan, entities).run()


class Check:
    """The steps after the lock has been added."""

    def __init__(self, api: HomeAssistantApi, plan: World, entities: LockEntities) -> None:
        """Start with a lock that has just been added."""
        self._api = api
        self._plan = plan
        self._do = hand(plan.control)
        self._entities = entities

    async def run(self) -> None:
        """Take all steps in order. Raises CheckFailedError."""
        await step("state read", self._first_read())
        await step("turned by hand", self._turn_by_hand())
        await step("locked", self._act("lock.lock", "locked"))
        await step("unlocked", self._act("lock.unlock", "unlocked"))
        await step("opened", self._open())
        await step("door open", self._move_door("open-door", "on"))
        await step("door closed", self._move_door("close-door", "off"))
        await step("clutch jammed, and said so", self._jam())
        await step("repaired, locked", self._repair())
        await step("batteries low", self._drain_batteries())
        await step("batteries swapped", self._swap_batteries())
        await step("unlocked again", self._act("lock.unlock", "unlocked"))
        await step("locked again", self._act("lock.lock", "locked"))
        await step(f"{RESIDENT} came in by code, and is named", self._come_in())
        await step("a wrong code refused, and said so", self._try_wrong_code())
        await step("one motor run an action, no PIN sent without need", self._read_journal())

    async def _first_read(self) -> None:
        await self._api.wait_for_state(self._entities.lock, "locked")
        await self._api.wait_for_state(self._entities.battery, "100")
        await self._api.wait_for_state(self._entities.door, "off")
        await self._api.wait_for_state(self._entities.clutch_fault, "off")

    async def _turn_by_hand(self) -> None:
        await self._do("turn-key", action="unlock")
        await self._notice(self._entities.lock, "unlocked")

    async def _act(self, action: str, state: str) -> None:
        """Call an action: the lock shows the state when the call is over, without further ado."""
        await self._api.call(action, self._entities.lock)
        await self._api.wait_for_state(self._entities.lock, state, timeout=1)
        bolt = (await self._status())["bolt"]
        if bolt != state:
            raise CheckFailedError(f"Home Assistant shows {state}, but the bolt is {bolt}")

    async def _open(self) -> None:
        seen = len(self._api.history)
        await self._api.call("lock.open", self._entities.lock)
        await self._api.wait_for_state(self._entities.lock, "unlocked")
        states = [state.state for state in self._api.history[seen:] if state.entity_id == self._entities.lock]
        if "open" not in states:
            raise CheckFailedError(f"Home Assistant showed {states} and never that the latch was pulled")

    async def _move_door(self, command: str, state: str) -> None:
        await self._do(command)
        await self._notice(self._entities.door, state)

    async def _jam(self) -> None:
        await self._do("jam", what="clutch")
        try:
            await self._api.call("lock.lock", self._entities.lock)
        except RequestError as error:
            if "clutch" not in error.message:
                raise CheckFailedError(f"the action failed with an unfit message: {error.message}") from error
        else:
            raise CheckFailedError("the action succeeded with a jammed clutch")
        await self._api.wait_for_state(self._entities.clutch_fault, "on")
        if (found := await self._issues("fault_")) != ["fault_clutch_failure"]:
            raise CheckFailedError(f"the repairs are about {found}")

    async def _repair(self) -> None:
        await self._do("repair")
        await self._act("lock.lock", "locked")
        await self._api.wait_for_state(self._entities.clutch_fault, "off")
        if found := await self._issues("fault_"):
            raise CheckFailedError(f"{found} is still there to be repaired")

    async def _issues(self, kind: str) -> list[str]:
        """Return what the open repairs are whose name begins so."""
        listed = await self._api.command("repairs/list_issues")
        keys = [issue["translation_key"] for issue in listed["issues"] if issue["domain"] == DOMAIN]
        return [key for key in keys if key.startswith(kind)]

    async def _drain_batteries(self) -> None:
        await self._do("battery", percent=10)
        await self._notice(self._entities.battery, "10")
        if (found := await self._issues("battery_")) != ["battery_critical"]:
            raise CheckFailedError(f"the repairs are about {found}")

    async def _swap_batteries(self) -> None:
        await self._do("swap-batteries", lose="")
        await self._notice(self._entities.battery, "100")
        await self._notice(self._entities.lock, "locked")
        if found := await self._issues("battery_"):
            raise CheckFailedError(f"{found} is still there to be repaired")

    async def _come_in(self) -> None:
        await self._do("enter-code", code=CODE, action="unlock")
        await self._notice(self._entities.lock, "unlocked")
        await self._shows(
            self._entities.activity, event_type="unlocked", user=RESIDENT, method="keypad_code", late=False
        )

    async def _try_wrong_code(self) -> None:
        await self._do("enter-code", code=WRONG_CODE, action="unlock")
        # Nothing has changed that the lock would announce, so it is read as the poll does.
        await self._api.call("homeassistant.update_entity", self._entities.lock)
        await self._shows(self._entities.access_denied, event_type="wrong_code", user=None)
        bolt = (await self._status())["bolt"]
        if bolt != "unlocked":
            raise CheckFailedError(f"after a wrong code the bolt is {bolt}")

    async def _shows(self, entity_id: str, **facts: Any) -> None:
        """Wait until the last event of an entity says something."""

        def shown() -> bool:
            shown = self._api.states.get(entity_id)
            return shown is not None and facts.items() <= shown.attributes.items()

        await self._api.wait_for(f"{entity_id} to say {facts}", shown, NOTICE_TIMEOUT)

    async def _read_journal(self) -> None:
        journal = [json.loads(line) for line in await self._do("journal")]
        runs = [entry["action"] for entry in journal if entry["kind"] == "motor_started"]
        wanted = ["LOCK", "UNLOCK", "UNLATCH", "LOCK", "LOCK", "UNLOCK", "LOCK", "UNLOCK"]
        if runs != wanted:
            raise CheckFailedError(f"the motor ran for {runs} instead of {wanted}")
        if pins := [
            entry["command"] for entry in journal if entry["kind"] == "pin_sent" and not entry["needed"]
        ]:
            raise CheckFailedError(f"a PIN was sent without need to {pins}")
        if rules := [entry["rule"] for entry in journal if entry["kind"] == "broken_rule"]:
            raise CheckFailedError(f"the client broke rules of the protocol: {rules}")

    async def _notice(self, entity_id: str, state: str) -> None:
        """Wait until something done by hand shows."""
        if not self._plan.model.state_flag:
            # This model does not tell of changes; the poll would find them after minutes.
            await self._api.call("homeassistant.update_entity", entity_id)
        await self._api.wait_for_state(entity_id, state, timeout=NOTICE_TIMEOUT)

    async def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads("\n".join(await self._do("status")))
        return status
