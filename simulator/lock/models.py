"""The models of the virtual lock, as data.

Lengths of payloads: Nuki Smart Lock API V2.1 and V2.3.0, section 5, and captures that public clients published.
What no source tells (how many links, the greatest MTU) is a choice.
"""

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
    advanced_config_length: int
    """Bytes of Advanced Config; firmware of document V2.1 has 28."""
    beacon_base: int
    """Last byte of the iBeacon while nothing has changed."""
    state_flag: bool
    """Whether that byte shows changes; the fifth generation has no Bridge that could read them."""
    max_authorizations: int
    """Vendor's help, article 4407512064785, like the next one."""
    max_keypad_codes: int
    links: int
    """Connections at the same time."""
    max_mtu: int
    """ATT MTU that the firmware agrees to, bytes."""
    homekit: bool
    """Whether the product can interleave HomeKit advertisements."""
    capabilities: int
    """Config, byte 75: bit 0 Wi-Fi, bit 1 Thread and Matter."""
    matter_status: int
    """Config, byte 77, while Matter is not in use."""
    built_in_door_sensor: bool
    """Whether the door sensor is part of the lock, without a battery of its own and with other states."""
    authorization_filter: bool
    """Whether Request Authorization Entries takes an id type."""
    log_run_bytes: int
    """Bytes behind the type of a log entry about a run or the keypad, padding included (pyNukiBT)."""
    log_switch_bytes: int
    """The same for a log entry that says one thing in one byte."""
    lacks: frozenset[Command] = frozenset()
    """Commands that the other models have and this firmware does not know."""

    @property
    def set_config_length(self) -> int:
        """Bytes of Set Config without proof: without the time zone id if Config has none."""
        return 53 if self.config_length < 74 else 55

    @property
    def set_advanced_config_length(self) -> int:
        """Bytes of Set Advanced Config without proof: all but the total degrees."""
        return self.advanced_config_length - 2

    @property
    def auto_lock_switch(self) -> bool:
        """Whether auto lock has a switch of its own; before, a timeout of 0 switched it off."""
        return self.advanced_config_length > 28

    def encode(self, message: Message) -> bytes:
        """Return the payload of a message as long as this firmware makes it."""
        lengths = {
            Command.KEYTURNER_STATES: self.states_length,
            Command.CONFIG: self.config_length,
            Command.ADVANCED_CONFIG: self.advanced_config_length,
        }
        return message.encode()[: lengths.get(message.command)]


# Summaries are said to be of generation 1 only; here generation 2 still has them.
_FIRST_GENERATIONS_ONLY = frozenset({Command.MOST_RECENT_COMMAND, Command.OPENINGS_CLOSINGS_SUMMARY})

# What only public clients know, and from newer locks.
_UNDOCUMENTED = frozenset(
    {
        Command.REQUEST_DOOR_SENSOR_CONFIG,
        Command.REQUEST_GENERAL_STATISTICS,
        Command.REQUEST_DAILY_STATISTICS,
        Command.REQUEST_KEYPAD_2_CONFIG,
        Command.REQUEST_ACCESSORY_INFO,
        Command.REQUEST_INTERNAL_LOG_ENTRIES,
    }
)

MODELS = {
    model.name: model
    for model in (
        Model(
            name="gen2",
            dialect=GENERATIONS_1_TO_4,
            firmware=Version(2, 12, 4),
            hardware=Version(2, 0),
            device_type=DeviceType.SMART_LOCK_1_2,
            product_variant=None,
            states_length=21,
            config_length=74,
            advanced_config_length=31,
            beacon_base=0xC4,
            state_flag=True,
            max_authorizations=200,
            max_keypad_codes=100,
            links=1,
            max_mtu=150,
            homekit=True,
            capabilities=0,
            matter_status=0,
            built_in_door_sensor=True,
            authorization_filter=False,
            log_run_bytes=5,
            log_switch_bytes=5,
            lacks=_UNDOCUMENTED,
        ),
        Model(
            name="gen3",
            dialect=GENERATIONS_1_TO_4,
            firmware=Version(3, 11, 1),
            hardware=Version(3, 0),
            device_type=DeviceType.SMART_LOCK_3_4,
            product_variant=None,
            states_length=27,
            config_length=77,
            advanced_config_length=31,
            beacon_base=0xC8,
            state_flag=True,
            max_authorizations=200,
            max_keypad_codes=200,
            links=1,
            max_mtu=517,
            homekit=True,
            capabilities=0b01,
            matter_status=0,
            built_in_door_sensor=False,
            authorization_filter=False,
            log_run_bytes=5,
            log_switch_bytes=5,
            lacks=_FIRST_GENERATIONS_ONLY,
        ),
        Model(
            name="gen4",
            dialect=GENERATIONS_1_TO_4,
            firmware=Version(4, 3, 8),
            hardware=Version(4, 0),
            device_type=DeviceType.SMART_LOCK_3_4,
            product_variant=None,
            states_length=27,
            config_length=78,
            advanced_config_length=31,
            beacon_base=0xC8,
            state_flag=True,
            max_authorizations=200,
            max_keypad_codes=200,
            links=4,
            max_mtu=517,
            homekit=False,
            capabilities=0b11,
            matter_status=2,
            built_in_door_sensor=False,
            authorization_filter=True,
            log_run_bytes=8,
            log_switch_bytes=1,
            lacks=_FIRST_GENERATIONS_ONLY,
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
            advanced_config_length=33,
            beacon_base=0xC8,
            state_flag=False,
            max_authorizations=200,
            max_keypad_codes=200,
            links=4,
            max_mtu=517,
            homekit=False,
            capabilities=0b11,
            matter_status=1,
            built_in_door_sensor=False,
            authorization_filter=True,
            log_run_bytes=8,
            log_switch_bytes=1,
            lacks=_FIRST_GENERATIONS_ONLY,
        ),
    )
}
