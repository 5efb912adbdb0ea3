"""What else the lock is connected with, and whether its change flag is of any use with that.

A lock paired as Bridge raises the flag of its advertisement with each change. According to public clients,
remote access of its own, over Wi-Fi or Thread, excludes a Bridge, and with a Smart Lock 3 Pro on Wi-Fi the
flag was never raised (protocol 2.2). It is not known whether all firmware does this, so a flag that has
announced a change nevertheless is believed.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Self

from custom_components.smartlock.protocol.enums import RemoteAccess
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import obj

# Status bytes: two bits for the connection, with Thread two more for the link to the vendor's servers.
_CONNECTED = 0b11
_SERVERS_SHIFT = 2
# Bit of the MQTT byte: the connection runs over Thread, otherwise over Wi-Fi.
_OVER_THREAD = 0b100


class Notice(StrEnum):
    """What the owner should know; the value is the translation key."""

    BRIDGE_REPLACED = "bridge_replaced"
    """There was a Bridge before we paired as one, and a lock accepts only one."""
    FLAG_USELESS_WIFI = "flag_useless_wifi"
    FLAG_USELESS_THREAD = "flag_useless_thread"
    """Manual changes are not announced, as far as known; only polls find them."""
    FLAG_READ_AWAY = "flag_read_away"
    """Repeatedly changes were not announced: another instance with our keys may be clearing the flag."""


# This many changes in a row have to be announced before the flag is believed again.
_ANNOUNCED_FOR_TRUST = 3


@dataclass(frozen=True, kw_only=True)
class OtherClients:
    """What has been observed of other clients; survives restarts."""

    bridge_seen: bool = False
    """While we were paired as App, the lock had a Bridge."""
    flag_proved: bool = False
    """The flag has announced a change although the lock was on Wi-Fi or Thread."""
    read_away: bool = False
    """Only a poll found several changes in a row, and the flag has not proved itself since."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_json` has written; a missing field is false. Raises TypeError for no object."""
        data = obj(data)
        return cls(
            bridge_seen=data.get("bridge_seen") is True,
            flag_proved=data.get("flag_proved") is True,
            read_away=data.get("read_away") is True,
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "bridge_seen": self.bridge_seen,
            "flag_proved": self.flag_proved,
            "read_away": self.read_away,
        }

    def after(self, states: KeyturnerStates, *, bridge: bool, announced: int, doubtful: bool = False) -> Self:
        """The lock reported its state. `bridge`: we are paired as one.

        `announced`: consecutive changes announced by its flag; `doubtful`: several were not announced.
        """
        elsewhere = way_in_use(states) is not None
        return replace(
            self,
            # While we are the Bridge, this bit is about us.
            bridge_seen=self.bridge_seen if bridge else _bridge_paired(states, self.bridge_seen),
            flag_proved=elsewhere and (self.flag_proved or announced > 0),
            read_away=bridge and (doubtful or (self.read_away and announced < _ANNOUNCED_FOR_TRUST)),
        )

    def notices(self, states: KeyturnerStates, *, bridge: bool) -> frozenset[Notice]:
        """Return what the owner should know now; empty for a client that replaces no other."""
        if not bridge:
            return frozenset()
        found = {Notice.BRIDGE_REPLACED} if self.bridge_seen else set()
        way = way_in_use(states)
        if way is not None and not self.flag_proved:
            found.add(way)
        elif self.read_away:
            found.add(Notice.FLAG_READ_AWAY)
        return frozenset(found)


def way_in_use(states: KeyturnerStates) -> Notice | None:
    """Return the notice about the way in which others reach the lock; None if none is known."""
    access = states.remote_access or RemoteAccess(0)
    mqtt = states.mqtt_status or 0
    by_mqtt = mqtt & _CONNECTED == _CONNECTED
    if (
        access & RemoteAccess.SSE_OVER_THREAD
        or (states.thread_status or 0) >> _SERVERS_SHIFT & _CONNECTED == _CONNECTED
        or (by_mqtt and mqtt & _OVER_THREAD)
    ):
        return Notice.FLAG_USELESS_THREAD
    if access & RemoteAccess.SSE_OVER_WIFI or (states.wifi_status or 0) & _CONNECTED == _CONNECTED or by_mqtt:
        return Notice.FLAG_USELESS_WIFI
    return None


def _bridge_paired(states: KeyturnerStates, otherwise: bool) -> bool:
    """Whether the lock has a Bridge; firmware without that byte does not report it."""
    if states.remote_access is None:
        return otherwise
    return bool(states.remote_access & RemoteAccess.BRIDGE_PAIRED)
