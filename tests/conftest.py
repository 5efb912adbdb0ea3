"""What all tests share: how long the random ones look for trouble, room for open files, no event loop without need."""

from collections.abc import Generator
from datetime import UTC
import resource
import threading

from homeassistant.util import dt as dt_util
from hypothesis import HealthCheck, settings
import pytest
from pytest_asyncio import is_async_test
from pytest_homeassistant_custom_component.plugins import HASocketBlockedError  # type: ignore[import-untyped]

pytest_plugins = ("tests.workers",)

# How long an example takes says nothing on a machine that does other work as well; CI has a profile of its own.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if settings.get_current_profile_name() == "default":
    settings.load_profile("default")
# For a night or a weekend: scripts/test tests/client/test_random.py --hypothesis-profile=campaign
settings.register_profile(
    "campaign", max_examples=50_000, stateful_step_count=80, deadline=None, print_blob=True
)

# Each Home Assistant of a test leaves four files open (its USB watcher), which is more than the usual limit in all.
_FILES = 8192
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if _hard == resource.RLIM_INFINITY or _hard > _soft:
    _wanted = _FILES if _hard == resource.RLIM_INFINITY else min(_FILES, _hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft, _wanted), _hard))

# What Home Assistant's test plugin does around each test, in an event loop that most tests do not need.
_IN_EVENT_LOOP = {"configure_event_loop", "enable_event_loop_debug", "verify_cleanup"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spare tests without an event loop the making, the checking and the closing of one."""
    for item in items:
        if isinstance(item, pytest.Function) and not is_async_test(item) and "hass" not in item.fixturenames:
            names = [name for name in item.fixturenames if name not in _IN_EVENT_LOOP]
            item.fixturenames[:] = [*names, nothing_left_behind.__name__]


@pytest.fixture
def nothing_left_behind() -> Generator[None]:
    """Check what the plugin checks in its event loop, as far as it does not concern one."""
    threads = frozenset(threading.enumerate())
    yield
    assert frozenset(threading.enumerate()) <= threads
    assert dt_util.DEFAULT_TIME_ZONE is UTC
    assert HASocketBlockedError.instances == [], "the test opens sockets"
