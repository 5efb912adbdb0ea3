"""Encrypted requests on the USDIO: who asks, with what proof, and what the lock does about it.

Every command is one row of COMMANDS and one function in `simulator.lock.commands`.
"""

from custom_components.smartlock.protocol import frames
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from custom_components.smartlock.protocol.errors import AuthenticationError, DecodeError
from custom_components.smartlock.protocol.frames import Frame
from custom_components.smartlock.protocol.messages import ErrorReport, Proof, RequestData
from simulator.lock.authorizations import Authorization
from simulator.lock.commands import (
    authorizing,
    configuring,
    inspecting,
    keypad_codes,
    log_entries,
    moving,
    reading,
    time_control,
)
from simulator.lock.device import Device
from simulator.lock.faults import Moment
from simulator.lock.journal import Fact, Kind
from simulator.lock.link import LockLink, describe
from simulator.lock.models import Model
from simulator.lock.request import CHALLENGE_SIZE, Request, Rule

_NONCE = slice(0, 24)
_AUTHORIZATION_ID = slice(24, 28)


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
    authorization.last_active = device.now
    device.statistics.command_in()
    code = _refusal(request, rule, proof, crc_valid=frame.crc_valid)
    if rule is None or code is not None:
        request.refuse(ErrorCode.UNKNOWN if code is None else code)
        return
    rule.serve(request)
    if frame.command != Command.REQUEST_DATA:
        device.most_recent_command = frame.command


def _refusal(request: Request, rule: Rule | None, proof: bytes, *, crc_valid: bool) -> ErrorCode | None:
    """Return why a request is refused before anybody looks at its content."""
    device, authorization = request.device, request.authorization
    if not crc_valid:
        request.broken_rule("wrong checksum")
        return ErrorCode.BAD_CRC
    if rule is None:
        request.broken_rule("an unknown command")
        return ErrorCode.UNKNOWN
    if request.command in device.model.lacks:
        return ErrorCode.UNKNOWN
    if len(proof) != _proof_size(device, rule.proof) or not rule.takes(len(request.fields), device.model):
        request.broken_rule("wrong length of a payload")
        _notice_needless_pin(request, rule)
        return ErrorCode.BAD_LENGTH
    code = device.faults.refusal(request.command) or device.refusal_of(authorization, reads=rule.reads)
    if rule.proof is Proof.NONE or code is not None:
        return code
    if not _challenge_fits(request, proof[:CHALLENGE_SIZE]):
        return ErrorCode.K_BAD_NONCE
    if rule.proof is Proof.CHALLENGE_AND_PIN:
        code = device.pin.check(
            device.model.dialect.pin.unpack(proof[CHALLENGE_SIZE:]),
            for_new_pin=request.command == Command.SET_SECURITY_PIN,
        )
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
    length = len(request.fields) - pin_size
    if rule.proof is not Proof.CHALLENGE_AND_PIN and rule.takes(length, request.device.model):
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


# --- The table --------------------------------------------------------------------------------------------


def _set_config_lengths(model: Model) -> tuple[int, ...]:
    return (model.set_config_length,)


def _set_advanced_config_lengths(model: Model) -> tuple[int, ...]:
    return (model.set_advanced_config_length,)


def _pin_lengths(model: Model) -> tuple[int, ...]:
    return (model.dialect.pin.size,)


def _list_lengths(model: Model) -> tuple[int, ...]:
    return (4, 5) if model.authorization_filter else (4,)


_OPEN, _PROVED, _PIN = Proof.NONE, Proof.CHALLENGE, Proof.CHALLENGE_AND_PIN

COMMANDS = {
    Command.REQUEST_DATA: Rule((2,), _OPEN, reading.request_data, reads=True),
    Command.LOCK_ACTION: Rule((6, 26), _PROVED, moving.lock_action),
    Command.SIMPLE_LOCK_ACTION: Rule((1, 21), _PROVED, moving.simple_lock_action),
    Command.KEYPAD_ACTION: Rule((6,), _PROVED, moving.keypad_action),
    Command.REQUEST_CALIBRATION: Rule((0,), _PIN, moving.request_calibration),
    Command.REQUEST_REBOOT: Rule((0,), _PIN, moving.request_reboot),
    Command.REQUEST_CONFIG: Rule((0,), _PROVED, configuring.request_config, reads=True),
    Command.SET_CONFIG: Rule(_set_config_lengths, _PIN, configuring.set_config),
    Command.REQUEST_ADVANCED_CONFIG: Rule((0,), _PROVED, configuring.request_advanced_config, reads=True),
    Command.SET_ADVANCED_CONFIG: Rule(_set_advanced_config_lengths, _PIN, configuring.set_advanced_config),
    Command.UPDATE_TIME: Rule((7,), _PIN, configuring.update_time),
    Command.VERIFY_SECURITY_PIN: Rule((0,), _PIN, configuring.verify_security_pin, reads=True),
    Command.SET_SECURITY_PIN: Rule(_pin_lengths, _PIN, configuring.set_security_pin),
    Command.ENABLE_LOGGING: Rule((1,), _PIN, configuring.enable_logging),
    Command.REQUEST_LOG_ENTRIES: Rule((8,), _PIN, log_entries.request_log_entries, reads=True),
    Command.REQUEST_AUTHORIZATION_ENTRIES: Rule(
        _list_lengths, _PIN, authorizing.request_authorization_entries, reads=True
    ),
    Command.AUTHORIZATION_DATA_INVITE: Rule((86,), _PIN, authorizing.invite_authorization),
    Command.UPDATE_AUTHORIZATION_ENTRY: Rule((58,), _PIN, authorizing.update_authorization),
    Command.REMOVE_AUTHORIZATION_ENTRY: Rule((4,), _PIN, authorizing.remove_authorization),
    Command.REQUEST_KEYPAD_CODES: Rule((4,), _PIN, keypad_codes.request_keypad_codes, reads=True),
    Command.ADD_KEYPAD_CODE: Rule((44,), _PIN, keypad_codes.add_keypad_code),
    Command.UPDATE_KEYPAD_CODE: Rule((47,), _PIN, keypad_codes.update_keypad_code),
    Command.REMOVE_KEYPAD_CODE: Rule((2,), _PIN, keypad_codes.remove_keypad_code),
    Command.REQUEST_TIME_CONTROL_ENTRIES: Rule(
        (0,), _PIN, time_control.request_time_control_entries, reads=True
    ),
    Command.ADD_TIME_CONTROL_ENTRY: Rule((4,), _PIN, time_control.add_time_control_entry),
    Command.UPDATE_TIME_CONTROL_ENTRY: Rule((6,), _PIN, time_control.update_time_control_entry),
    Command.REMOVE_TIME_CONTROL_ENTRY: Rule((1,), _PIN, time_control.remove_time_control_entry),
    Command.REQUEST_DOOR_SENSOR_CONFIG: Rule(
        (0,), _PROVED, inspecting.request_door_sensor_config, reads=True
    ),
    Command.REQUEST_GENERAL_STATISTICS: Rule((0,), _PIN, inspecting.request_general_statistics, reads=True),
    Command.REQUEST_DAILY_STATISTICS: Rule((5,), _PIN, inspecting.request_daily_statistics, reads=True),
    Command.REQUEST_KEYPAD_2_CONFIG: Rule((0,), _PROVED, inspecting.request_keypad_2_config, reads=True),
    Command.REQUEST_ACCESSORY_INFO: Rule((1,), _PIN, inspecting.request_accessory_info, reads=True),
    Command.REQUEST_INTERNAL_LOG_ENTRIES: Rule(
        (8,), _PIN, inspecting.request_internal_log_entries, reads=True
    ),
}
"""What a client can send; lengths are those of the payload without challenge and PIN."""
