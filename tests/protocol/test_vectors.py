"""Every published byte that the declared protocol touches, reproduced.

The id of each case is the id of the vector; its `source` says where the bytes were printed or captured.
"""

from collections.abc import Callable
from typing import Any

import pytest

from custom_components.smartlock.protocol import beacon, crypto, frames
from custom_components.smartlock.protocol.channel import (
    Outgoing,
    PairingChannel,
    SessionChannel,
    encode_payload,
)
from custom_components.smartlock.protocol.conversations import Exchange, act
from custom_components.smartlock.protocol.dialects import GENERATION_5, GENERATIONS_1_TO_4, Dialect, Product
from custom_components.smartlock.protocol.enums import (
    AuthorizationIdType,
    Command,
    ErrorCode,
    LockAction,
    StatusCode,
    Weekdays,
)
from custom_components.smartlock.protocol.errors import AuthenticationError, NotAuthorizedError
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import (
    AdvancedConfig,
    BatteryReport,
    Challenge,
    Config,
    ErrorReport,
    KeyturnerStates,
    LockActionRequest,
    LogEntry,
    Message,
    Proof,
    PublicKey,
    RequestData,
    Status,
    TimeControlEntry,
)
from custom_components.smartlock.protocol.pairing import pair_gen1_4, pair_gen5
from custom_components.smartlock.protocol.wire import Date7
from tests.vectors import VECTORS, vector_bytes

OWN_KEY = "v21-kdf"
SHARED_KEY = vector_bytes(OWN_KEY, "shared_key")
V21_SESSION = Session(authorization_id=2, shared_key=SHARED_KEY)


def of_kind(*kinds: str) -> list[str]:
    """Return the ids of the vectors of these kinds."""
    return [vector_id for vector_id, vector in VECTORS.items() if vector["kind"] in kinds]


def test_crc_check_value() -> None:
    """The catalogue's check value, and its order on the wire."""
    data = vector_bytes("crc-check-value", "data")
    assert f"{frames.crc(data):04x}" == VECTORS["crc-check-value"]["crc_uint16"]
    assert frames.crc(data).to_bytes(2, "little") == vector_bytes("crc-check-value", "crc_wire")


@pytest.mark.parametrize("vector_id", of_kind("key_derivation"))
def test_key_derivation(vector_id: str) -> None:
    """The printed key pairs give the printed shared key."""
    private = vector_bytes(vector_id, "client_private_key")
    assert crypto.public_key(private) == vector_bytes(vector_id, "client_public_key")
    lock_public = vector_bytes(vector_id, "lock_public_key")
    assert crypto.shared_key(private, lock_public) == vector_bytes(vector_id, "shared_key")


@pytest.mark.parametrize("vector_id", of_kind("hmac_message"))
def test_authenticator(vector_id: str) -> None:
    """The printed input and key give the printed authenticator."""
    key, received = vector_bytes(vector_id, "shared_key"), vector_bytes(vector_id, "authenticator")
    signed = vector_bytes(vector_id, "hmac_input")
    crypto.verify_authenticator(key, received, signed)
    with pytest.raises(AuthenticationError):
        crypto.verify_authenticator(key, received, signed + b"\0")


@pytest.mark.parametrize("vector_id", of_kind("plain_message", "hmac_message"))
def test_plain_frame(vector_id: str) -> None:
    """A printed message is taken apart, put together again, and accepted in the printed chunks."""
    vector = VECTORS[vector_id]
    message = vector_bytes(vector_id, "message")
    frame = frames.decode_plain(message)
    if "payload" in vector:
        assert frame.payload.hex() == vector["payload"]
        assert f"{frame.command:04x}" == vector["command"]
    assert frames.encode_plain(frame.command, frame.payload) == message

    dialect = GENERATION_5 if "ultra" in vector_id or "info" in vector_id else GENERATIONS_1_TO_4
    reassembler = frames.PlainReassembler(dialect.least_answer)
    received = [
        whole
        for chunk in vector.get("chunks", [vector["message"]])
        for whole in reassembler.receive(bytes.fromhex(chunk))
    ]
    assert received == [message]
    kinds = dialect.answers if frame.command in dialect.answers else dialect.requests
    decoded = kinds[frame.command].decode(frame.payload)
    assert decoded.trailing == b""
    assert decoded.encode() == frame.payload


@pytest.mark.parametrize("vector_id", of_kind("encrypted_message"))
def test_encrypted_frame(vector_id: str) -> None:
    """A printed encrypted message is opened, and sealed again to the same bytes."""
    vector = VECTORS[vector_id]
    message = vector_bytes(vector_id, "message")
    frame = frames.decode_encrypted(V21_SESSION, message)
    assert (frame.authorization_id, frame.crc_valid) == (2, True)
    assert frame.payload.hex() == vector["payload"]
    assert f"{frame.command:04x}" == vector["command"]
    nonce = vector_bytes(vector_id, "nonce")
    assert frames.encode_encrypted(V21_SESSION, nonce, frame.command, frame.payload) == message
    reassembler = frames.EncryptedReassembler()
    chunks = vector.get("chunks", [vector["message"]])
    assert [w for c in chunks for w in reassembler.receive(bytes.fromhex(c))] == [message]


@pytest.mark.parametrize("vector_id", of_kind("pdata"))
def test_pdata(vector_id: str) -> None:
    """A printed PDATA is what stands inside the frame that we seal and the lock's frame that we open."""
    vector = VECTORS[vector_id]
    pdata = vector_bytes(vector_id, "pdata")
    session = Session(authorization_id=int.from_bytes(pdata[:4], "little"), shared_key=SHARED_KEY)
    command, payload = Command(int(vector["command"], 16)), vector_bytes(vector_id, "payload")
    frame = frames.encode_encrypted(session, bytes(24), command, payload)
    assert crypto.unseal(SHARED_KEY, bytes(24), frame[30:]) == pdata
    opened = frames.decode_encrypted(session, frame)
    assert (opened.command, opened.payload, opened.crc_valid) == (command, payload, True)


# The words of the vectors and ours, where they differ.
STATES_WORDS: dict[str, Callable[[Any], Any]] = {
    "time": lambda s: s.current_time.moment.isoformat()[:19] if s.current_time.moment else None,
    "timezone_offset": lambda s: s.time_zone_offset,
    "lockngo_timer": lambda s: s.lock_n_go_timer,
    "last_action": lambda s: s.last_lock_action,
    "last_action_trigger": lambda s: s.last_lock_action_trigger,
    "last_action_completion": lambda s: s.last_lock_action_completion_status,
    "night_mode": lambda s: s.night_mode_active,
    "keypad_battery_supported": lambda s: bool(s.accessory_battery & 1),
    "keypad_battery_critical": lambda s: bool(s.accessory_battery & 2),
    "doorsensor_battery_supported": lambda s: bool(s.accessory_battery & 4),
    "doorsensor_battery_critical": lambda s: bool(s.accessory_battery & 8),
    "ble_rssi_raw": lambda s: s.ble_rssi,
    "wifi_status": lambda s: s.wifi_status & 3,
    "sse_status": lambda s: s.wifi_status >> 2 & 3,
    "wifi_quality": lambda s: s.wifi_status >> 4,
    "mqtt_status": lambda s: s.mqtt_status & 3,
    "mqtt_via_thread": lambda s: bool(s.mqtt_status & 4),
    "thread_status": lambda s: s.thread_status & 3,
}
CONFIG_WORDS: dict[str, Callable[[Any], Any]] = {
    "nuki_id": lambda c: f"{c.nuki_id:08x}",
    "time": lambda c: c.current_time.moment.isoformat()[:19],
    "timezone_offset": lambda c: c.time_zone_offset,
    "firmware": lambda c: str(c.firmware_version),
    "hardware": lambda c: str(c.hardware_revision),
    "timezone_id": lambda c: c.time_zone_id,
    "has_keypad2": lambda c: c.has_keypad_2,
}
BATTERY_WORDS: dict[str, Callable[[Any], Any]] = {
    "drain_mws": lambda b: b.battery_drain,
    "voltage_mv": lambda b: b.battery_voltage,
    "critical": lambda b: b.critical_battery_state,
    "start_mv": lambda b: b.start_voltage,
    "lowest_mv": lambda b: b.lowest_voltage,
    "distance_deg": lambda b: b.lock_distance,
    "resistance": lambda b: b.battery_resistance,
}
WEEKDAYS: dict[str, Weekdays] = {day.name[:3].lower(): day for day in Weekdays if day.name}
ADVANCED_WORDS: dict[str, Callable[[Any], Any]] = {
    "unlocked_offset": lambda c: c.unlocked_position_offset,
    "locked_offset": lambda c: c.locked_position_offset,
    "single_locked_offset": lambda c: c.single_locked_position_offset,
    "transition_offset": lambda c: c.unlocked_to_locked_transition_offset,
    "lockngo_timeout": lambda c: c.lock_n_go_timeout,
    "single_button": lambda c: c.single_button_press_action,
    "double_button": lambda c: c.double_button_press_action,
    "auto_battery_type": lambda c: c.automatic_battery_type_detection,
    "night_mode": lambda c: c.night_mode_enabled,
    "night_start": lambda c: c.night_mode_start.time.isoformat("minutes"),
    "night_end": lambda c: c.night_mode_end.time.isoformat("minutes"),
    "night_auto_lock": lambda c: c.night_mode_auto_lock_enabled,
    "night_auto_unlock_disabled": lambda c: c.night_mode_auto_unlock_disabled,
    "night_immediate_lock": lambda c: c.night_mode_immediate_lock_on_start,
    "auto_lock": lambda c: c.auto_lock_enabled,
    "immediate_auto_lock": lambda c: c.immediate_auto_lock_enabled,
    "auto_update": lambda c: c.auto_update_enabled,
}
LOG_WORDS: dict[str, Callable[[Any], Any]] = {
    "time": lambda e: e.timestamp.moment.isoformat()[:19],
    "action": lambda e: e.details.action,
    "trigger": lambda e: e.details.trigger,
    "flags": lambda e: e.details.flags,
    "completion": lambda e: e.details.completion_status,
    "door_event": lambda e: e.details.event,
}
TIME_CONTROL_WORDS: dict[str, Callable[[Any], Any]] = {
    "weekdays": lambda e: [
        day for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") if WEEKDAYS[day] in e.weekdays
    ],
    "time": lambda e: e.time.time.isoformat("minutes"),
    "action": lambda e: e.lock_action,
}

WORDS: dict[type[Message], dict[str, Callable[[Any], Any]]] = {
    KeyturnerStates: STATES_WORDS,
    Config: CONFIG_WORDS,
    AdvancedConfig: ADVANCED_WORDS,
    BatteryReport: BATTERY_WORDS,
    LogEntry: LOG_WORDS,
    TimeControlEntry: TIME_CONTROL_WORDS,
}


@pytest.mark.parametrize("vector_id", of_kind("payload"))
def test_payload(vector_id: str) -> None:
    """A payload is decoded to the values that its source names, and encoded again to the same bytes."""
    vector = VECTORS[vector_id]
    command = Command(int(vector["command"], 16))
    dialect = GENERATION_5 if "ultra" in vector_id else GENERATIONS_1_TO_4
    kind = dialect.answers.get(command) or dialect.requests[command]
    payload = vector_bytes(vector_id, "payload")
    body, challenge, pin = split_proof(kind, dialect, payload)
    message = kind.decode(body)
    assert message.trailing == b"" or kind is LogEntry
    step = Exchange(send=message, expect=(), challenge=challenge, pin=pin)
    assert encode_payload(dialect, step) == (command, payload)
    if "nonce" in vector:
        assert (challenge, pin) == (vector_bytes(vector_id, "nonce"), vector["pin"])
    for key, value in vector.get("expect", {}).items():
        read = WORDS[kind].get(key, lambda m, key=key: getattr(m, key))
        assert read(message) == value, key


def split_proof(
    kind: type[Message], dialect: Dialect, payload: bytes
) -> tuple[bytes, bytes | None, int | None]:
    """Return the fields, the challenge and the PIN of a request."""
    if kind.proof is Proof.NONE:
        return payload, None, None
    pin = payload[-dialect.pin.size :] if kind.proof is Proof.CHALLENGE_AND_PIN else b""
    fields = len(payload) - len(pin) - 32
    return payload[:fields], payload[fields : fields + 32], dialect.pin.unpack(pin) if pin else None


# Lengths of the payloads of requests, generations 1 to 4 and fifth generation (protocol reference, 9.25).
REQUEST_LENGTHS = {
    Command.REMOVE_AUTHORIZATION_ENTRY: (38, 40),
    Command.REQUEST_AUTHORIZATION_ENTRIES: (38, 40),
    Command.AUTHORIZATION_DATA_INVITE: (120, 122),
    Command.LOCK_ACTION: (38, 38),
    Command.SET_CONFIG: (89, 91),
    Command.REQUEST_CONFIG: (32, 32),
    Command.SET_SECURITY_PIN: (36, 40),
    Command.REQUEST_CALIBRATION: (34, 36),
    Command.REQUEST_REBOOT: (34, 36),
    Command.VERIFY_SECURITY_PIN: (34, 36),
    Command.UPDATE_TIME: (41, 43),
    Command.UPDATE_AUTHORIZATION_ENTRY: (92, 94),
    Command.REQUEST_LOG_ENTRIES: (42, 44),
    Command.ENABLE_LOGGING: (35, 37),
    Command.SET_ADVANCED_CONFIG: (63, 67),
    Command.REQUEST_ADVANCED_CONFIG: (32, 32),
    Command.ADD_TIME_CONTROL_ENTRY: (38, 40),
    Command.REMOVE_TIME_CONTROL_ENTRY: (35, 37),
    Command.REQUEST_TIME_CONTROL_ENTRIES: (34, 36),
    Command.UPDATE_TIME_CONTROL_ENTRY: (40, 42),
    Command.ADD_KEYPAD_CODE: (78, 80),
    Command.REQUEST_KEYPAD_CODES: (38, 40),
    Command.UPDATE_KEYPAD_CODE: (81, 83),
    Command.REMOVE_KEYPAD_CODE: (36, 38),
    Command.KEYPAD_ACTION: (38, 38),
    Command.REQUEST_GENERAL_STATISTICS: (34, 36),
    Command.SIMPLE_LOCK_ACTION: (33, 33),
    Command.REQUEST_DOOR_SENSOR_CONFIG: (32, 32),
    Command.REQUEST_KEYPAD_2_CONFIG: (32, 32),
    Command.REQUEST_DATA: (2, 2),
}
# Optional fields that a lock of the generation always gets.
_SENT = {
    Command.SET_CONFIG: ("time_zone_id", "time_zone_id"),
    Command.SET_ADVANCED_CONFIG: ("auto_update_enabled", "slow_speed_during_night_mode"),
}


@pytest.mark.parametrize("command", REQUEST_LENGTHS, ids=lambda command: command.name)
def test_length_of_requests(command: Command) -> None:
    """A lock answers a request of another length with an error."""
    for index, dialect in enumerate((GENERATIONS_1_TO_4, GENERATION_5)):
        kind = dialect.requests[command]
        names = [field.name for field in kind.wire_fields]
        last = _SENT.get(command, (None, None))[index]
        size = (
            sum(field.kind.size for field in kind.wire_fields[: names.index(last) + 1])
            if last
            else kind.minimum_size
        )
        step = Exchange(send=kind.decode(bytes(size)), expect=(), challenge=bytes(32), pin=0)
        assert len(encode_payload(dialect, step)[1]) == REQUEST_LENGTHS[command][index]


@pytest.mark.parametrize("vector_id", of_kind("advertisement"))
def test_advertisement(vector_id: str) -> None:
    """A captured advertisement says what its source knows about it."""
    vector = VECTORS[vector_id]
    expect = vector["expect"]
    if "service_data_uuid" in vector:
        pairing = beacon.parse_pairing({vector["service_data_uuid"]: vector_bytes(vector_id, "service_data")})
        assert pairing is not None
        assert pairing.nuki_id is not None
        assert beacon.nuki_id_text(pairing.nuki_id) == expect["nuki_id"]
        assert pairing.dialect is GENERATION_5
        return
    company = int(vector["manufacturer_id"], 16)
    seen = beacon.parse_beacon({company: vector_bytes(vector_id, "manufacturer_data")})
    if expect.get("ignored"):
        assert seen is None
        return
    assert seen is not None
    assert seen.product is Product.SMART_LOCK
    assert beacon.nuki_id_text(seen.nuki_id) == expect["nuki_id"]
    assert seen.state_changed is expect["state_changed"]


def written(channel: PairingChannel | SessionChannel, step: Exchange) -> Outgoing:
    """Encode a step and check that it goes where the document says."""
    outgoing = channel.encode(step)
    assert outgoing.characteristic == channel.answers
    return outgoing


def test_whole_pairing_of_v21() -> None:
    """The printed pairing of V2.1, message by message, through our conversation and channel."""
    channel = PairingChannel(GENERATIONS_1_TO_4, random=bytes)
    conversation = pair_gen1_4(
        id_type=AuthorizationIdType(vector_bytes("v21-authorization-data", "id_type")[0]),
        app_id=0,
        name=VECTORS["v21-authorization-data"]["name_text"],
        private_key=vector_bytes(OWN_KEY, "client_private_key"),
        nonce=vector_bytes("v21-authorization-data", "client_nonce"),
    )
    exchanges = [
        ("v21-request-public-key", "v21-lock-public-key"),
        ("v21-client-public-key", "v21-challenge-1"),
        ("v21-authorization-authenticator", "v21-challenge-2"),
        ("v21-authorization-data", "v21-authorization-id"),
        ("v21-authorization-id-confirmation", "plain-status-complete"),
    ]
    step = next(conversation)
    for request, answer in exchanges:
        assert written(channel, step).value == vector_bytes(request, "message")
        chunks = VECTORS[answer].get("chunks", [VECTORS[answer]["message"]])
        (message,) = [
            m for c in chunks for m in channel.receive(GENERATIONS_1_TO_4.pairing_gdio, bytes.fromhex(c))
        ]
        if answer != "plain-status-complete":
            step = conversation.send(message)
    with pytest.raises(StopIteration) as end:
        conversation.send(message)
    assert end.value.value.session == V21_SESSION
    assert end.value.value.uuid == vector_bytes("v21-authorization-id", "uuid")


def test_whole_pairing_of_the_fifth_generation() -> None:
    """The printed pairing of V2.3.0 with the Ultra; the document prints the sealed messages opened."""
    channel = PairingChannel(GENERATION_5, random=bytes)
    key = vector_bytes("v23-ultra-kdf", "shared_key")
    conversation = pair_gen5(
        app_id=0,
        name="Testapp",
        pin=123456,
        private_key=vector_bytes("v23-ultra-kdf", "client_private_key"),
    )

    def answer(message: bytes) -> Exchange:
        (decoded,) = channel.receive(GENERATION_5.pairing_gdio, message)
        return conversation.send(decoded)

    assert written(channel, next(conversation)).value == vector_bytes("v21-request-public-key", "message")
    step = answer(vector_bytes("v23-ultra-lock-public-key", "message"))
    own = frames.decode_plain(written(channel, step).value)
    assert own.payload == vector_bytes("v23-ultra-kdf", "client_public_key")
    step = answer(vector_bytes("v23-ultra-challenge", "message"))
    proof = frames.decode_plain(written(channel, step).value)
    crypto.verify_authenticator(
        key,
        proof.payload,
        vector_bytes("v23-ultra-kdf", "client_public_key"),
        vector_bytes("v23-ultra-kdf", "lock_public_key"),
        vector_bytes("v23-ultra-challenge", "payload"),
    )
    step = answer(vector_bytes("authorization-info-pin-set", "message"))
    sealed = written(channel, step).value
    assert sealed[24:28].hex() == "ffffff7f"
    opened = frames.decode_encrypted(Session(authorization_id=0, shared_key=key), sealed)
    assert opened.payload == vector_bytes("v23-ultra-authorization-data-payload", "payload")
    reply = frames.encode_encrypted(
        Session(authorization_id=0x7FFFFFFF, shared_key=key),
        bytes(24),
        Command.AUTHORIZATION_ID,
        vector_bytes("v23-ultra-authorization-id-payload", "payload"),
    )
    with pytest.raises(StopIteration) as end:
        answer(reply)
    assert end.value.value.session == Session(authorization_id=34808, shared_key=key)


def test_whole_unlock_of_v21() -> None:
    """The printed unlock of V2.1: challenge, action, accepted, states, complete."""
    request = LockActionRequest(action=LockAction.UNLOCK, app_id=0)
    channel = SessionChannel(
        GENERATIONS_1_TO_4, V21_SESSION, lambda size: vector_bytes("v21-request-challenge-encrypted", "nonce")
    )
    conversation = act(request)
    step = next(conversation)
    assert written(channel, step).value == vector_bytes("v21-request-challenge-encrypted", "message")
    nonce = bytes.fromhex(VECTORS["v21-unlock-pdata"]["nonce"])
    step = conversation.send(Challenge(nonce=nonce))
    assert encode_payload(GENERATIONS_1_TO_4, step)[1] == vector_bytes("v21-unlock-pdata", "payload")
    conversation.send(Status(status=StatusCode.ACCEPTED))
    for states in ("states-15-unlocking", "states-15-unlocked"):
        last = KeyturnerStates.decode(vector_bytes(states, "payload"))
        conversation.send(last)
    with pytest.raises(StopIteration) as end:
        conversation.send(Status(status=StatusCode.COMPLETE))
    assert end.value.value == last


def test_deleted_authorization_is_heard_in_plain_text() -> None:
    """The captured answer after a deleted authorization, on the characteristic it came on."""
    channel = SessionChannel(GENERATIONS_1_TO_4, V21_SESSION, random=bytes)
    (report,) = channel.receive(
        GENERATIONS_1_TO_4.keyturner_gdio, vector_bytes("gdio-error-not-authorized", "message")
    )
    assert isinstance(report, ErrorReport)
    error = report.error()
    assert isinstance(error, NotAuthorizedError)
    assert error.command is None


@pytest.mark.parametrize("dialect", [GENERATIONS_1_TO_4, GENERATION_5], ids=lambda d: d.name)
def test_plain_states_are_not_believed(dialect: Dialect) -> None:
    """Anybody could send a state in plain text; it never becomes a message."""
    channel = SessionChannel(dialect, V21_SESSION, random=bytes)
    forged = frames.encode_plain(
        Command.KEYTURNER_STATES, vector_bytes("states-15-unlocked", "payload")
    ) + frames.encode_plain(Command.STATUS, b"\0")
    assert channel.receive(dialect.keyturner_gdio, forged) == []


@pytest.mark.parametrize("code", [code for code in ErrorCode if code is not ErrorCode.K_NOT_AUTHORIZED])
def test_other_plain_refusals_are_not_believed(code: ErrorCode) -> None:
    """Neither a fault, nor a wrong PIN, nor that an action was refused: those come encrypted."""
    channel = SessionChannel(GENERATIONS_1_TO_4, V21_SESSION, random=bytes)
    report = ErrorReport(code=code, refused=Command.LOCK_ACTION)
    forged = frames.encode_plain(Command.ERROR_REPORT, report.encode())
    assert channel.receive(GENERATIONS_1_TO_4.keyturner_gdio, forged) == []


def test_names_of_messages_are_declared_once() -> None:
    """The request vectors use the declared names of the commands."""
    assert RequestData(requested=Command.PUBLIC_KEY).encode() == vector_bytes(
        "v21-request-public-key", "payload"
    )
    assert PublicKey.minimum_size == 32
    assert Date7().moment is None
