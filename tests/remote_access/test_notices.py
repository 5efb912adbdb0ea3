"""Notices about other ways into the lock, and how the lock is read meanwhile."""

import asyncio

from homeassistant.components.lock import LockState as View
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.helpers import issue_registry as ir

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import AuthorizationIdType
from custom_components.smartlock.remote_access.rules import Notice
from simulator.virtual_lock import VirtualLock, quick
from tests.integration.home import Home

HOUR = 3600.0


def shown(home: Home) -> set[str]:
    """Return the notices of the lock that the owner sees."""
    return {
        str(issue.translation_key)
        for (domain, issue_id), issue in ir.async_get(home.hass).issues.items()
        if domain == DOMAIN
        and issue.active
        and issue.dismissed_version is None
        and issue_id.startswith(tuple(Notice))
    }


def connections(lock: VirtualLock) -> int:
    """Return how often somebody has connected."""
    return len(lock.journal.connections)


async def test_bridge_on_wifi_is_read_as_an_app(home: Home) -> None:
    """A notice says so; it closes when the other connection ends."""
    lock = home.add_lock("gen4", timing=quick(advertising_interval=5))
    await home.set_up(lock, "bridge")
    assert shown(home) == set()
    lock.set_remote_access(wifi=True)
    await home.read()
    assert shown(home) == {Notice.FLAG_USELESS_WIFI}
    began = connections(lock)
    await asyncio.sleep(2 * HOUR)
    assert connections(lock) - began in (11, 12)
    lock.set_remote_access(thread=True)
    await home.read()
    assert shown(home) == {Notice.FLAG_USELESS_THREAD}
    lock.set_remote_access()
    await home.read()
    assert shown(home) == set()
    began = connections(lock)
    await asyncio.sleep(2 * HOUR)
    assert connections(lock) - began <= 4


async def test_interval_of_the_owner_stays(home: Home) -> None:
    lock = home.add_lock("gen4", timing=quick(advertising_interval=5))
    lock.set_remote_access(wifi=True)
    await home.set_up(lock, "bridge", read_interval=60)
    assert shown(home) == {Notice.FLAG_USELESS_WIFI}
    began = connections(lock)
    await asyncio.sleep(5 * HOUR + 60)
    assert connections(lock) - began == 5


async def test_flag_that_announces_all_the_same_is_believed(home: Home) -> None:
    """From then on, also after a restart."""
    lock = home.add_lock("gen4", timing=quick(advertising_interval=0.3))
    lock.set_remote_access(wifi=True)
    entry = await home.set_up(lock, "bridge")
    assert shown(home) == {Notice.FLAG_USELESS_WIFI}
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == View.UNLOCKED, within=5)
    await home.until(lambda: shown(home) == set(), within=5)
    await asyncio.sleep(10)
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.until(lambda: home.config_is_read(entry))
    assert shown(home) == set()


async def test_app_is_not_bothered(home: Home) -> None:
    lock = home.add_lock("gen4")
    lock.set_remote_access(wifi=True, thread=True)
    await home.set_up(lock, "app")
    assert shown(home) == set()


async def test_dismissed_notice_stays_away(home: Home) -> None:
    """Over reads and reloads, and while the lock is there; it is forgotten with the lock."""
    lock = home.add_lock("gen4")
    lock.set_remote_access(wifi=True)
    entry = await home.set_up(lock, "bridge")
    ir.async_ignore_issue(home.hass, DOMAIN, home.issue_id("flag_useless_wifi"), ignore=True)
    await home.read()
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.until(lambda: home.config_is_read(entry))
    assert shown(home) == set()
    assert ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id("flag_useless_wifi")) is not None
    await home.hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id("flag_useless_wifi")) is None


async def test_bridge_that_was_replaced(home: Home) -> None:
    """Seen while we were paired as App; told when we have taken its place, and taken back with the lock."""
    lock = home.add_lock("gen4")
    lock.authorizations.add(bytes(32), app_id=7, name="Bridge", id_type=AuthorizationIdType.BRIDGE)
    entry = await home.set_up(lock, "app")
    assert shown(home) == set()
    home.pair_again(lock, entry, "bridge")
    await home.hass.config_entries.async_reload(entry.entry_id)
    await home.until(lambda: shown(home) == {Notice.BRIDGE_REPLACED}, within=60)
    await home.hass.config_entries.async_remove(entry.entry_id)
    assert shown(home) == set()
