"""Encrypted requests on the USDIO: who asks, with what proof, and what the lock does about it.

Every command is one row of COMMANDS and one function; the lengths are those of `docs/protocol.md` 9.25.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from custom_components.smartlock.protocol import frames
from custom_components.smartlock.protocol.enums import (
    Command,
    ErrorCode,
    FobAction,
    LockAction,
    StatusCode,
    Trigger,
)
from custom_components.smartlock.protocol.errors import AuthenticationError, DecodeError
from custom_components.smartlock.protocol.frames import Frame
from custom_components.smartlock.protocol.messages import (
    Challenge,
    ErrorReport,
    LockActionRequest,
    Message,
    Proof,
    RequestData,
    Status,
)
from simulator.lock.authorizations import Authorization
from simulator.lock.device import Device
from simulator.lock.faults import Moment
from simulator.lock.journal import Fact, Kind
from simulator.lock.link import LockLink, describe

CHALLENGE_SIZE = 32
_NONCE = slice(0, 24)
_AUTHORIZATION_ID = slice(24, 28)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request whose sender is known."""

    device: Device
    link: LockLink
    authorization: Authorization
    command: Command
    fields: bytes = field(repr=False)
    """Payload without proof."""

    def answer(self, message: Message) -> None:
        """Send a message back."""
        self.link.answer(self.authorization, message)

    def complete(self) -> None:
        """Say that it is done."""
        self.answer(Status(status=StatusCode.COMPLETE))

    def refuse(self, code: ErrorCode) -> None:
        """Say why not."""
        self.answer(ErrorReport(code=code, refused=self.command))

    def broken_rule(self, rule: str) -> None:
        """Note that this request breaks a rule of the protocol."""
        self.link.broken_rule(rule, command=self.command.name, authorization=self.authorization.index)


@dataclass(frozen=True)
class Rule:
    """What a command must look like, and who serves it."""

    lengths: tuple[int, ...]
    """Allowed sizes of the payload without proof."""
    proof: Proof
    serve: Callable[[Request], None]


def receive(device: Device, link: LockLink, value: bytes) -> None:
    """Deal with a value written to the USDIO."""
    authorization = device.authorizations.find(int.from_bytes(value[_AUTHORIZATION_ID], "little"))
    try:
        frame = _open(authorization, value)
    except DecodeError:
        link.broken_rule("wrong length of an encrypted message")
        _refuse_unread(device, link, ErrorCode.BAD_LENGTH)
        return
    except AuthenticationError:
        device.journal.record(Kind.REQUEST, connection=link.number, authorization=None, command=None)
        _refuse_unread(device, link, ErrorCode.K_NOT_AUTHORIZED)
        return
    assert authorization is not None
    if frame.command == Command.LOCK_ACTION and link.ends_at(Moment.ACTION_LOST):
        return
    link.authorization = authorization
    _serve(device, link, authorization, frame, nonce=value[_NONCE])


def _open(authorization: Authorization | None, value: bytes) -> Frame:
    """Return the content of a message. Raises DecodeError, or AuthenticationError for an unknown sender."""
    if len(value) < frames.ENCRYPTED_MINIMUM:
        raise DecodeError("too short for an encrypted message")
    if authorization is None:
        raise AuthenticationError("nobody has this authorization id")
    frame = frames.decode_encrypted(authorization.session, value)
    if frame.authorization_id != authorization.session.authorization_id:
        raise AuthenticationError("the authorization id inside is another one")
    return frame


def _refuse_unread(device: Device, link: LockLink, code: ErrorCode) -> None:
    """Refuse a message that cannot be read: the lock has no key to answer with, so it answers in plain."""
    report = ErrorReport(code=code, refused=Command(0))
    link.answer_plain(device.model.dialect.keyturner_gdio, report)


def _serve(
    device: Device, link: LockLink, authorization: Authorization, frame: Frame, *, nonce: bytes
) -> None:
    rule = COMMANDS.get(frame.command)
    tail = _proof_size(device, rule.proof) if rule is not None else 0
    size = max(0, len(frame.payload) - tail)
    fields, proof = frame.payload[:size], frame.payload[size:]
    request = Request(
        device=device, link=link, authorization=authorization, command=frame.command, fields=fields
    )
    facts: dict[str, Fact] = {}
    if frame.command == Command.REQUEST_DATA and len(fields) == RequestData.minimum_size:
        facts = describe(RequestData.decode(fields))
    device.journal.record(
        Kind.REQUEST,
        connection=link.number,
        authorization=authorization.index,
        command=frame.command.name,
        **facts,
    )
    if nonce in authorization.nonces:
        request.broken_rule("a nonce used twice")
    authorization.nonces.append(nonce)
    code = _refusal(request, rule, proof, crc_valid=frame.crc_valid)
    if rule is None or code is not None:
        request.refuse(ErrorCode.UNKNOWN if code is None else code)
    else:
        rule.serve(request)


def _refusal(request: Request, rule: Rule | None, proof: bytes, *, crc_valid: bool) -> ErrorCode | None:
    """Return why a request is refused before anybody looks at its content."""
    device, authorization = request.device, request.authorization
    if not crc_valid:
        request.broken_rule("wrong checksum")
        return ErrorCode.BAD_CRC
    if rule is None:
        request.broken_rule("an unknown command")
        return ErrorCode.UNKNOWN
    if len(proof) != _proof_size(device, rule.proof) or len(request.fields) not in rule.lengths:
        request.broken_rule("wrong length of a payload")
        _notice_needless_pin(request, rule)
        return ErrorCode.BAD_LENGTH
    code = device.faults.refusal(request.command) or authorization.refusal()
    if rule.proof is Proof.NONE or code is not None:
        return code
    if not _challenge_fits(request, proof[:CHALLENGE_SIZE]):
        return ErrorCode.K_BAD_NONCE
    if rule.proof is Proof.CHALLENGE_AND_PIN:
        code = device.pin.check(device.model.dialect.pin.unpack(proof[CHALLENGE_SIZE:]))
        device.journal.record(
            Kind.PIN_SENT,
            command=request.command.name,
            needed=True,
            accepted=code is None,
            connection=request.link.number,
        )
    return code


def _challenge_fits(request: Request, nonce: bytes) -> bool:
    """Use the challenge up and return whether it was the right one."""
    if request.device.faults.takes_nonce():
        request.device.journal.record(Kind.FAULT, fault="stale-nonce", connection=request.link.number)
        request.authorization.challenge = None
        return False
    keep = not request.device.habits.refused_request_uses_challenge
    if request.authorization.use_challenge(nonce, keep_if_wrong=keep):
        return True
    request.broken_rule("a nonce that is not the last challenge")
    return False


def _notice_needless_pin(request: Request, rule: Rule) -> None:
    """Note a PIN at the end of a command that needs none; the payload is then longer by just that."""
    pin_size = request.device.model.dialect.pin.size
    if rule.proof is not Proof.CHALLENGE_AND_PIN and len(request.fields) - pin_size in rule.lengths:
        request.broken_rule("a PIN for a command that needs none")
        request.device.journal.record(
            Kind.PIN_SENT,
            command=request.command.name,
            needed=False,
            accepted=False,
            connection=request.link.number,
        )


def _proof_size(device: Device, proof: Proof) -> int:
    sizes = {Proof.NONE: 0, Proof.CHALLENGE: CHALLENGE_SIZE}
    return sizes.get(proof, CHALLENGE_SIZE + device.model.dialect.pin.size)


# --- Reading ----------------------------------------------------------------------------------------------


def request_data(request: Request) -> None:
    """Answer with the message asked for."""
    requested = RequestData.decode(request.fields).requested
    serve = READABLE.get(requested)
    if serve is None:
        request.broken_rule(f"a request for {requested.name}, which cannot be read this way")
        request.refuse(ErrorCode.K_BAD_PARAMETER)
    else:
        serve(request)


def read_challenge(request: Request) -> None:
    """Make a challenge; the one before is void."""
    nonce = request.device.random(CHALLENGE_SIZE)
    request.authorization.challenge = nonce
    request.answer(Challenge(nonce=nonce))
    request.link.ends_at(Moment.CHALLENGE_SENT)


def read_states(request: Request) -> None:
    """Tell the state; a Bridge has then seen every change."""
    if request.authorization.is_bridge:
        request.device.unread_change = False
    request.answer(request.device.states())


def read_battery_report(request: Request) -> None:
    """Tell about the batteries."""
    request.answer(request.device.battery_report())


def request_config(request: Request) -> None:
    """Tell the settings."""
    request.answer(request.device.config())


def verify_security_pin(request: Request) -> None:
    """Confirm the PIN, which has been checked."""
    request.complete()


# --- Moving -----------------------------------------------------------------------------------------------

_FOB_BUTTONS = {LockAction.FOB_ACTION_1: 0, LockAction.FOB_ACTION_2: 1, LockAction.FOB_ACTION_3: 2}
_FOB_ACTIONS = {
    FobAction.UNLOCK: LockAction.UNLOCK,
    FobAction.LOCK: LockAction.LOCK,
    FobAction.LOCK_N_GO: LockAction.LOCK_N_GO,
}


def lock_action(request: Request) -> None:
    """Move the bolt: ACCEPTED, states, COMPLETE; without ACCEPTED if there is nothing to do."""
    device, link = request.device, request.link
    order = LockActionRequest.decode(request.fields)
    if order.app_id != request.authorization.app_id:
        request.broken_rule("another app id than at pairing")
    link.ends_at(Moment.ACTION_RECEIVED)
    action = _resolve_fob_action(device, order.action)
    if action == LockAction.NONE and order.action != LockAction.NONE:
        request.complete()
        return
    if (code := device.motor.refusal(action, order.flags, Trigger.SYSTEM)) is not None:
        request.refuse(code)
        return
    if device.motor.settle(action, Trigger.SYSTEM):
        request.complete()
        return

    def done(error: ErrorCode | None) -> None:
        if link.ends_at(Moment.RUN_ENDED):
            return
        if error is None:
            request.complete()
        else:
            request.refuse(error)

    request.answer(Status(status=StatusCode.ACCEPTED))
    link.ends_at(Moment.ACCEPTED_SENT)
    device.motor.start(action, Trigger.SYSTEM, done)


def _resolve_fob_action(device: Device, action: LockAction) -> LockAction:
    """Return what a press of a fob is set to do; other actions stay what they are."""
    if action not in _FOB_BUTTONS:
        return action
    setting = device.settings.values.fob_actions[_FOB_BUTTONS[action]]
    if setting == FobAction.INTELLIGENT:
        return device.motor.intelligent_action
    return _FOB_ACTIONS.get(setting, LockAction.NONE)


COMMANDS = {
    Command.REQUEST_DATA: Rule((2,), Proof.NONE, request_data),
    Command.LOCK_ACTION: Rule((6, 26), Proof.CHALLENGE, lock_action),
    Command.REQUEST_CONFIG: Rule((0,), Proof.CHALLENGE, request_config),
    Command.VERIFY_SECURITY_PIN: Rule((0,), Proof.CHALLENGE_AND_PIN, verify_security_pin),
}

READABLE = {
    Command.CHALLENGE: read_challenge,
    Command.KEYTURNER_STATES: read_states,
    Command.BATTERY_REPORT: read_battery_report,
}
"""What Request Data can ask for."""
