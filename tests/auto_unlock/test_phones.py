"""How the keys of phones are read."""

import base64

import pytest

from custom_components.smartlock.auto_unlock.phones import read_keys
from tests.auto_unlock.arrivals import IRK

BASE64 = base64.b64encode(IRK[::-1]).decode()


@pytest.mark.parametrize(
    "text",
    [
        IRK.hex(),
        IRK.hex().upper(),
        f" irk:{IRK.hex()} ",
        IRK.hex(":"),
        IRK.hex("-"),
        IRK.hex(" "),
        BASE64,
        f"irk:{BASE64}",
        BASE64.rstrip("="),
    ],
)
def test_keys_as_owners_have_them(text: str) -> None:
    """The order of the bytes that Private BLE Device would take comes first, and then the other one."""
    assert read_keys(text) == (IRK, IRK[::-1])


@pytest.mark.parametrize(
    "text",
    ["", "irk:", IRK.hex()[2:], IRK.hex() + "00", "zz" * 16, base64.b64encode(IRK[1:]).decode() + "=", "é="],
)
def test_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither hex nor base64|not 16 bytes") as caught:
        read_keys(text)
    # The key is a secret: an error must not carry it into a log.
    assert caught.value.__cause__ is None
    assert not text or text not in str(caught.value)
