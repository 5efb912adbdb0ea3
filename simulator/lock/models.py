"""The models of the virtual lock, as data (`docs/protocol.md`, products and payload layouts)."""

from dataclasses import dataclass

from custom_components.smartlock.protocol.dialects import GENERATION_5, GENERATIONS_1_TO_4, Dialect
from custom_components.smartlock.protocol.enums import Command, DeviceType, ProductVariant
from custom_components.smartlock.protocol.messages import Message
from custom_components.smartlock.protocol.wire import Version


@dataclass(frozen=True, kw_only=True)
class Model:
    """What one product and its firmware do differently from the others."""

    name: str
    dialect: Dialect
    firmware: Version
    hardware: Version
    device_type: DeviceType
    product_variant: ProductVariant | None
    states_length: int
    """Bytes of Keyturner States."""
    config_length: int
    """Bytes of Config."""
    beacon_base: int
    """Last byte of the iBeacon while nothing has changed."""
    state_flag: bool
    """Whether that byte shows changes; the fifth generation has no Bridge that could read them."""
    links: int
    """Connections at the same time."""
    max_mtu: int
    """ATT MTU that the firmware agrees to, bytes."""
    homekit: bool
    """Whether the product can interleave HomeKit advertisements."""
    capabilities: int
    """Config, byte 75: bit 0 Wi-Fi, bit 1 Thread and Matter."""

    def encode(self, message: Message) -> bytes:
        """Return the payload of a message as long as this firmware makes it."""
        lengths = {Command.KEYTURNER_STATES: self.states_length, Command.CONFIG: self.config_length}
        return message.encode()[: lengths.get(message.command)]


MODELS = {
    model.name: model
    for model in (
        Model(
            name="gen3",
            dialect=GENERATIONS_1_TO_4,
            firmware=Version(3, 11, 1),
            hardware=Version(3, 0),
            device_type=DeviceType.SMART_LOCK_3_4,
            product_variant=None,
            states_length=27,
            config_length=77,
            beacon_base=0xC8,
            state_flag=True,
            links=1,
            max_mtu=517,
            homekit=True,
            capabilities=0b01,
        ),
        Model(
            name="ultra",
            dialect=GENERATION_5,
            firmware=Version(5, 4, 6),
            hardware=Version(5, 0),
            device_type=DeviceType.SMART_LOCK_5,
            product_variant=ProductVariant.ULTRA,
            states_length=27,
            config_length=79,
            beacon_base=0xC8,
            state_flag=False,
            links=4,
            max_mtu=517,
            homekit=False,
            capabilities=0b11,
        ),
    )
}
