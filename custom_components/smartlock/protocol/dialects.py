"""What differs between the generations, as data.

A dialect names the services and characteristics, the size of the security PIN, and the messages that the lock
sends and understands. Generations 1 to 4 speak one dialect, the fifth another.
Source: Nuki Smart Lock API V2.1 and V2.3.0, section 2; `docs/protocol.md`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import messages as m
from .enums import Command
from .wire import Wire, uint16, uint32


def _uuid(short: str) -> str:
    return f"{short}-5501-11e4-916c-0800200c9a66"


def _by_command(*kinds: type[m.Message]) -> Mapping[Command, type[m.Message]]:
    return {kind.command: kind for kind in kinds}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One generation's way of speaking."""

    name: str
    """Short and stable: it is stored."""
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

    def least_answer(self, command: Command) -> int:
        """Return the least payload size of a message from the lock; 0 for an unknown command."""
        kind = self.answers.get(command)
        return 0 if kind is None else kind.minimum_size


_ANSWERS: tuple[type[m.Message], ...] = (
    m.PublicKey,
    m.Challenge,
    m.Status,
    m.ErrorReport,
    m.KeyturnerStates,
    m.BatteryReport,
    m.Config,
)
_REQUESTS: tuple[type[m.Message], ...] = (
    m.RequestData,
    m.PublicKey,
    m.AuthorizationAuthenticator,
    m.LockActionRequest,
    m.RequestConfig,
    m.VerifySecurityPin,
)

GENERATIONS_1_TO_4 = Dialect(
    name="gen1-4",
    pairing_service=_uuid("a92ee100"),
    pairing_gdio=_uuid("a92ee101"),
    keyturner_service=_uuid("a92ee200"),
    keyturner_gdio=_uuid("a92ee201"),
    keyturner_usdio=_uuid("a92ee202"),
    pin=uint16,
    pin_digits=4,
    pin_for_pairing=False,
    client_types=True,
    answers=_by_command(*_ANSWERS, m.AuthorizationId),
    requests=_by_command(*_REQUESTS, m.AuthorizationData, m.AuthorizationIdConfirmation),
)

GENERATION_5 = Dialect(
    name="gen5",
    pairing_service=_uuid("a92ee300"),
    pairing_gdio=_uuid("a92ee301"),
    keyturner_service=GENERATIONS_1_TO_4.keyturner_service,
    keyturner_gdio=GENERATIONS_1_TO_4.keyturner_gdio,
    keyturner_usdio=GENERATIONS_1_TO_4.keyturner_usdio,
    pin=uint32,
    pin_digits=6,
    pin_for_pairing=True,
    client_types=False,
    answers=_by_command(*_ANSWERS, m.AuthorizationInfo, m.EncryptedAuthorizationId),
    requests=_by_command(*_REQUESTS, m.AuthorizationDataWithPin),
)

DIALECTS: Mapping[str, Dialect] = {dialect.name: dialect for dialect in (GENERATIONS_1_TO_4, GENERATION_5)}


def dialect_of_services(uuids: Iterable[str]) -> Dialect | None:
    """Return the dialect of a lock with these GATT or advertised services; None if it is no such lock."""
    present = {uuid.lower() for uuid in uuids}
    return next((dialect for dialect in DIALECTS.values() if dialect.pairing_service in present), None)
