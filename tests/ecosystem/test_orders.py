"""What becomes of an order to the lock that is given elsewhere, and what its giver learns; the table is in docs/ecosystem.md."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from homeassistant.exceptions import HomeAssistantError

from simulator.virtual_lock import Timing, VirtualLock
from tests.ecosystem import tables
from tests.ecosystem.voices import GOOGLE_PIN, Alexa, Assist, Google, HomeKit
from tests.integration.home import LOCK_NAME, Home

type Order = Callable[[], Awaitable[str]]

# Longer than any deadline of an action.
LATER = 120.0


def google_answer(answer: dict[str, object]) -> str:
    """Say in words what Google was answered."""
    if needed := answer.get("challengeNeeded"):
        assert isinstance(needed, dict)
        return str(needed["type"])
    return str(answer["status"]) + (f", {answer['errorCode']}" if "errorCode" in answer else "")


async def orders(home: Home, homekit: HomeKit) -> dict[str, Order]:
    """Return the orders that can be given, by what their row is called."""
    hass, entity_id = home.hass, home.entity_id("lock")
    alexa = await Alexa(hass, entity_id).start()
    google = await Google(hass, entity_id).start()
    reporting = await Google(hass, entity_id, report_state=True).start()
    assist = await Assist(hass).start(entity_id)

    async def tile(secured: bool) -> str:
        homekit.order(secured=secured)
        return "takes it"

    async def directive(name: str) -> str:
        return ", ".join(await alexa.order(name))

    async def ask_google(account: Google, lock: bool, pin: str | None = None) -> str:
        return google_answer(await account.order(lock=lock, pin=pin))

    async def action(name: str) -> str:
        try:
            await hass.services.async_call("lock", name, {"entity_id": entity_id}, blocking=True)
        except HomeAssistantError as error:
            return f"error: {error}"
        return "done"

    def say(sentence: str, language: str) -> tuple[str, Order]:
        door = {"en": "the door", "de": "die Tür"}[language]

        async def answer() -> str:
            said = await assist.say(sentence.replace(door, LOCK_NAME), language)
            return said.replace(LOCK_NAME, door)

        return f"Assist: {sentence}", answer

    return {
        "Home Assistant: lock": lambda: action("lock"),
        "Home Assistant: unlock": lambda: action("unlock"),
        "Home Assistant: open": lambda: action("open"),
        "HomeKit: lock": lambda: tile(True),
        "HomeKit: unlock": lambda: tile(False),
        "Alexa: lock": lambda: directive("Lock"),
        "Alexa: unlock": lambda: directive("Unlock"),
        "Google: lock": lambda: ask_google(google, True),
        "Google: unlock": lambda: ask_google(google, False),
        "Google: unlock, with PIN": lambda: ask_google(google, False, GOOGLE_PIN),
        "Google: unlock, with PIN, states are reported": lambda: ask_google(reporting, False, GOOGLE_PIN),
        **dict(
            (
                say("lock the door", "en"),
                say("unlock the door", "en"),
                say("open the door", "en"),
                say("sperre die Tür zu", "de"),
                say("sperre die Tür auf", "de"),
                say("öffne die Tür", "de"),
            )
        ),
    }


async def moved(home: Home, lock: VirtualLock, order: Order, *, locked: bool) -> tuple[str, str, str]:
    """Give an order and return for what the motor ran, what the giver was told, and when."""
    await home.call("lock" if locked else "unlock")
    lock.journal.entries.clear()
    answer = await order()
    moving = "while the bolt moves" if lock.busy else "when the bolt has moved"
    when = moving if lock.journal.motor_runs else "before the bolt moves"
    await asyncio.sleep(LATER)
    runs = [str(entry.facts["action"]) for entry in lock.journal.motor_runs]
    assert len(runs) < 2
    return (runs or ["none"])[0], answer, when if runs else ""


async def test_orders(home: Home, tmp_path: Path) -> None:
    """Each order, with the lock in range and out of range."""
    lock = home.add_lock(timing=Timing(advertising_interval=0.3))
    await home.set_up(lock)
    homekit = await HomeKit.start(home.hass, home.entity_id("lock"), tmp_path, bridged=False)
    given = await orders(home, homekit)
    seen = {}
    for name, order in given.items():
        locks = name.endswith((": lock", ": lock the door", " zu"))
        seen[name] = await moved(home, lock, order, locked=not locks)
    home.go_out_of_range(lock)
    await home.until(lambda: home.state() == "unavailable")
    lock.journal.entries.clear()
    rows = []
    for name, order in given.items():
        run, answer, ended = seen[name]
        # Without what the Bluetooth integration knows of its scanners.
        said = (await order()).partition(". unknown (never seen")[0]
        await home.hass.async_block_till_done()
        if name.startswith("HomeKit"):
            said += ", then shows " + " / ".join(homekit.shown())
        rows.append((name, run, answer, ended, said))
    await asyncio.sleep(LATER)
    home.come_into_range(lock)
    await home.heard(lock)
    await asyncio.sleep(LATER)
    # What was ordered while it was away never happens later.
    assert lock.journal.motor_runs == []
    head = ("Action", "The motor runs for", "Answer", "Given", "Answer while out of range")
    tables.check(
        "orders", tables.rendered(tables.versions("HAP-python", "home-assistant-intents"), head, rows)
    )
