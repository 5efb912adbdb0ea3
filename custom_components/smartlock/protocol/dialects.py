"""What differs between the generations, as data.

A dialect names the services and characteristics, the size of the security PIN, and the messages that the lock
sends and understands. Generations 1 to 4 speak one, the fifth another, the Opener a third.
Source: Nuki Smart Lock API V2.1 and V2.3.0, section 2; Opener UUIDs from public clients.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import Enum

from . import messages as m, opener as o, undocumented as u
from .enums import Command
from .values import dataclass
from .wire import Wire, uint16, uint32


def _uuid(short: str) -> str:
    return f"{short}-5501-11e4-916c-0800200c9a66"


def _by_command(*kinds: type[m.Message]) -> Mapping[Command, type[m.Message]]:
    return {kind.command: kind for kind in kinds}


class Product(Enum):
    """What kind of device speaks a dialect."""

    SMART_LOCK = "Smart Lock"
    OPENER = "Opener"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The way of speaking of one product or generation."""

    name: str
    """Short and stable: it is stored."""
    product: Product
    pairing_service: str
    pairing_gdio: str
    keyturner_service: str
    keyturner_gdio: str
    keyturner_usdio: str
    pin: Wire[int]
    pin_digits: int
    pin_for_pairing: bool
    """Whether pairing itself needs the security PIN."""
    client_types: bool
    """Whether an authorization is made as App or as Bridge."""
    answers: Mapping[Command, type[m.Message]]
    """Messages that the lock sends."""
    requests: Mapping[Command, type[m.Message]]
    """Messages that the lock understands."""

    def accepts_pin(self, pin: str) -> bool:
        """Whether a text can be a security PIN of this generation: so many ASCII digits and nothing else."""
        return len(pin) == self.pin_digits and pin.isascii() and pin.isdigit()

    def least_answer(self, command: Command) -> int:
        """Return the least payload size of a message from the lock; 0 for an unknown command."""
        kind = self.answers.get(command)
        return 0 if kind is None else kind.minimum_size


# What every product says and understands.
_COMMON_ANSWERS: tuple[type[m.Message], ...] = (
    m.PublicKey,
    m.Challenge,
    m.Status,
    m.ErrorReport,
    m.BatteryReport,
    m.MostRecentCommand,
    m.OpeningsClosingsSummary,
    m.AuthorizationEntryCount,
    m.AuthorizationEntry,
    m.InvitedAuthorizationId,
    m.LogEntryCount,
    m.LogEntry,
    m.TimeControlEntryId,
    m.TimeControlEntryCount,
    m.TimeControlEntry,
    m.KeypadCodeId,
    m.KeypadCodeCount,
    m.KeypadCode,
    u.DoorSensorConfig,
    u.GeneralStatistics,
    u.DailyStatistics,
    u.Keypad2Config,
    u.AccessoryInfo,
    u.InternalLogEntry,
)
_COMMON_REQUESTS: tuple[type[m.Message], ...] = (
    m.RequestData,
    m.PublicKey,
    m.AuthorizationAuthenticator,
    m.RequestConfig,
    m.RequestAdvancedConfig,
    m.RequestCalibration,
    m.RequestReboot,
    m.UpdateTime,
    m.VerifySecurityPin,
    m.RequestAuthorizationEntries,
    m.InviteAuthorization,
    m.UpdateAuthorization,
    m.RemoveAuthorization,
    m.RequestLogEntries,
    m.EnableLogging,
    m.AddTimeControlEntry,
    m.RequestTimeControlEntries,
    m.UpdateTimeControlEntry,
    m.RemoveTimeControlEntry,
    m.AddKeypadCode,
    m.RequestKeypadCodes,
    m.UpdateKeypadCode,
    m.RemoveKeypadCode,
    m.KeypadActionRequest,
    u.RequestDoorSensorConfig,
    u.RequestGeneralStatistics,
    u.RequestDailyStatistics,
    u.RequestKeypad2Config,
    u.RequestAccessoryInfo,
    u.RequestInternalLogEntries,
)
_LOCK_ANSWERS = (*_COMMON_ANSWERS, m.KeyturnerStates, m.Config, m.AdvancedConfig)
_LOCK_REQUESTS = (
    *_COMMON_REQUESTS,
    m.LockActionRequest,
    m.SimpleLockAction,
    m.SetConfig,
)

GENERATIONS_1_TO_4 = Dialect(
    name="gen1-4",
    product=Product.SMART_LOCK,
    pairing_service=_uuid("a92ee100"),
    pairing_gdio=_uuid("a92ee101"),
    keyturner_service=_uuid("a92ee200"),
    keyturner_gdio=_uuid("a92ee201"),
    keyturner_usdio=_uuid("a92ee202"),
    pin=uint16,
    pin_digits=4,
    pin_for_pairing=False,
    client_types=True,
    answers=_by_command(*_LOCK_ANSWERS, m.AuthorizationId),
    requests=_by_command(
        *_LOCK_REQUESTS,
        m.AuthorizationData,
        m.AuthorizationIdConfirmation,
        m.SetAdvancedConfig,
        m.SetSecurityPin,
    ),
)

GENERATION_5 = replace(
    GENERATIONS_1_TO_4,
    name="gen5",
    pairing_service=_uuid("a92ee300"),
    pairing_gdio=_uuid("a92ee301"),
    pin=uint32,
    pin_digits=6,
    pin_for_pairing=True,
    client_types=False,
    answers=_by_command(*_LOCK_ANSWERS, m.AuthorizationInfo, m.EncryptedAuthorizationId),
    requests=_by_command(
        *_LOCK_REQUESTS, m.AuthorizationDataWithPin, m.SetAdvancedConfigWithMotor, m.SetLongSecurityPin
    ),
)

OPENER = replace(
    GENERATIONS_1_TO_4,
    name="opener",
    product=Product.OPENER,
    pairing_service=_uuid("a92ae100"),
    pairing_gdio=_uuid("a92ae101"),
    keyturner_service=_uuid("a92ae200"),
    keyturner_gdio=_uuid("a92ae201"),
    keyturner_usdio=_uuid("a92ae202"),
    answers=_by_command(
        *_COMMON_ANSWERS,
        m.AuthorizationId,
        o.OpenerStates,
        o.OpenerConfig,
        o.OpenerAdvancedConfig,
        o.OpenerLogEntry,
    ),
    requests=_by_command(
        *_COMMON_REQUESTS,
        m.AuthorizationData,
        m.AuthorizationIdConfirmation,
        m.SetSecurityPin,
        o.OpenerActionRequest,
    ),
)

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect for dialect in (GENERATIONS_1_TO_4, GENERATION_5, OPENER)
}


def dialect_of_services(uuids: Iterable[str]) -> Dialect | None:
    """Return the dialect of a device with these GATT services; None if no such device has them."""
    present = {uuid.lower() for uuid in uuids}
    return next((dialect for dialect in DIALECTS.values() if dialect.pairing_service in present), None)
