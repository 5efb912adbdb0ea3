"""Checks a config entry at set-up, so that a wrong type fails then and not at the first action."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.const import CONF_ADDRESS, CONF_PIN

from custom_components.smartlock.const import (
    CLIENT_TYPE_APP,
    CLIENT_TYPE_BRIDGE,
    CONF_ACTION_DEADLINE,
    CONF_APP_ID,
    CONF_AUTHORIZATION_ID,
    CONF_CLIENT_TYPE,
    CONF_CODES_AS_SWITCHES,
    CONF_GENERATION,
    CONF_IDLE_TIME,
    CONF_KEEP_CODES,
    CONF_NUKI_ID,
    CONF_PHONES,
    CONF_READ_INTERVAL,
    CONF_REMOVE_EXPIRED,
    CONF_RESTORE_BY_ITSELF,
    CONF_SHARED_KEY,
    CONF_SHOW_NAMES,
    CONF_STAY_CONNECTED,
)
from custom_components.smartlock.protocol.crypto import KEY_SIZE
from custom_components.smartlock.protocol.dialects import DIALECTS
from custom_components.smartlock.rules.stored import flag, integer, listed, optional, real, text

# Upper bound in seconds or minutes; the forms allow much less. A PIN has to fit into its field.
_LONGEST = 1e5
_LARGEST_PIN = 0xFFFFFFFF

type _Check = Callable[[Any], object]


def damaged_data(data: Mapping[str, Any]) -> str | None:
    """Return the name of the first missing or invalid item in an entry's data; None if all are valid."""
    return _damaged(data, _DATA, required=_DATA.keys() - {CONF_CLIENT_TYPE})


def damaged_option(options: Mapping[str, Any]) -> str | None:
    """Return the name of the first invalid option; None if all are valid."""
    return _damaged(options, _OPTIONS)


def held(data: Mapping[str, Any], name: str) -> Any:
    """Return a value in the data of an entry; None if there is none, also if the data are no object at all."""
    return data[name] if name in data else None  # noqa: SIM401 - what is no object has no `get`


def _damaged(
    values: Mapping[str, Any], checks: Mapping[str, _Check], required: frozenset[str] | set[str] = frozenset()
) -> str | None:
    for name, check in checks.items():
        if name not in values:
            if name in required:
                return name
            continue
        try:
            check(values[name])
        except TypeError, ValueError:
            return name
    return None


def _address(value: Any) -> None:
    if not text(value):
        raise ValueError("empty")


def _generation(value: Any) -> None:
    if text(value) not in DIALECTS:
        raise ValueError("unknown")


def _client_type(value: Any) -> None:
    if value not in (None, CLIENT_TYPE_APP, CLIENT_TYPE_BRIDGE):
        raise ValueError("unknown")


def _key(value: Any) -> None:
    if len(bytes.fromhex(text(value))) != KEY_SIZE:
        raise ValueError("no key")


def _pin(value: Any) -> None:
    pin = optional(text, value)
    if pin and not (pin.isascii() and pin.isdigit() and int(pin) <= _LARGEST_PIN):
        raise ValueError("no PIN")


def _time(value: Any) -> None:
    real(value, 0, _LONGEST)


_DATA: Mapping[str, _Check] = {
    CONF_ADDRESS: _address,
    CONF_NUKI_ID: integer,
    CONF_GENERATION: _generation,
    CONF_CLIENT_TYPE: _client_type,
    CONF_APP_ID: integer,
    CONF_AUTHORIZATION_ID: integer,
    CONF_SHARED_KEY: _key,
}
_OPTIONS: Mapping[str, _Check] = {
    CONF_PIN: _pin,
    CONF_READ_INTERVAL: lambda value: optional(_time, value),
    CONF_IDLE_TIME: _time,
    CONF_STAY_CONNECTED: flag,
    CONF_PHONES: lambda value: listed(text, value),
    CONF_ACTION_DEADLINE: _time,
    CONF_RESTORE_BY_ITSELF: flag,
    CONF_KEEP_CODES: flag,
    CONF_SHOW_NAMES: flag,
    CONF_REMOVE_EXPIRED: flag,
    CONF_CODES_AS_SWITCHES: flag,
}
