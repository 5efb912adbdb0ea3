"""One Home Assistant with one proxy for all end-to-end tests, and a lock of its own for each test.

The locks, the radio and the proxy live in the test's process and event loop, Home Assistant in another
process, and real sockets in between.
"""

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from itertools import count
from pathlib import Path
import re
from typing import Any

import pytest
import pytest_asyncio
import pytest_socket

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN
from simulator.esphome_proxy import VirtualProxy
from simulator.home_assistant import HomeAssistantProcess, free_port
from simulator.virtual_lock import Timing, VirtualLock
from tests.e2e.browser import chromium, page  # noqa: F401 - fixtures of all tests here
from tests.e2e.owned import OwnedLock, add_bridge, add_proxy
from tests.integration.home import SWITCHED_ON

HERE = Path(__file__).parent

# Recognizable in a log of other numbers.
PIN, PIN_OF_SIX = 9071, 907143

# Long enough to see a bolt on its way, short enough to wait for it.
BRISK = Timing(
    lock=0.6,
    unlock=0.6,
    unlatch=0.6,
    boot_run=0.6,
    calibration=1.5,
    battery_change=1.0,
    advertising_interval=0.1,
)

# People's phones can log in.
APPS = "mobile_app:\n"
# What happened is written down at once.
RECORDER = "recorder:\n  commit_interval: 1\nlogbook:\nhistory:\n"

# Each custom integration is told the first; the second is about 0.4 s of a clock that a busy machine, or one that is set,
# lets pass between two lines.
NO_COMPLAINTS = ("has not been tested by Home Assistant", "Updating state for")

type Mount = Callable[..., VirtualLock]

_nuki_ids = count(0x2E5A0001)


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker that this folder adds."""
    config.addinivalue_line(
        "markers", "complaint(text): the test provokes a complaint with this text in the log"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests of this folder in one event loop, that of the house."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            # Before the marker that the automatic mode has set.
            item.add_marker(pytest.mark.asyncio(loop_scope="package"), append=False)


# Home Assistant's test plugin forbids sockets and looks for what a test leaves behind in the event loop. Here
# the sockets are the point, and the house stays from one test to the next.


@pytest.fixture(autouse=True)
def verify_cleanup(socket_enabled: None) -> None:
    """Replace the check of the plugin."""


@pytest.fixture(scope="package")
def sockets() -> None:
    """Allow sockets to fixtures that are set up before those of a test."""
    pytest_socket.enable_socket()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def house(sockets: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A running Home Assistant that hears whatever is on the radio."""
    config = tmp_path_factory.mktemp("home_assistant")
    # As Home Assistant's own first start leaves it, so that automations can be made from the user interface.
    (config / "automations.yaml").write_text("[]\n", encoding="utf-8")
    more = f"{APPS}{RECORDER}automation: !include automations.yaml\n"
    async with House(
        HomeAssistantProcess(config=config, port=free_port(), configuration=more, enabled=SWITCHED_ON)
    ) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="package")
async def mount(house: House) -> AsyncIterator[Mount]:
    """Mount locks within reach of the proxy; everything about them is gone after the test."""
    locks: list[VirtualLock] = []

    def mount_lock(model: str = "gen3", *, unheard: int = 0, **options: Any) -> VirtualLock:
        pin = PIN_OF_SIX if model == "ultra" else PIN
        usual: dict[str, Any] = {"pin": pin, "name": "Front door", "timing": BRISK}
        lock = VirtualLock(model, nuki_id=next(_nuki_ids), **usual | options)
        for _ in range(unheard):
            lock.advertise()
        house.radio.add_peripheral(lock)
        locks.append(lock)
        return lock

    yield mount_lock
    if house.home_assistant.pid is None:
        # A test has failed while it was stopped; the next one is to be judged for itself.
        await house.home_assistant.start()
    addresses = {lock.address for lock in locks}
    for entry in await house.api.entries(DOMAIN):
        await house.api.remove_entry(entry["entry_id"])
    for lock in locks:
        await house.radio.remove_peripheral(lock.address)
        lock.power_off()
    for flow in await house.api.discovered(DOMAIN):
        if flow["context"].get("unique_id") in addresses:
            await house.api.cancel_flow(flow["flow_id"])


@pytest_asyncio.fixture(loop_scope="package")
async def owned(house: House, mount: Mount) -> OwnedLock:
    """A lock of the third generation, paired as Bridge, locked, and read."""
    return await add_bridge(house, mount())


@pytest.fixture(autouse=True)
def clean_log(request: pytest.FixtureRequest, house: House) -> Iterator[None]:
    """Fail if Home Assistant's log shows a secret, or a complaint by or about the integration.

    A test that provokes a complaint names it: `@pytest.mark.complaint("a part of its text")`.
    """
    before = len(house.home_assistant.log())
    yield
    log = house.home_assistant.log()[before:]
    secrets = [pairing["shared_key"] for pairing in _pairings(house)]
    if secret := secret_in(log, *secrets):
        pytest.fail(secret)
    marker = request.node.get_closest_marker("complaint")
    complaints = complaints_in(log, *(marker.args if marker else ()))
    assert not complaints, "\n".join(complaints)


def secret_in(log: str, *secrets: str) -> str | None:
    """Return what secret a log shows, without it: one of the PINs, or of these."""
    if pin := re.search(rf"\b({PIN}|{PIN_OF_SIX})\b", log):
        return f"a PIN is in the log: …{log[max(0, pin.start() - 80) : pin.start()]}"
    return "a key is in the log" if any(secret in log for secret in secrets) else None


def complaints_in(log: str, *provoked: str) -> list[str]:
    """Return the lines of a log that complain of the integration, without those that contain a provoked text."""
    return [
        line
        for line in log.splitlines()
        if re.search(r" (WARNING|ERROR|CRITICAL) ", line)
        and re.search(
            r"custom_components\.smartlock|custom integration 'smartlock'|\bsmartlock\b.*exception", line
        )
        and not any(text in line for text in (*NO_COMPLAINTS, *provoked))
    ]


def _pairings(house: House) -> list[dict[str, Any]]:
    entries = house.home_assistant.storage("core.config_entries").get("entries", ())
    return [entry["data"] for entry in entries if entry["domain"] == DOMAIN]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of Home Assistant's log with a failed test."""
    report = yield
    house = getattr(item, "funcargs", {}).get("house")
    if report.failed and house is not None:
        report.sections.append(("Home Assistant", house.home_assistant.log_tail(80)))
    return report


@pytest_asyncio.fixture(loop_scope="package")
async def porch(house: House) -> AsyncIterator[VirtualProxy]:
    """A second proxy, in front of the door."""
    proxy = VirtualProxy(
        house.radio, name="porch-proxy", friendly_name="Porch proxy", mac="02:53:4D:4C:00:02", rssi=None
    )
    entry_id = await add_proxy(house, proxy)
    yield proxy
    await house.api.remove_entry(entry_id)
    await proxy.stop()
    house.radio.remove_receiver(proxy)
