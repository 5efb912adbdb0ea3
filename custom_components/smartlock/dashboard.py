"""A view for one lock out of Home Assistant's own cards: the owner copies it into a dashboard."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import yaml as yaml_util
import voluptuous as vol

from custom_components.smartlock.const import CONF_NUKI_ID, DOMAIN
from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.wear.rules.history import WARN_ABOVE, WARN_RISING_ABOVE

CONF_VIEW = "view"
_REPAIRS = "/config/repairs"
# Any of these that is on says that the door may not open; so does a lock that is jammed.
_FAULTS = ("clutch_fault", "motor_blocked")
_BATTERY_DAYS, _WEAR_DAYS, _ACTIVITY_HOURS = 180, 180, 24
# The scale of the wear, in percent above the usual.
_WEAR_SCALE = 60
_UNKNOWN = ["unknown", "unavailable"]

type Card = dict[str, Any]


@callback
def entities_of(hass: HomeAssistant, entry_id: str, nuki_id: str) -> dict[str, str]:
    """Return the entity ids of a lock by their keys; those that are disabled or belong to a rule are left out."""
    prefix = f"{nuki_id}_"
    return {
        each.unique_id.removeprefix(prefix): each.entity_id
        for each in er.async_entries_for_config_entry(er.async_get(hass), entry_id)
        if each.disabled_by is None and each.config_subentry_id is None and each.unique_id.startswith(prefix)
    }


def view(name: str, entities: Mapping[str, str], text: Callable[[str], str]) -> dict[str, Any]:
    """Return a view of sections, which stand side by side on a wide screen and below each other on a phone.

    Args:
        name: Of the lock, as title of the view.
        entities: Entity ids by their keys; what is missing is left out.
        text: Returns a text of `selector.dashboard` by its key.
    """
    sections = (
        _section(name, "mdi:door", _door(entities, text)),
        _section(text("battery"), "mdi:battery", _battery(entities, text)),
        _section(text("wear"), "mdi:cog-sync", _wear(entities, text)),
    )
    return {
        "title": name,
        "icon": "mdi:door",
        "type": "sections",
        "max_columns": 3,
        "sections": [section for section in sections if section is not None],
    }


def _section(title: str, icon: str, cards: list[Card]) -> Card | None:
    if not cards:
        return None
    heading = {"type": "heading", "heading": title, "icon": icon}
    return {"type": "grid", "cards": [heading, *cards]}


def _tiles(entities: Mapping[str, str], *keys: str) -> list[Card]:
    # The name of the entity alone: the heading says which lock it is.
    return [
        {"type": "tile", "entity": entities[key], "name": {"type": "entity"}}
        for key in keys
        if key in entities
    ]


def _door(entities: Mapping[str, str], text: Callable[[str], str]) -> list[Card]:
    cards: list[Card] = []
    if lock := entities.get("lock"):
        faults = [{"condition": "state", "entity": lock, "state": "jammed"}]
        faults += [
            {"condition": "state", "entity": entities[key], "state": "on"}
            for key in _FAULTS
            if key in entities
        ]
        cards += [
            {
                "type": "markdown",
                "content": f"{text('fault')}\n\n[{text('what_to_do')}]({_REPAIRS})",
                "visibility": [{"condition": "or", "conditions": faults}],
                "grid_options": {"columns": "full"},
            },
            {
                "type": "tile",
                "entity": lock,
                # Who it was, or what, if that is known.
                "state_content": ["state", "changed_by", "last_changed"],
                "features": [{"type": "lock-commands"}, {"type": "lock-open-door"}],
                "grid_options": {"columns": "full"},
            },
        ]
    cards += _tiles(entities, "door", "last_user")
    # Who came in is an entry of the lock, and so is who was not let in, except for a wrong code.
    if listed := [entities[key] for key in ("lock", "door", "access_denied") if key in entities]:
        cards.append(
            {
                "type": "logbook",
                "target": {"entity_id": listed},
                "hours_to_show": _ACTIVITY_HOURS,
                "grid_options": {"columns": "full"},
            }
        )
    return cards


def _battery(entities: Mapping[str, str], text: Callable[[str], str]) -> list[Card]:
    cards = _tiles(entities, "battery", "battery_changed_at", "battery_condition")
    if charge := entities.get("battery"):
        cards.append(_statistics(text("charge_history"), charge, "min", _BATTERY_DAYS))
    changes, changed_at = entities.get("battery_changed"), entities.get("battery_changed_at")
    if changes and changed_at:
        cards.append(
            {
                "type": "logbook",
                "target": {"entity_id": [changes]},
                "hours_to_show": _BATTERY_DAYS * 24,
                "visibility": [{"condition": "state", "entity": changed_at, "state_not": _UNKNOWN}],
                "grid_options": {"columns": "full"},
            }
        )
    return cards


def _wear(entities: Mapping[str, str], text: Callable[[str], str]) -> list[Card]:
    if (wear := entities.get("wear")) is None:
        return []
    return [
        {
            "type": "markdown",
            "content": text("learning"),
            "visibility": [{"condition": "state", "entity": wear, "state": _UNKNOWN}],
            "grid_options": {"columns": "full"},
        },
        {
            "type": "gauge",
            "entity": wear,
            "min": 0,
            "max": _WEAR_SCALE,
            "needle": True,
            "segments": [
                {"from": 0, "color": "var(--success-color)"},
                {"from": WARN_RISING_ABOVE, "color": "var(--warning-color)"},
                {"from": WARN_ABOVE, "color": "var(--error-color)"},
            ],
            "visibility": [{"condition": "state", "entity": wear, "state_not": _UNKNOWN}],
            "grid_options": {"columns": "full"},
        },
        _statistics(text("wear_history"), wear, "mean", _WEAR_DAYS),
    ]


def _statistics(title: str, entity_id: str, statistic: str, days: int) -> Card:
    return {
        "type": "statistics-graph",
        "title": title,
        "entities": [entity_id],
        "stat_types": [statistic],
        "chart_type": "line",
        "period": "day",
        "days_to_show": days,
        "hide_legend": True,
        "grid_options": {"columns": "full"},
    }


class DashboardSteps(OptionsFlow):
    """The step of the options flow that shows the view of a lock, ready to be copied."""

    async def async_step_dashboard(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the view; nothing is stored."""
        entry = self.config_entry
        if user_input is not None:
            return self.async_create_entry(data=dict(entry.options))
        texts = await async_get_translations(self.hass, self.hass.config.language, "selector", [DOMAIN])
        nuki_id = nuki_id_text(entry.data[CONF_NUKI_ID])
        shown = view(
            entry.title,
            entities_of(self.hass, entry.entry_id, nuki_id),
            lambda key: texts[f"component.{DOMAIN}.selector.dashboard.options.{key}"],
        )
        field = vol.Optional(CONF_VIEW, default=yaml_util.dump(shown))
        return self.async_show_form(
            step_id="dashboard",
            data_schema=vol.Schema({field: TextSelector(TextSelectorConfig(multiline=True))}),
        )
