"""What all tests share: how long the random ones look for trouble, nothing without need."""

from collections.abc import Generator
from datetime import UTC
import gc
import logging
import threading
from typing import Any
from unittest.mock import AsyncMock, create_autospec, patch

from aiohttp.resolver import AsyncResolver
from homeassistant.util import dt as dt_util
from hypothesis import HealthCheck, settings
import pytest
from pytest_asyncio import is_async_test
from pytest_homeassistant_custom_component.plugins import HASocketBlockedError  # type: ignore[import-untyped]

from tests.integration.virtual_time import threads

pytest_plugins = ("tests.workers",)

# How long an example takes says nothing on a machine that does other work as well; CI has a profile of its own.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if settings.get_current_profile_name() == "default":
    settings.load_profile("default")
# For a night or a weekend: scripts/test tests/client/test_random.py --hypothesis-profile=campaign
settings.register_profile(
    "campaign", max_examples=50_000, stateful_step_count=80, deadline=None, print_blob=True
)

# Nearly two hundred lines for each test, which the plugin also has written to stderr; pytest keeps those of a failed test
# by itself, and -v brings all of them back.
logging.getLogger().setLevel(logging.WARNING)
for handler in [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]:
    logging.getLogger().removeHandler(handler)

# Nothing is garbage until the tests have been collected.
gc.disable()

# What Home Assistant's test plugin does around each test, in an event loop that most tests do not need.
_IN_EVENT_LOOP = {
    "configure_event_loop",
    "enable_event_loop_debug",
    "expected_lingering_tasks",
    "expected_lingering_timers",
    "verify_cleanup",
}

# What changes nothing where there is no Home Assistant, and takes longer than most tests.
_FOR_HOME_ASSISTANT = {
    "disable_http_server",
    "fail_on_log_exception",
    "no_usb_watcher",
    "only_our_matchers",
    "reset_globals",
    "shown_texts",
    "skip_stop_scripts",
    "wait_for_stop_scripts_after_shutdown",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spare tests the preparation of Home Assistant, and of an event loop, where they have none."""
    for item in items:
        if not isinstance(item, pytest.Function) or "hass" in item.fixturenames:
            continue
        # The list is the same one for all cases of a test.
        names = [name for name in item.fixturenames if name not in _FOR_HOME_ASSISTANT]
        if not is_async_test(item):
            names = [name for name in names if name not in _IN_EVENT_LOOP]
            if nothing_left_behind.__name__ not in names:
                names.append(nothing_left_behind.__name__)
        item.fixturenames[:] = names


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the threads that tests share, and look for garbage in nothing that is there before the first one."""
    if not session.config.option.collectonly:
        threads()
    gc.freeze()
    gc.enable()


# Fixtures of the session have an event loop of their own, which pytest-asyncio makes anew for each test, since the class of
# the loops is a parameter. These two take the place of the plugin's, and need none.


@pytest.fixture(scope="session", autouse=True)
def configure_session_event_loop() -> None:
    """Configure nothing, as there is no such loop."""


@pytest.fixture(scope="session", autouse=True)
def mock_zeroconf_resolver() -> Generator[Any]:
    """Resolve no names in the network."""
    resolver = create_autospec(AsyncResolver, instance=True, real_close=AsyncMock())
    patcher = patch("homeassistant.helpers.aiohttp_client._async_make_resolver", return_value=resolver)
    patcher.start()
    yield patcher
    patcher.stop()


@pytest.fixture
def nothing_left_behind() -> Generator[None]:
    """Check what the plugin checks in its event loop, as far as it does not concern one."""
    threads = frozenset(threading.enumerate())
    yield
    assert frozenset(threading.enumerate()) <= threads
    assert dt_util.DEFAULT_TIME_ZONE is UTC
    blocked, HASocketBlockedError.instances = HASocketBlockedError.instances, []
    assert blocked == [], "the test opens sockets"
