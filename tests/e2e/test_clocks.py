"""The clocks of the machine part: the whole process of Home Assistant is shown another time of day than it is."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path
import time
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import pytest_socket

from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from custom_components.smartlock.system_clock.rules import SETTLING
from simulator.demo.house import House
from simulator.esphome_proxy import VirtualProxy
from simulator.home_assistant import HomeAssistantProcess, RequestError, free_port
from simulator.home_assistant.connection import WAIT_TIMEOUT
from tests.e2e.conftest import APPS, Mount
from tests.e2e.owned import OwnedLock
from tests.e2e.test_auto_unlock import ABSENCE, AWAY, FURTHER, HOME, move_in
from tests.e2e.test_settings import add_with_pin, setting
from tests.integration.home import SWITCHED_ON

FAKETIME = find_spec("libfaketime")

pytestmark = pytest.mark.skipif(
    FAKETIME is None, reason="libfaketime is not installed (requirements_faketime.txt)"
)

# A machine without a battery for its clock begins with a time from long ago.
YEARS, HOUR = timedelta(days=6 * 365), timedelta(hours=1)


class MachineClock:
    """The time of day that a process is shown; its clock that only counts is the real one."""

    def __init__(self, folder: Path, ahead: timedelta) -> None:
        """Take the folder for the file that tells the process, and by how much it is ahead of the world."""
        self._file = folder / "ahead"
        self.set(ahead)

    def set(self, ahead: timedelta) -> None:
        """Set it, as the network or the owner does."""
        self._ahead = ahead
        new = self._file.with_suffix(".new")
        new.write_text(f"{ahead.total_seconds():+.0f}\n", encoding="utf-8")
        new.rename(self._file)

    async def shown_by(self, url: str) -> None:
        """Wait until a server of the process is shown this time: it looks every second or two."""
        async with asyncio.timeout(WAIT_TIMEOUT), aiohttp.ClientSession() as session:
            while True:
                async with session.head(url) as response:
                    shown = parsedate_to_datetime(response.headers["Date"])
                if abs(shown - datetime.now(UTC) - self._ahead) < HOUR / 2:
                    return
                await asyncio.sleep(0.1)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process is started with to be shown this time."""
        assert FAKETIME is not None
        assert FAKETIME.submodule_search_locations is not None
        library = Path(FAKETIME.submodule_search_locations[0], "vendor/libfaketime/src/libfaketime.so.1")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # Read at every look at any clock, a start would take twice as long, and much longer on a busy machine.
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # By other dates of the files Python would compile all modules again.
            "NO_FAKE_STAT": "1",
        }


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> MachineClock:
    """The clock of a machine that has just been started, and has not reached the network yet."""
    return MachineClock(tmp_path_factory.mktemp("machine"), -YEARS)


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def house(machine: MachineClock, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house of its own on that machine."""
    # Forbidden again before each test, and this comes before what allows them to a test.
    pytest_socket.enable_socket()
    config = tmp_path_factory.mktemp("clocks")
    async with House(
        HomeAssistantProcess(
            config=config,
            port=free_port(),
            configuration=APPS,
            enabled=SWITCHED_ON,
            environment=machine.environment,
        )
    ) as house:
        yield house


async def refused(owned: OwnedLock, action: str, **fields: Any) -> bool:
    """Whether an action is refused because the clock of Home Assistant may be wrong; else it is done."""
    try:
        await owned.api.call(f"smartlock.{action}", owned.entities.lock, **fields)
    except RequestError as error:
        if error.translation_key != "own_clock_wrong":
            raise
        return True
    return False


@pytest.mark.timeout(900)
async def test_clock_of_the_machine_is_set_twice(
    house: House,
    machine: MachineClock,
    mount: Mount,
    porch: VirtualProxy,
) -> None:
    """It starts six years behind, and is put right while Anna is away; later it is an hour ahead for a while."""
    lock = mount()
    lock.pair_accessory("keypad")
    lock.add_code(345678, "Guest", TimeLimit(allowed_until=Date7.of(datetime.now(UTC) + HOUR / 2)))
    owned = await add_with_pin(house, lock)
    rights = await setting(owned, "rights_unreliable")
    mondays = {"weekdays": ["mon"], "start_time": "09:00", "end_time": "12:00"}

    async def clock_set(ahead: timedelta) -> None:
        machine.set(ahead)
        await machine.shown_by(house.home_assistant.url)
        # Whoever was logged in is no longer, or not yet.
        await house.home_assistant.reconnect()
        await anna.app.connect(house.api)

    async with AsyncExitStack() as stack:
        anna = await move_in(stack, owned, "Anna")
        stack.push_async_callback(anna.app.uninstall)
        await owned.call("unlock")
        await owned.call("lock")
        anna.phone.place({house.proxy: -55, porch: -80})
        await asyncio.sleep(2)
        anna.phone.go_away(2)
        await asyncio.sleep(3)
        await anna.app.tell_position(*AWAY)
        await anna.phase("leaving")
        left = time.monotonic()

        # Meanwhile what needs no date is done, and nothing is judged by this one.
        assert await refused(owned, "sync_time")
        assert await refused(owned, "add_code", name="Cleaner", code="456789", **mondays)
        assert not await refused(owned, "add_code", name="Always", code="567891")
        await owned.api.wait_for_state(rights, "unknown")
        assert owned.api.states[rights].attributes["reasons"] == ["own_clock_wrong"]
        await asyncio.sleep(left + ABSENCE * 60 + 1 - time.monotonic())
        await anna.app.tell_position(*FURTHER)
        await anna.phase("away")

        # The network is there. Nobody knows how long she was away, so she has a key in her hand.
        await clock_set(timedelta())
        await anna.app.tell_position(*HOME)
        anna.phone.walk({porch: -48, house.proxy: -60}, 4)
        await anna.phase("home")
        assert anna.reason == "clock_gap"
        await asyncio.sleep(4)
        await owned.api.call("homeassistant.update_entity", owned.entities.lock)
        await asyncio.sleep(max(0.0, SETTLING.total_seconds() - time.monotonic()))
        assert not await refused(owned, "add_code", name="Cleaner", code="456789", **mondays)
        await owned.api.wait_for_state(rights, "off")

        # By this clock the guest's time is over. It is the lock that lets the guest in.
        await clock_set(HOUR)
        assert await refused(owned, "delete_code", expired=True)
        assert await refused(owned, "add_code", name="Gardener", code="678912", **mondays)
        await owned.call("unlock")
        await owned.call("lock")
        assert owned.state("lock") == "locked"
        assert owned.api.states[rights].state == "unknown"
        assert anna.state("auto_unlock_state") == "home"

        await clock_set(timedelta())
        assert not await refused(owned, "delete_code", expired=True)
        assert not await refused(owned, "add_code", name="Gardener", code="678912", **mondays)
        await owned.api.wait_for_state(rights, "off")

        assert sorted(code.name for code in lock.keypad_codes) == ["Always", "Cleaner", "Gardener", "Guest"]
        assert lock.journal.requests("UPDATE_TIME") == []
        assert owned.motor_runs == ["UNLOCK", "LOCK"] * 2
        assert owned.rules_broken == []
