"""Advertisements that are not quite a lock's."""

import pytest

from custom_components.smartlock.protocol.beacon import APPLE_COMPANY_ID, parse_beacon, parse_pairing
from custom_components.smartlock.protocol.dialects import GENERATION_5, GENERATIONS_1_TO_4, OPENER, Product
from tests.vectors import vector_bytes

BEACON = vector_bytes("beacon-sl3", "manufacturer_data")


@pytest.mark.parametrize("power", range(256))
def test_only_bit_0_is_the_change_flag(power: int) -> None:
    """The generations differ in the other bits."""
    beacon = parse_beacon({APPLE_COMPANY_ID: BEACON[:-1] + bytes([power])})
    assert beacon is not None
    assert beacon.state_changed is bool(power & 1)


@pytest.mark.parametrize(
    "manufacturer_data",
    [
        {},
        {APPLE_COMPANY_ID: b""},
        {APPLE_COMPANY_ID: BEACON[:-1]},
        {APPLE_COMPANY_ID: BEACON + b"\0"},
        {APPLE_COMPANY_ID: b"\x06" + BEACON[1:]},
        {0x0059: BEACON},
    ],
    ids=["none", "empty", "short", "long", "HomeKit", "other company"],
)
def test_anything_else_is_no_lock(manufacturer_data: dict[int, bytes]) -> None:
    """A matcher is only a first filter."""
    assert parse_beacon(manufacturer_data) is None


def test_opener() -> None:
    """An Opener is told from a lock by its UUID."""
    beacon = parse_beacon({APPLE_COMPANY_ID: BEACON[:3] + b"\x2a" + BEACON[4:]})
    assert beacon is not None
    assert beacon.product is Product.OPENER


def test_pairing_mode() -> None:
    """The service data names the generation; an empty one is no pairing mode."""
    nuki_id = bytes.fromhex("4cca88ec")
    for dialect in (GENERATIONS_1_TO_4, GENERATION_5, OPENER):
        pairing = parse_pairing({dialect.pairing_service: nuki_id})
        assert pairing is not None
        assert (pairing.dialect, pairing.nuki_id) == (dialect, 0x4CCA88EC)
        assert parse_pairing({dialect.pairing_service: b""}) is None
    assert parse_pairing({"0000180a-0000-1000-8000-00805f9b34fb": nuki_id}) is None
