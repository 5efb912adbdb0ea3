"""Properties of every declared message, taken from the declarations themselves."""

from dataclasses import fields
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.protocol import enums, wire
from custom_components.smartlock.protocol.dialects import DIALECTS
from custom_components.smartlock.protocol.errors import DecodeError
from custom_components.smartlock.protocol.messages import Config, KeyturnerStates, Message

KINDS = sorted(
    {
        kind
        for dialect in DIALECTS.values()
        for kind in (*dialect.answers.values(), *dialect.requests.values())
    },
    key=lambda kind: kind.__name__,
)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def full_size(kind: type[Message]) -> int:
    """Return the payload size with every optional field."""
    return sum(field.kind.size for field in kind.wire_fields)


@every_kind
@given(data=st.data())
def test_decode_then_encode_gives_the_same_bytes(kind: type[Message], data: st.DataObject) -> None:
    """Whatever a lock sends is written back byte for byte, whatever it means."""
    payload = data.draw(st.binary(min_size=kind.minimum_size, max_size=full_size(kind) + 20))
    message = kind.decode(payload)
    assert message.encode() == payload
    assert kind.decode(message.encode()) == message


@every_kind
def test_short_payloads(kind: type[Message]) -> None:
    """Every truncation of the required fields is an error; every one of the optional fields is not."""
    for size in range(kind.minimum_size):
        with pytest.raises(DecodeError, match=kind.__name__):
            kind.decode(bytes(size))
    for size in range(kind.minimum_size, full_size(kind) + 1):
        assert kind.decode(bytes(size)).encode() == bytes(size)


@every_kind
@given(payload=st.binary(max_size=200))
def test_arbitrary_bytes_raise_only_the_decode_error(kind: type[Message], payload: bytes) -> None:
    """Nothing that comes over the radio can raise anything else."""
    try:
        message = kind.decode(payload)
    except DecodeError:
        assert len(payload) < kind.minimum_size
    else:
        repr(message)


@every_kind
def test_fields_that_are_not_there_are_unknown(kind: type[Message]) -> None:
    """A field that a short payload leaves out is None, never zero."""
    message = kind.decode(bytes(kind.minimum_size))
    optional = [field.name for field in kind.wire_fields if field.optional]
    assert [getattr(message, name) for name in optional] == [None] * len(optional)


@every_kind
def test_secrets_are_not_in_the_repr(kind: type[Message]) -> None:
    """Names, keys, nonces, ids and PINs do not show when a message is logged by mistake."""
    words = ("pin", "nonce", "authenticator", "authorization_id", "name", "uuid", "latitude", "longitude")
    public = {"pin_set"}
    shown = {field.name for field in fields(kind) if field.repr}
    assert not {name for name in shown - public if any(word in name for word in words)}


@pytest.mark.parametrize(
    "kind",
    [kind for kind in vars(enums).values() if isinstance(kind, type) and issubclass(kind, enums.OpenEnum)],
    ids=lambda kind: kind.__name__,
)
@given(value=st.integers(min_value=0, max_value=0xFFFF))
def test_values_without_a_name_are_kept(kind: type[enums.OpenEnum], value: int) -> None:
    """A new value is a member of its number, equal to itself and to no known one."""
    if kind is enums.OpenEnum:
        return
    member = kind(value)
    assert member == value
    assert member.known is any(value == known for known in kind)
    if not member.known:
        assert member.name == f"UNKNOWN_0x{value:02X}"
        assert all(member != known for known in kind)


@given(data=st.binary(min_size=32, max_size=32))
def test_texts_lose_nothing_and_show_cleanly(data: bytes) -> None:
    """A damaged name survives a write; what people see of it is printable."""
    text = wire.text(32)
    value = text.unpack(data)
    assert text.pack(value) == data
    shown = wire.shown(value)
    assert shown == "" or shown.isprintable()
    shown.encode("utf-8")


def test_shown_text_ends_at_the_first_nul() -> None:
    """Keypad 2 leaves bytes behind the NUL."""
    assert wire.shown(wire.text(17).unpack(b"T\xc3\xbcr\0garbage\xff\0\0\0\0")) == "Tür"
    assert wire.shown(wire.text(4).unpack(b"a\xffb\n")) == "a\ufffdb"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (wire.uint8, 256),
        (wire.uint8, -1),
        (wire.int8, 128),
        (wire.uint16, 65536),
        (wire.raw(4), b"12345"),
        (wire.text(4), "Türen"),
        (wire.date7, wire.Date7(70000, 1, 1)),
        (wire.version3, wire.Version(300, 1, 1)),
    ],
)
def test_values_that_do_not_fit_are_refused(kind: wire.Wire[Any], value: Any) -> None:
    """Nothing is cut to fit."""
    with pytest.raises(ValueError, match=r".+"):
        kind.pack(value)


@pytest.mark.parametrize(
    ("payload", "percent", "charging"),
    [
        ("020100e0070307080f1e3c0000200a", None, None),  # 15 bytes: nothing but the critical bit
        ("020100e9070b14080f1e000001", None, None),
        ("020100e9070b14080f1e00009c", 78, False),  # capture of a Smart Lock 2
        ("020100e9070b14080f1e0000009a000201000200", 0, False),  # 20 bytes: zero is a real zero
        ("020100e9070b14080f1e0000fe9a000201000200", None, True),  # 126 % is none
    ],
)
def test_battery_is_unknown_rather_than_wrong(
    payload: str, percent: int | None, charging: bool | None
) -> None:
    """Percent and charging come only from firmware that reports them."""
    states = KeyturnerStates.decode(bytes.fromhex(payload))
    assert states.battery_percent == percent
    assert states.battery_charging is charging


def test_optional_fields_end_where_one_is_missing() -> None:
    """A gap would move every later field."""
    config = Config.decode(bytes(71))
    assert config.homekit_status is None
    with pytest.raises(ValueError, match="time_zone_id without homekit_status"):
        Config(
            **{
                field.name: getattr(config, field.name)
                for field in config.wire_fields
                if field.name != "time_zone_id"
            },
            time_zone_id=37,
        ).encode()
