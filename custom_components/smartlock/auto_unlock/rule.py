"""The owner's choices for one person: the data of a config subentry as typed values."""

from collections.abc import Mapping
from datetime import datetime, time
from math import isfinite
from typing import Any, Final, Self
from uuid import UUID

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State, valid_entity_id

from custom_components.smartlock.auto_unlock.phone_radio import IRK_SIZE, BeaconPhone, Phone, PrivatePhone
from custom_components.smartlock.auto_unlock.references import Reference, app_entry_of, pinned, reference_of
from custom_components.smartlock.auto_unlock.rules.settings import PhoneEvidence, RuleAction, RuleSettings
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import flag, integer, listed, optional, real, text

SUBENTRY_TYPE: Final = "auto_unlock"

CONF_PERSON: Final = "person"
CONF_EVIDENCE: Final = "evidence"
CONF_IRK: Final = "irk"
CONF_UUID: Final = "uuid"
CONF_MAJOR: Final = "major"
CONF_MINOR: Final = "minor"
CONF_ENTITY: Final = "entity"
CONF_NEAR_STATE: Final = "near_state"
CONF_NEAR_BELOW: Final = "near_below"
CONF_SCANNERS: Final = "scanners"
CONF_THRESHOLD: Final = "threshold"
CONF_QUIET_FROM: Final = "quiet_from"
CONF_QUIET_TO: Final = "quiet_to"
CONF_ALARM: Final = "alarm"
CONF_ENTRANCES: Final = "entrances"
CONF_NOTIFY: Final = "notify"
CONF_ACTION: Final = "action"
CONF_CONFIRM: Final = "confirm"
CONF_HOLD_BATTERY: Final = "hold_battery_critical"
CONF_ARM_DISTANCE: Final = "arm_distance"
CONF_ARM_AFTER: Final = "arm_after"
CONF_WINDOW: Final = "window"
CONF_COOL_DOWN: Final = "cool_down"
# Whether a rule without a stored mode tries; missing in rules that begin switched off.
CONF_TRY: Final = "try"
# Identifies the choice of person and phone; missing in rules from before that was asked.
CONF_PHONE_CHECK: Final = "phone_check"

# Minutes in the forms and in the data, seconds everywhere else.
_MINUTE = 60.0
_NOT_KNOWN = (STATE_UNAVAILABLE, STATE_UNKNOWN)
# States of a contact, a garage door, and another lock that mean open.
_OPEN = (STATE_ON, "open", "opening", "unlocked", "unlocking")


@dataclass(frozen=True, kw_only=True)
class NearEntity:
    """An entity of another integration that shows whether the phone is at the door."""

    reference: Reference
    state: str | None = None
    """Near while its state is this; a binary sensor while it is on."""
    below: float | None = None
    """Near while its state is a smaller number, whatever the unit."""

    def near(self, state: State | None) -> bool | None:
        """Return what a state of the entity means; None if unknown."""
        if state is None or state.state in _NOT_KNOWN:
            return None
        if self.below is None:
            return state.state == (self.state or STATE_ON)
        try:
            number = float(state.state)
        except ValueError:
            return None
        # Not a measurement: neither near nor far.
        return number < self.below if isfinite(number) else None


@dataclass(frozen=True, kw_only=True)
class QuietTimes:
    """A part of the day, which may include midnight; the whole day if it begins when it ends."""

    begin: time
    end: time

    def active(self, now: datetime) -> bool:
        """Whether a local time lies within."""
        at = now.time()
        if self.begin < self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One person at one lock."""

    subentry_id: str
    title: str
    person: Reference
    """Entity that reports where the person is."""
    phone: Phone | None
    entity: NearEntity | None
    quiet: QuietTimes | None
    alarm: Reference | None
    entrances: tuple[Reference, ...]
    """Entities of other ways in: somebody who opens one has come home without this door."""
    notify: str | None
    """Name of the phone's notify action when the rule was loaded."""
    app_entry: str | None
    """The companion app's config entry behind it."""
    phone_check: str | None
    """Identifies the choice of person and phone; None in a rule from before that was asked."""
    settings: RuleSettings
    """Whether the rule acts as if turned off; its mode is stored separately."""
    tries: bool = False
    """Whether it begins with a dry run, instead of being off."""

    @property
    def entities(self) -> tuple[Reference, ...]:
        """All entities that the owner has chosen."""
        evidence = None if self.entity is None else self.entity.reference
        return tuple(
            each for each in (self.person, evidence, self.alarm, *self.entrances) if each is not None
        )

    @classmethod
    def of(cls, subentry: ConfigSubentry) -> Self:
        """Return the rule from a config subentry.

        Raises KeyError, TypeError or ValueError if our flow did not write it.
        """
        data = subentry.data
        evidence = PhoneEvidence(data[CONF_EVIDENCE])
        action = RuleAction(data[CONF_ACTION])
        notify = optional(text, data.get(CONF_NOTIFY))
        alarm = optional(_entity_id, data.get(CONF_ALARM))
        return cls(
            subentry_id=subentry.subentry_id,
            title=subentry.title,
            person=reference_of(data, _entity_id(data[CONF_PERSON])),
            phone=phone_of(data),
            entity=_entity_of(data) if evidence is PhoneEvidence.ENTITY else None,
            quiet=_quiet_hours_of(data),
            alarm=None if alarm is None else reference_of(data, alarm),
            entrances=tuple(
                reference_of(data, each) for each in listed(_entity_id, data.get(CONF_ENTRANCES, []))
            ),
            notify=notify,
            app_entry=None if notify is None else app_entry_of(data, notify),
            phone_check=optional(text, data.get(CONF_PHONE_CHECK)),
            tries=flag(data.get(CONF_TRY, False)),
            settings=RuleSettings(
                evidence=evidence,
                door_scanners=frozenset(listed(text, data.get(CONF_SCANNERS, []))),
                threshold=float(real(data.get(CONF_THRESHOLD, RuleSettings.threshold))),
                window=real(data[CONF_WINDOW]) * _MINUTE,
                arm_distance=float(real(data[CONF_ARM_DISTANCE])),
                arm_after=real(data[CONF_ARM_AFTER]) * _MINUTE,
                cool_down=real(data[CONF_COOL_DOWN]) * _MINUTE,
                action=action,
                # An owner who lets the rule open the door wants it open, whichever way the lock does that.
                unlatching_allowed=action is RuleAction.UNLATCH,
                confirm=flag(data[CONF_CONFIRM]),
                hold_battery_critical=flag(data[CONF_HOLD_BATTERY]),
                alarm=alarm is not None,
                can_locate=notify is not None,
            ),
        )


def pinned_data(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a rule with present names and permanent ids of all that it refers to."""
    return pinned(hass, data, (CONF_PERSON, CONF_ENTITY, CONF_ALARM), CONF_ENTRANCES, CONF_NOTIFY)


def phone_of(data: Mapping[str, Any]) -> Phone | None:
    """Return the phone to be received by radio; None if an entity is the evidence."""
    match data[CONF_EVIDENCE]:
        case PhoneEvidence.PRIVATE_DEVICE:
            return PrivatePhone(irk=_irk(data[CONF_IRK]))
        case PhoneEvidence.IBEACON:
            return BeaconPhone(
                uuid=UUID(text(data[CONF_UUID])),
                major=integer(data[CONF_MAJOR], high=0xFFFF),
                minor=integer(data[CONF_MINOR], high=0xFFFF),
            )
    return None


def opened(before: State | None, after: State | None) -> bool:
    """Whether an entrance is open that was not seen open before."""
    return after is not None and after.state in _OPEN and (before is None or before.state not in _OPEN)


def _entity_of(data: Mapping[str, Any]) -> NearEntity:
    return NearEntity(
        reference=reference_of(data, _entity_id(data[CONF_ENTITY])),
        state=optional(text, data.get(CONF_NEAR_STATE)),
        below=optional(real, data.get(CONF_NEAR_BELOW)),
    )


def _entity_id(value: Any) -> str:
    entity_id = text(value)
    if not valid_entity_id(entity_id):
        raise ValueError("no entity")
    return entity_id


def _irk(value: Any) -> bytes:
    irk = bytes.fromhex(text(value))
    if len(irk) != IRK_SIZE:
        raise ValueError("no key")
    return irk


def _quiet_hours_of(data: Mapping[str, Any]) -> QuietTimes | None:
    begin, end = data.get(CONF_QUIET_FROM), data.get(CONF_QUIET_TO)
    if begin is None or end is None:
        return None
    return QuietTimes(begin=time.fromisoformat(begin), end=time.fromisoformat(end))
