"""The firmware: its version, and what a newer one sends that nobody has a name for yet."""

from dataclasses import replace

from custom_components.smartlock.protocol.enums import AccessoryBattery, RemoteAccess, Trigger
from custom_components.smartlock.protocol.messages import KeyturnerStates, Message
from custom_components.smartlock.protocol.wire import Version
from simulator.lock.models import Model

# Numbers without a name in the vendor's document: a trigger, and bits of flags.
_NEW_TRIGGER = Trigger(0x0C)
_NEW_FLAG = 0x80
_NEW_FIELDS = bytes.fromhex("A50001FF")


class Firmware:
    """Makes payloads as its version does."""

    def __init__(self, model: Model) -> None:
        """Install what the model comes with."""
        self._model = model
        self.version = model.firmware
        self.from_the_future = False
        """Whether every answer has more bytes than anybody knows, and some values without a name."""

    def update(self) -> None:
        """Install a newer firmware."""
        self.version = Version(self.version.major, self.version.minor + 10, 0)
        self.from_the_future = True

    def encode(self, message: Message) -> bytes:
        """Return the payload of a message."""
        if not self.from_the_future:
            return self._model.encode(message)
        if isinstance(message, KeyturnerStates):
            message = _with_unknown_values(message)
        return self._model.encode(message) + _NEW_FIELDS


def _with_unknown_values(states: KeyturnerStates) -> KeyturnerStates:
    """Return states in which somebody new has moved the bolt, and new accessories and ways in exist."""
    return replace(
        states,
        trigger=_NEW_TRIGGER,
        last_lock_action_trigger=_NEW_TRIGGER,
        accessory_battery=AccessoryBattery((states.accessory_battery or 0) | _NEW_FLAG),
        remote_access=RemoteAccess((states.remote_access or 0) | _NEW_FLAG),
    )
