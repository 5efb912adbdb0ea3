"""These tests run in a Home Assistant of their own, in virtual time."""

from tests.integration.fixtures import configure_event_loop, pytest_asyncio_loop_factories

__all__ = ["configure_event_loop", "pytest_asyncio_loop_factories"]
