"""Who else reaches the lock: every byte that tells, and what follows."""

import pytest

from custom_components.smartlock.protocol.enums import RemoteAccess
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.remote_access.rules import Notice, OtherClients, way_in_use
from tests.snapshots import states

WIFI, THREAD = Notice.FLAG_USELESS_WIFI, Notice.FLAG_USELESS_THREAD
NOBODY = OtherClients()
BRIDGE = RemoteAccess.BRIDGE_PAIRED
OVER_WIFI = RemoteAccess.SSE_OVER_WIFI
OVER_THREAD = RemoteAccess.SSE_OVER_THREAD


def told(**fields: int) -> KeyturnerStates:
    """Return states with these bytes about remote access."""
    return states(**fields)


@pytest.mark.parametrize(
    ("fields", "way"),
    [
        # Old firmware has none of these bytes.
        ({}, None),
        ({"remote_access": RemoteAccess(0), "wifi_status": 0, "mqtt_status": 0, "thread_status": 0}, None),
        ({"remote_access": BRIDGE}, None),
        ({"remote_access": RemoteAccess.SSE_UPLINK | RemoteAccess.SSE_CONNECTED | BRIDGE}, None),
        ({"remote_access": OVER_WIFI}, WIFI),
        ({"remote_access": OVER_THREAD}, THREAD),
        ({"remote_access": RemoteAccess.THREAD_UPLINK_ENABLED}, None),
        # Disabled, disconnected, connecting, connected; the upper bits are the quality.
        ({"wifi_status": 0b11110000}, None),
        ({"wifi_status": 0b01}, None),
        ({"wifi_status": 0b10}, None),
        ({"wifi_status": 0b10100011}, WIFI),
        ({"mqtt_status": 0b010}, None),
        ({"mqtt_status": 0b011}, WIFI),
        ({"mqtt_status": 0b111}, THREAD),
        # Matter alone is no remote access.
        ({"thread_status": 0b0011}, None),
        ({"thread_status": 0b1011}, None),
        ({"thread_status": 0b1111}, THREAD),
        ({"remote_access": OVER_THREAD, "wifi_status": 0b11}, THREAD),
    ],
)
def test_way_in_use(fields: dict[str, int], way: Notice | None) -> None:
    assert way_in_use(told(**fields)) is way


def test_wifi_makes_the_flag_doubtful_until_it_announces() -> None:
    on_wifi, alone = told(remote_access=OVER_WIFI | BRIDGE), told(remote_access=BRIDGE)
    clients = NOBODY.after(on_wifi, bridge=True, announced=0)
    assert clients.notices(on_wifi, bridge=True) == {WIFI}
    assert clients.notices(alone, bridge=True) == set()
    proved = clients.after(on_wifi, bridge=True, announced=1)
    assert proved.notices(on_wifi, bridge=True) == set()
    # Also over a restart; what it did without Wi-Fi proves nothing.
    again = OtherClients.from_json(proved.to_json()).after(on_wifi, bridge=True, announced=0)
    assert again.notices(on_wifi, bridge=True) == set()
    left = proved.after(alone, bridge=True, announced=1)
    assert left.after(on_wifi, bridge=True, announced=0).notices(on_wifi, bridge=True) == {WIFI}


def test_app_is_told_nothing() -> None:
    """It takes nobody's place, and its flag tells nothing anyway."""
    everything = told(remote_access=OVER_WIFI | OVER_THREAD | BRIDGE)
    clients = NOBODY.after(everything, bridge=False, announced=0)
    assert clients.notices(everything, bridge=False) == set()


def test_bridge_that_was_there_before_us() -> None:
    """Seen as App, so that it can be told when we have taken its place."""
    there, silent = told(remote_access=BRIDGE), told()
    before = NOBODY.after(there, bridge=False, announced=0).after(silent, bridge=False, announced=0)
    after = OtherClients.from_json(before.to_json()).after(there, bridge=True, announced=0)
    assert after.notices(there, bridge=True) == {Notice.BRIDGE_REPLACED}
    # Paired as App again, and the Bridge has not come back.
    gone = after.after(told(remote_access=RemoteAccess(0)), bridge=False, announced=0)
    assert gone.after(there, bridge=True, announced=0).notices(there, bridge=True) == set()
    assert NOBODY.after(there, bridge=True, announced=0).notices(there, bridge=True) == set()


@pytest.mark.parametrize("data", [{}, {"bridge_seen": "yes", "flag_proved": 1}, {"other": True}])
def test_damaged_memory_means_nothing_was_seen(data: dict[str, object]) -> None:
    assert OtherClients.from_json(data) == NOBODY
