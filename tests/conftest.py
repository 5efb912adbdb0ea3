"""What all tests share: how long the random ones look for trouble, room for open files, nothing without need."""

from collections.abc import Generator
from datetime import UTC
import logging
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

# Nearly two hundred lines for each test, which the plugin also has written to stderr; pytest keeps those of a failed test
# by itself, and -v brings all of them back.
logging.getLogger().setLevel(logging.WARNING)
for handler in [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]:
    logging.getLogger().removeHandler(handler)

# What Home Assistant's test plugin does around each test, in an event loop that most tests do not need.
_IN_EVENT_LOOP = {"configure_event_loop", "enable_event_loop_debug", "verify_cleanup"}

# What changes nothing where there is no Home Assistant, and takes longer than most tests.
_FOR_HOME_ASSISTANT = {
    "disable_http_server",
    "expected_lingering_tasks",
    "expected_lingering_timers",
    "only_our_matchers",
    "shown_texts",
    "skip_stop_scripts",
    "wait_for_stop_scripts_after_shutdown",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spare tests without an event loop the making, the checking and the closing of one, and of Home Assistant."""
    needless = _IN_EVENT_LOOP | _FOR_HOME_ASSISTANT
    for item in items:
        if isinstance(item, pytest.Function) and not is_async_test(item) and "hass" not in item.fixturenames:
            # The list is the same one for all cases of a test.
            names = [name for name in item.fixturenames if name not in needless]
            if nothing_left_behind.__name__ not in names:
                names.append(nothing_left_behind.__name__)
            item.fixturenames[:] = names


@pytest.fixture
def nothing_left_behind() -> Generator[None]:
    """Check what the plugin checks in its event loop, as far as it does not concern one."""
    threads = frozenset(threading.enumerate())
    yield
    assert frozenset(threading.enumerate()) <= threads
    assert dt_util.DEFAULT_TIME_ZONE is UTC
    assert HASocketBlockedError.instances == [], "the test opens sockets"
