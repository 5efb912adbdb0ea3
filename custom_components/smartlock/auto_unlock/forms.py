"""The fields of a rule's forms, with their limits."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.alarm_control_panel import DOMAIN as ALARM_DOMAIN
from homeassistant.const import Platform, UnitOfLength, UnitOfTime
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from custom_components.smartlock.auto_unlock.calibration import STRONGEST, WEAKEST
from custom_components.smartlock.auto_unlock.rule import (
    CONF_ACTION,
    CONF_ALARM,
    CONF_ARM_AFTER,
    CONF_ARM_DISTANCE,
    CONF_CONFIRM,
    CONF_COOL_DOWN,
    CONF_ENTITY,
    CONF_ENTRANCES,
    CONF_EVIDENCE,
    CONF_HOLD_BATTERY,
    CONF_IRK,
    CONF_MAJOR,
    CONF_MINOR,
    CONF_NEAR_BELOW,
    CONF_NEAR_STATE,
    CONF_NOTIFY,
    CONF_PERSON,
    CONF_QUIET_FROM,
    CONF_QUIET_TO,
    CONF_SCANNERS,
    CONF_THRESHOLD,
    CONF_UUID,
    CONF_WINDOW,
)
from custom_components.smartlock.auto_unlock.rules import (
    WINDOW_MAX,
    WINDOW_MIN,
    PhoneEvidence,
    RuleAction,
    RuleSettings,
)
from custom_components.smartlock.dialogs import HoursSelector

type Fields = dict[vol.Marker, Any]

_DEFAULT = RuleSettings()


def _entity(*domains: str, multiple: bool = False) -> EntitySelector:
    config = EntitySelectorConfig(filter=EntityWithDeviceFilterSelectorConfig(domain=list(domains)))
    if multiple:
        config["multiple"] = True
    return EntitySelector(config)


def _number(
    low: float, high: float, unit: str | None = None, mode: NumberSelectorMode = NumberSelectorMode.BOX
) -> NumberSelector:
    config = NumberSelectorConfig(min=low, max=high, step=1, mode=mode)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def _choice(options: list[str], translation_key: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST, translation_key=translation_key)
    )


def _minutes(seconds: float) -> int:
    return round(seconds / 60)


IBEACON: Fields = {
    vol.Required(CONF_UUID): TextSelector(),
    vol.Required(CONF_MAJOR): _number(0, 0xFFFF),
    vol.Required(CONF_MINOR): _number(0, 0xFFFF),
}

ENTITY: Fields = {
    vol.Required(CONF_ENTITY): _entity(Platform.BINARY_SENSOR, Platform.DEVICE_TRACKER, Platform.SENSOR),
    vol.Optional(CONF_NEAR_STATE): TextSelector(),
    vol.Optional(CONF_NEAR_BELOW): NumberSelector(
        NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX)
    ),
}

# The shortest time that is a real absence, and the longest that anyone would wait for.
LIMITS: Fields = {
    vol.Required(CONF_ARM_DISTANCE, default=_DEFAULT.arm_distance): _number(100, 5000, UnitOfLength.METERS),
    vol.Required(CONF_ARM_AFTER, default=_minutes(_DEFAULT.arm_after)): _number(1, 60, UnitOfTime.MINUTES),
    vol.Required(CONF_WINDOW, default=_minutes(_DEFAULT.window)): _number(
        _minutes(WINDOW_MIN), _minutes(WINDOW_MAX), UnitOfTime.MINUTES
    ),
    # The lock itself refuses for the first two minutes.
    vol.Required(CONF_COOL_DOWN, default=_minutes(_DEFAULT.cool_down)): _number(2, 60, UnitOfTime.MINUTES),
}


# What a new rule starts with: everything that is neither asked nor measured.
DEFAULTS: dict[str, Any] = {
    CONF_ACTION: _DEFAULT.action.value,
    CONF_CONFIRM: _DEFAULT.confirm,
    CONF_HOLD_BATTERY: _DEFAULT.hold_battery_critical,
    CONF_ARM_DISTANCE: round(_DEFAULT.arm_distance),
    CONF_ARM_AFTER: _minutes(_DEFAULT.arm_after),
    CONF_WINDOW: _minutes(_DEFAULT.window),
    CONF_COOL_DOWN: _minutes(_DEFAULT.cool_down),
}


def person(known: list[SelectOptionDict]) -> Fields:
    """Return the form about person and phone, given the phones whose keys Home Assistant knows."""
    others = [SelectOptionDict(value=each.value, label=each.value) for each in PhoneEvidence]
    return {
        vol.Required(CONF_PERSON): _entity(Platform.DEVICE_TRACKER, "person"),
        # Optional, since the frontend would fill in the first one otherwise, which may be that of another person.
        vol.Optional("phone"): SelectSelector(
            SelectSelectorConfig(
                options=[*known, *others], mode=SelectSelectorMode.LIST, translation_key=CONF_EVIDENCE
            )
        ),
        vol.Optional(CONF_IRK): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
        ),
    }


def by_hand(scanners: Mapping[str, str]) -> Fields:
    """Return the form about the scanners at the door and the threshold, given their labels by source."""
    options = [SelectOptionDict(value=source, label=label) for source, label in sorted(scanners.items())]
    return {
        # For the same reason with a default: a scanner that is not at the door would let in a phone that is not there.
        vol.Required(CONF_SCANNERS, default=[]): SelectSelector(
            SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST)
        ),
        vol.Required(CONF_THRESHOLD, default=_DEFAULT.threshold): _number(
            WEAKEST, STRONGEST, "dBm", NumberSelectorMode.SLIDER
        ),
    }


def conditions(phones: list[SelectOptionDict]) -> Fields:
    """Return the form about action and conditions, given the phones by their notify actions."""
    return {
        vol.Required(CONF_ACTION, default=_DEFAULT.action.value): _choice(
            [*RuleAction], "auto_unlock_action"
        ),
        vol.Optional(CONF_NOTIFY): SelectSelector(
            SelectSelectorConfig(options=phones, mode=SelectSelectorMode.DROPDOWN)
        ),
        vol.Required(CONF_CONFIRM, default=_DEFAULT.confirm): BooleanSelector(),
        vol.Optional(CONF_ALARM): _entity(ALARM_DOMAIN),
        vol.Optional(CONF_ENTRANCES): _entity(
            Platform.BINARY_SENSOR, Platform.COVER, Platform.LOCK, multiple=True
        ),
        vol.Optional(CONF_QUIET_FROM): HoursSelector(),
        vol.Optional(CONF_QUIET_TO): HoursSelector(),
        vol.Required(CONF_HOLD_BATTERY, default=_DEFAULT.hold_battery_critical): BooleanSelector(),
    }
