"""The first page of a rule: who comes home, and by what their phone is recognized."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import ATTR_LATITUDE
from homeassistant.core import callback
from homeassistant.helpers.selector import SelectOptionDict

from custom_components.smartlock.auto_unlock import forms
from custom_components.smartlock.auto_unlock.phone_radio import Phone, PrivatePhone
from custom_components.smartlock.auto_unlock.phones import KnownPhone, known_phones, read_keys, received_now
from custom_components.smartlock.auto_unlock.rule import (
    CONF_ENTITY,
    CONF_EVIDENCE,
    CONF_IRK,
    CONF_MAJOR,
    CONF_MINOR,
    CONF_NEAR_BELOW,
    CONF_NEAR_STATE,
    CONF_PERSON,
    CONF_SCANNERS,
    CONF_THRESHOLD,
    CONF_UUID,
    phone_of,
    pinned_data,
)
from custom_components.smartlock.auto_unlock.rule_dialog import NextForm, RuleDialog
from custom_components.smartlock.auto_unlock.rules import PhoneEvidence

# Depends on the kind of evidence: changing the kind makes it void.
_OF_EVIDENCE: Mapping[PhoneEvidence, tuple[str, ...]] = {
    PhoneEvidence.PRIVATE_DEVICE: (CONF_IRK,),
    PhoneEvidence.IBEACON: (CONF_UUID, CONF_MAJOR, CONF_MINOR),
    PhoneEvidence.ENTITY: (CONF_ENTITY, CONF_NEAR_STATE, CONF_NEAR_BELOW),
}
_BINARY = "binary_sensor."
_CONF_PHONE = "phone"
# How an owner finds the key of a phone.
_HELP_WITH_KEYS = "https://www.home-assistant.io/integrations/private_ble_device/"


class PhoneSteps(RuleDialog):
    """Asks for the person and the phone."""

    def __init__(self) -> None:
        """Start without a phone."""
        super().__init__()
        self._keys: tuple[bytes, ...] = ()
        """What a key that was typed may mean, as long as no phone has shown which it is."""

    @abstractmethod
    async def async_step_door(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Go on at the door."""

    @abstractmethod
    async def async_step_risk(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Go on at the end."""

    async def async_step_person(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the person and the phone."""
        errors = {}
        known = known_phones(self.hass)
        if user_input is not None:
            text = user_input.get(CONF_IRK, "")
            choice = user_input.get(_CONF_PHONE, PhoneEvidence.PRIVATE_DEVICE.value)
            # A phone that Private BLE Device has forgotten since the form was shown is not known any more.
            listed = choice not in set(PhoneEvidence)
            evidence = PhoneEvidence.PRIVATE_DEVICE if listed else PhoneEvidence(choice)
            if user_input[CONF_PERSON] in self._persons_of_others():
                errors[CONF_PERSON] = "person_taken"
            if evidence is PhoneEvidence.PRIVATE_DEVICE:
                try:
                    self._take_key(_key_of(known.get(choice)) if listed else self._typed(text))
                except ValueError:
                    errors[CONF_IRK] = "irk_not_valid" if text else "irk_missing"
            if not errors:
                for other, keys in _OF_EVIDENCE.items():
                    if other is not evidence:
                        self._forget(keys)
                if evidence is not PhoneEvidence.PRIVATE_DEVICE:
                    self._keys = ()
                self._take({CONF_PERSON: user_input[CONF_PERSON], CONF_EVIDENCE: evidence.value}, CONF_PERSON)
                return await self._evidence_step(evidence)()
        options = [
            SelectOptionDict(
                value=phone.entry_id, label=self._label(phone.title, PrivatePhone(irk=phone.irk))
            )
            for phone in known.values()
        ]
        suggested = user_input or self._suggested()
        return self._form(
            "person",
            forms.person(options),
            errors,
            {key: value for key, value in suggested.items() if key != CONF_IRK},
            {"help_with_keys": _HELP_WITH_KEYS},
        )

    def _typed(self, text: str) -> tuple[bytes, ...]:
        """Return what was typed as a key; nothing means the stored one. Raises ValueError."""
        if text:
            return read_keys(text)
        if CONF_IRK not in self._data:
            raise ValueError("no key")
        return self._keys or (bytes.fromhex(self._data[CONF_IRK]),)

    def _take_key(self, keys: tuple[bytes, ...]) -> None:
        """Take a key in the byte order in which a phone is received now, or the likelier one."""
        received = [key for key in keys if received_now(self.hass, PrivatePhone(irk=key)) is not None]
        self._keys = tuple(received) or keys
        self._data[CONF_IRK] = self._keys[0].hex()

    def _label(self, title: str, phone: Phone) -> str:
        packet = received_now(self.hass, phone)
        return title if packet is None else f"{title} ({packet.rssi} dBm)"

    @callback
    def _suggested(self) -> dict[str, Any]:
        """Return the rule's person and phone, or those that are the only ones."""
        known = known_phones(self.hass)
        suggested = {key: self._data[key] for key in (CONF_PERSON,) if key in self._data}
        if CONF_EVIDENCE in self._data:
            irk = self._data.get(CONF_IRK)
            same = (phone.entry_id for phone in known.values() if phone.irk.hex() == irk)
            return {**suggested, _CONF_PHONE: next(same, self._data[CONF_EVIDENCE])}
        taken = self._persons_of_others()
        located = [
            state.entity_id
            for state in self.hass.states.async_all("person")
            if ATTR_LATITUDE in state.attributes and state.entity_id not in taken
        ]
        if len(located) == 1:
            suggested[CONF_PERSON] = located[0]
        if len(known) == 1:
            suggested[_CONF_PHONE] = next(iter(known))
        elif not known:
            suggested[_CONF_PHONE] = PhoneEvidence.PRIVATE_DEVICE.value
        return suggested

    def _persons_of_others(self) -> set[str]:
        own = None if self._is_new else self._reconfigure_subentry_id
        return {
            pinned_data(self.hass, subentry.data)[CONF_PERSON]
            for subentry in self._get_entry().get_subentries_of_type(self._subentry_type)
            if subentry.subentry_id != own
        }

    def _evidence_step(self, evidence: PhoneEvidence) -> NextForm:
        match evidence:
            case PhoneEvidence.PRIVATE_DEVICE:
                return self.async_step_door
            case PhoneEvidence.IBEACON:
                return self.async_step_ibeacon
        return self.async_step_entity

    async def async_step_ibeacon(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the ids of an iBeacon."""
        errors = {}
        if user_input is not None:
            try:
                uuid = str(UUID(user_input[CONF_UUID].strip()))
            except ValueError:
                errors = {CONF_UUID: "uuid_not_valid"}
            else:
                self._data |= {
                    CONF_UUID: uuid,
                    CONF_MAJOR: int(user_input[CONF_MAJOR]),
                    CONF_MINOR: int(user_input[CONF_MINOR]),
                }
                return await self.async_step_door()
        return self._form("ibeacon", forms.IBEACON, errors, user_input)

    async def async_step_entity(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for an entity that shows whether the phone is at the door."""
        errors = {}
        if user_input is not None:
            choices = {CONF_NEAR_STATE, CONF_NEAR_BELOW} & user_input.keys()
            if len(choices) == 1 or (not choices and user_input[CONF_ENTITY].startswith(_BINARY)):
                self._forget((*_OF_EVIDENCE[PhoneEvidence.ENTITY], CONF_SCANNERS, CONF_THRESHOLD))
                self._take(user_input, CONF_ENTITY)
                return await self._done(self.async_step_risk)
            errors = {"base": "state_or_number"}
        return self._form("entity", forms.ENTITY, errors, user_input)

    @property
    def _phones(self) -> tuple[Phone, ...]:
        """What the phone may be: its key may have been typed in either byte order."""
        if self._keys:
            return tuple(PrivatePhone(irk=key) for key in self._keys)
        phone = phone_of(self._data)
        assert phone is not None
        return (phone,)


def _key_of(phone: KnownPhone | None) -> tuple[bytes, ...]:
    """Return the key of a phone. Raises ValueError if it is not known."""
    if phone is None:
        raise ValueError("no phone")
    return (phone.irk,)
