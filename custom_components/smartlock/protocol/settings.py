"""Settings as they are written: read as a whole, changed, written as a whole, verified.

Only the fields that this lock's firmware has are written; what it does not send is not invented.
"""

from typing import cast

from .dialects import Dialect
from .enums import Command
from .errors import SettingsNotKeptError
from .messages import AdvancedConfig, Config, Message, SetAdvancedConfig, SetConfig

# Immediate auto lock of a lock that does not support it; the vendor's document wants 0 written back.
_NOT_SUPPORTED = 0xFF


def writable_config(config: Config) -> SetConfig:
    """Return what is written to keep these settings."""
    return SetConfig(**{field.name: getattr(config, field.name) for field in SetConfig.wire_fields})


def writable_advanced_config(dialect: Dialect, config: AdvancedConfig) -> SetAdvancedConfig:
    """Return what is written to keep these settings, in the form of the generation."""
    kind = cast(type[SetAdvancedConfig], dialect.requests[Command.SET_ADVANCED_CONFIG])
    values = {field.name: getattr(config, field.name) for field in kind.wire_fields}
    if values["immediate_auto_lock_enabled"] == _NOT_SUPPORTED:
        values["immediate_auto_lock_enabled"] = 0
    return kind(**values)


def verify_kept(wanted: Message, found: Message) -> None:
    """Raise SettingsNotKeptError unless the lock has what was written."""
    lost = tuple(
        field.name
        for field in wanted.wire_fields
        if getattr(wanted, field.name) != getattr(found, field.name)
    )
    if lost:
        raise SettingsNotKeptError(lost)
