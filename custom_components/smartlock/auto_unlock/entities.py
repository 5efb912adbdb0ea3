"""Entities of a rule, on a device of their own: the lock's device must not move into a config subentry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription

from custom_components.smartlock.auto_unlock.modes import Mode
from custom_components.smartlock.auto_unlock.rules import (
    DecisionFigures,
    Hold,
    Report,
    ReportKind,
    RulePhase,
    RuleReason,
    RuleState,
)
from custom_components.smartlock.auto_unlock.runner import RuleRunner
from custom_components.smartlock.const import DOMAIN

# A setting: in no area, scene or voice assistant, which would switch it together with the lights.
_MODE = SelectEntityDescription(
    key="auto_unlock_mode", entity_category=EntityCategory.CONFIG, options=[*Mode]
)
_REASON, _ARRIVALS = "auto_unlock_reason", "last_arrivals"
# Former entities: three switches.
_FORMER_SWITCHES = ("auto_unlock", "auto_unlock_pause", "auto_unlock_dry_run")


@dataclass(frozen=True, kw_only=True)
class RuleSensorDescription(SensorEntityDescription):
    """A named value of a rule."""

    value_fn: Callable[[RuleState], str | None]


SENSORS = (
    RuleSensorDescription(
        key="auto_unlock_state",
        device_class=SensorDeviceClass.ENUM,
        options=[*RulePhase],
        value_fn=lambda rule: rule.phase,
    ),
    RuleSensorDescription(
        key=_REASON,
        device_class=SensorDeviceClass.ENUM,
        options=[*RuleReason, *Hold],
        value_fn=lambda rule: rule.reason,
    ),
)


def _device_of(runner: RuleRunner) -> DeviceInfo:
    coordinator, rule = runner.coordinator, runner.rule
    return DeviceInfo(
        identifiers={(DOMAIN, f"{coordinator.nuki_id}_{rule.subentry_id}")},
        translation_key="auto_unlock",
        translation_placeholders={"lock": coordinator.config_entry.title, "person": rule.title},
        entry_type=DeviceEntryType.SERVICE,
    )


@callback
def async_rename_device(hass: HomeAssistant, runner: RuleRunner) -> None:
    """Name the device of a rule after the person who is in it now."""
    dr.async_get(hass).async_get_or_create(
        config_entry_id=runner.coordinator.config_entry.entry_id,
        config_subentry_id=runner.rule.subentry_id,
        **_device_of(runner),
    )


class RuleEntity(Entity):
    """An entity of one rule. It is about the rule, not the lock, so it is always available."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, runner: RuleRunner, description: EntityDescription) -> None:
        """Bind a description to a rule."""
        self.runner = runner
        self.entity_description = description
        self._attr_unique_id = f"{runner.coordinator.nuki_id}_{runner.rule.subentry_id}_{description.key}"
        self._attr_translation_key = description.key
        self._attr_device_info = _device_of(runner)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.runner.async_add_listener(self.async_write_ha_state))


class RuleModeSelect(RuleEntity, SelectEntity):
    """Whether the rule may unlock, only reports, is paused, or off."""

    def __init__(self, runner: RuleRunner) -> None:
        """Bind it to a rule."""
        super().__init__(runner, _MODE)

    @property
    @override
    def current_option(self) -> str:
        return self.runner.mode

    @override
    async def async_select_option(self, option: str) -> None:
        await self.runner.async_choose(Mode(option))


@callback
def async_remove_former_switches(hass: HomeAssistant, runner: RuleRunner) -> None:
    """Remove the switches that rules used to have."""
    registry = er.async_get(hass)
    for key in _FORMER_SWITCHES:
        unique_id = f"{runner.coordinator.nuki_id}_{runner.rule.subentry_id}_{key}"
        if entity_id := registry.async_get_entity_id(SWITCH_DOMAIN, DOMAIN, unique_id):
            registry.async_remove(entity_id)


class RuleSensor(RuleEntity, SensorEntity):
    """The phase of the rule, or the reason for it."""

    entity_description: RuleSensorDescription
    _unrecorded_attributes = frozenset({_ARRIVALS})

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return the last arrivals, the newest first, with the reason."""
        if self.entity_description.key != _REASON:
            return None
        return {_ARRIVALS: [arrival.to_json() for arrival in reversed(self.runner.arrivals.last)]}

    @property
    @override
    def native_value(self) -> str | None:
        return self.entity_description.value_fn(self.runner.state)


class RuleEvent(RuleEntity, EventEntity):
    """Each unlock, dry run and refusal of the rule, with its evidence."""

    def __init__(self, runner: RuleRunner) -> None:
        """Bind it to a rule."""
        super().__init__(
            runner, EventEntityDescription(key="auto_unlock_decision", event_types=[*ReportKind])
        )

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.runner.async_add_report_listener(self._tell))

    @callback
    def _tell(self, report: Report) -> None:
        code = {} if report.code is None else {"code": report.code}
        self._trigger_event(report.kind, {"reason": report.reason, **shown(report.proof), **code})
        self.async_write_ha_state()


def shown(proof: DecisionFigures) -> dict[str, float | int]:
    """Return the evidence as attributes: levels in dBm, times in s."""
    return {
        key: value if isinstance(value, int) else round(value, 1)
        for key in ("level", "rise", "samples", "since_return", "state_age")
        if (value := getattr(proof, key)) is not None
    }
