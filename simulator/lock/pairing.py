"""Pairing on the pairing GDIO, both flows and all their errors (Nuki Smart Lock API V2.3.0, section 5)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from custom_components.smartlock.protocol import crypto, frames
from custom_components.smartlock.protocol.enums import AuthorizationIdType, Command, ErrorCode, StatusCode
from custom_components.smartlock.protocol.errors import AuthenticationError, DecodeError
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import (
    AuthorizationAuthenticator,
    AuthorizationData,
    AuthorizationDataWithPin,
    AuthorizationId,
    AuthorizationIdConfirmation,
    AuthorizationInfo,
    Challenge,
    EncryptedAuthorizationId,
    ErrorReport,
    PublicKey,
    RequestData,
    Status,
)
from simulator.lock.authorizations import Authorization
from simulator.lock.device import Device
from simulator.lock.faults import Moment
from simulator.lock.journal import Kind
from simulator.lock.link import LockLink

# Id of the sealed step; the lock ignores what a client sends there and answers with this.
_PAIRING_ID = 0x7FFFFFFF

_NO_COMMAND = Command(0)


class _RefusedError(Exception):
    """A step of pairing is refused."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class _Candidate:
    """Who will get an authorization once it has confirmed its id."""

    authorization_id: int
    id_type: AuthorizationIdType
    app_id: int
    name: str = field(repr=False)


class PairingExchange:
    """The state of pairing on one link: which message may come next, and the secrets so far."""

    def __init__(self, device: Device, link: LockLink) -> None:
        """Wait for the first message of a client."""
        self._device = device
        self._link = link
        self._steps: dict[Command, tuple[int, Callable[[bytes], None]]] = {
            Command.REQUEST_DATA: (2, self._send_public_key),
            Command.PUBLIC_KEY: (32, self._derive_key),
            Command.AUTHORIZATION_AUTHENTICATOR: (32, self._check_key),
            Command.AUTHORIZATION_DATA: (101, self._offer_authorization),
            Command.AUTHORIZATION_ID_CONFIRMATION: (36, self._authorize),
        }
        self._start_again()

    def _start_again(self) -> None:
        self._expected = Command.REQUEST_DATA
        self._private_key = b""
        self._public_key = b""
        self._client_key = b""
        self._shared_key = b""
        self._challenge = b""
        self._candidate: _Candidate | None = None

    @property
    def _sealed(self) -> bool:
        """Whether the next message comes sealed with the new key (fifth generation)."""
        return self._device.model.dialect.pin_for_pairing and self._expected == Command.AUTHORIZATION_DATA

    def receive(self, value: bytes) -> None:
        """Deal with a value written to the pairing GDIO."""
        if self._sealed and len(value) >= frames.ENCRYPTED_MINIMUM:
            self._receive_sealed(value)
            return
        command = Command(int.from_bytes(value[:2], "little")) if len(value) >= 2 else _NO_COMMAND
        self._note_request(command)
        try:
            self._take_plain(command, value)
        except _RefusedError as error:
            self._start_again()
            report = ErrorReport(code=error.code, refused=command)
            self._link.answer_plain(self._device.model.dialect.pairing_gdio, report)

    def _take_plain(self, command: Command, value: bytes) -> None:
        try:
            payload = frames.decode_plain(value).payload
        except DecodeError:
            self._link.broken_rule("a plain message that is no frame", command=command.name)
            raise _RefusedError(ErrorCode.BAD_CRC if len(value) >= 4 else ErrorCode.BAD_LENGTH) from None
        if not self._device.pairing_mode:
            raise _RefusedError(ErrorCode.P_NOT_PAIRING)
        if command not in self._steps:
            self._link.broken_rule("an unknown command", command=command.name)
            raise _RefusedError(ErrorCode.UNKNOWN)
        length, step = self._steps[command]
        if len(payload) != length:
            self._link.broken_rule("wrong length of a payload", command=command.name)
            raise _RefusedError(ErrorCode.BAD_LENGTH)
        # Asking for the public key begins again at any time.
        if command not in (self._expected, Command.REQUEST_DATA):
            self._link.broken_rule("pairing out of order", command=command.name)
            raise _RefusedError(ErrorCode.UNKNOWN)
        if (code := self._device.faults.refusal(command)) is not None:
            raise _RefusedError(code)
        step(payload)

    def _send_public_key(self, payload: bytes) -> None:
        if RequestData.decode(payload).requested != Command.PUBLIC_KEY:
            raise _RefusedError(ErrorCode.P_BAD_PARAMETER)
        self._start_again()
        self._private_key = self._device.random(crypto.KEY_SIZE)
        self._public_key = crypto.public_key(self._private_key)
        self._answer(PublicKey(key=self._public_key), then=Command.PUBLIC_KEY)

    def _derive_key(self, payload: bytes) -> None:
        self._client_key = PublicKey.decode(payload).key
        try:
            self._shared_key = crypto.shared_key(self._private_key, self._client_key)
        except AuthenticationError:
            raise _RefusedError(ErrorCode.P_BAD_PARAMETER) from None
        self._send_challenge(then=Command.AUTHORIZATION_AUTHENTICATOR)

    def _check_key(self, payload: bytes) -> None:
        received = AuthorizationAuthenticator.decode(payload).authenticator
        self._verify(received, self._client_key, self._public_key, self._challenge)
        if self._device.model.dialect.pin_for_pairing:
            info = AuthorizationInfo(pin_set=self._device.pin.is_set)
            self._answer(info, then=Command.AUTHORIZATION_DATA)
        else:
            self._send_challenge(then=Command.AUTHORIZATION_DATA)

    def _offer_authorization(self, payload: bytes) -> None:
        data = AuthorizationData.decode(payload)
        # The authenticator covers the fields as they were sent, and the challenge.
        self._verify(data.authenticator, payload[32:], self._challenge)
        if data.id_type not in (
            AuthorizationIdType.APP,
            AuthorizationIdType.BRIDGE,
            AuthorizationIdType.FOB,
            AuthorizationIdType.KEYPAD,
        ):
            raise _RefusedError(ErrorCode.P_BAD_PARAMETER)
        table = self._device.authorizations
        if not table.has_room(data.app_id, data.id_type):
            raise _RefusedError(ErrorCode.P_MAX_USER)
        self._candidate = _Candidate(table.next_id(), data.id_type, data.app_id, data.name)
        self._challenge = self._device.random(32)
        authorization_id = self._candidate.authorization_id.to_bytes(4, "little")
        authenticator = crypto.authenticator(
            self._shared_key, authorization_id, self._device.uuid, self._challenge, data.nonce
        )
        self._answer(
            AuthorizationId(
                authenticator=authenticator,
                authorization_id=self._candidate.authorization_id,
                uuid=self._device.uuid,
                nonce=self._challenge,
            ),
            then=Command.AUTHORIZATION_ID_CONFIRMATION,
        )

    def _authorize(self, payload: bytes) -> None:
        confirmation = AuthorizationIdConfirmation.decode(payload)
        candidate = self._candidate
        assert candidate is not None
        self._verify(confirmation.authenticator, payload[32:], self._challenge)
        if confirmation.authorization_id != candidate.authorization_id:
            raise _RefusedError(ErrorCode.P_BAD_PARAMETER)
        self._store(candidate)
        self._start_again()
        self._link.answer_plain(self._device.model.dialect.pairing_gdio, Status(status=StatusCode.COMPLETE))
        self._device.leave_pairing_mode("paired")

    # --- The sealed step of the fifth generation ----------------------------------------------------------

    def _receive_sealed(self, value: bytes) -> None:
        gdio = self._device.model.dialect.pairing_gdio
        session = Session(authorization_id=_PAIRING_ID, shared_key=self._shared_key)
        self._note_request(Command.AUTHORIZATION_DATA)
        try:
            frame = frames.decode_encrypted(session, value)
        except (DecodeError, AuthenticationError) as error:
            self._start_again()
            unread = isinstance(error, AuthenticationError)
            code = ErrorCode.K_NOT_AUTHORIZED if unread else ErrorCode.BAD_LENGTH
            self._link.answer_plain(gdio, ErrorReport(code=code, refused=_NO_COMMAND))
            return
        try:
            answer = self._authorize_with_pin(frame)
        except _RefusedError as error:
            self._start_again()
            report = ErrorReport(code=error.code, refused=frame.command)
            if self._device.habits.sealed_pairing_errors:
                self._link.answer_sealed(gdio, session, report)
            else:
                self._link.answer_plain(gdio, report)
            return
        self._start_again()
        self._link.answer_sealed(gdio, session, answer)
        self._device.leave_pairing_mode("paired")

    def _authorize_with_pin(self, frame: frames.Frame) -> EncryptedAuthorizationId:
        device = self._device
        if not frame.crc_valid:
            self._link.broken_rule("wrong checksum", command=frame.command.name)
            raise _RefusedError(ErrorCode.BAD_CRC)
        if not device.pairing_mode:
            raise _RefusedError(ErrorCode.P_NOT_PAIRING)
        if frame.command != Command.AUTHORIZATION_DATA:
            self._link.broken_rule("pairing out of order", command=frame.command.name)
            raise _RefusedError(ErrorCode.UNKNOWN)
        if len(frame.payload) != AuthorizationDataWithPin.minimum_size:
            self._link.broken_rule("wrong length of a payload", command=frame.command.name)
            raise _RefusedError(ErrorCode.BAD_LENGTH)
        if (code := device.faults.refusal(frame.command)) is not None:
            raise _RefusedError(code)
        data = AuthorizationDataWithPin.decode(frame.payload)
        code = device.pin.check(data.security_pin)
        device.journal.record(
            Kind.PIN_SENT,
            command=frame.command.name,
            needed=True,
            accepted=code is None,
            connection=self._link.number,
        )
        if code is not None:
            raise _RefusedError(code)
        table = device.authorizations
        # The fifth generation knows no types; all its clients are what older locks call App.
        candidate = _Candidate(table.next_id(), AuthorizationIdType.APP, data.app_id, data.name)
        if not table.has_room(candidate.app_id, candidate.id_type):
            raise _RefusedError(ErrorCode.P_MAX_USER)
        entry = self._store(candidate)
        return EncryptedAuthorizationId(authorization_id=entry.session.authorization_id, uuid=device.uuid)

    # --- Common -------------------------------------------------------------------------------------------

    def _store(self, candidate: _Candidate) -> Authorization:
        """Add the client in place of those that it replaces."""
        device, table = self._device, self._device.authorizations
        for entry in table.replaced(candidate.app_id, candidate.id_type):
            device.delete_authorization(entry, "replaced by a new pairing")
        entry = table.add(
            self._shared_key,
            app_id=candidate.app_id,
            name=candidate.name,
            id_type=candidate.id_type,
            authorization_id=candidate.authorization_id,
            created=device.now,
        )
        device.initialized = True
        device.journal.record(
            Kind.AUTHORIZATION_ADDED,
            authorization=entry.index,
            id_type=entry.id_type.name,
            connection=self._link.number,
        )
        self._link.ends_at(Moment.AUTHORIZATION_STORED)
        return entry

    def _verify(self, received: bytes, *parts: bytes) -> None:
        try:
            crypto.verify_authenticator(self._shared_key, received, *parts)
        except AuthenticationError:
            raise _RefusedError(ErrorCode.P_BAD_AUTHENTICATOR) from None

    def _send_challenge(self, *, then: Command) -> None:
        self._challenge = self._device.random(32)
        self._answer(Challenge(nonce=self._challenge), then=then)

    def _answer(
        self,
        message: PublicKey | Challenge | AuthorizationInfo | AuthorizationId,
        *,
        then: Command,
    ) -> None:
        self._expected = then
        self._link.answer_plain(self._device.model.dialect.pairing_gdio, message)

    def _note_request(self, command: Command) -> None:
        self._device.journal.record(
            Kind.REQUEST,
            connection=self._link.number,
            authorization=None,
            command=command.name,
            pairing=True,
        )
