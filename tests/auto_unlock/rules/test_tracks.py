"""The smoothed level on recorded walks: how soon it follows, and how often it sees somebody who is not there."""

from collections import defaultdict
import csv
from dataclasses import dataclass
import gzip
from itertools import pairwise
from math import dist
from pathlib import Path
from statistics import median

import pytest

from custom_components.smartlock.auto_unlock.rules.closeness import RISE
from custom_components.smartlock.auto_unlock.rules.signal import Signal

_DATA = Path(__file__).with_name("data")
# Receivers and where they are, in m.
_RECEIVERS = {
    "b827eb4521b4": (7.00, 7.09, 1.22),
    "000000000101": (7.18, 0.68, 2.30),
    "000000000102": (0.71, 6.16, 2.30),
    "b827eb917e19": (7.25, 11.36, 1.22),
    "000000000201": (0.76, 12.13, 2.30),
    "000000000202": (7.18, 17.64, 2.30),
    "b827ebf7d096": (13.14, 12.33, 1.22),
    "000000000301": (12.82, 16.83, 2.30),
    "000000000302": (18.12, 11.93, 2.30),
    "b827ebfd7811": (13.01, 5.51, 1.22),
    "000000000401": (17.77, 6.33, 2.30),
    "000000000402": (12.76, 0.27, 2.30),
}
TRACKS = ("straight_01", "zigzagging_without_rotation")
# As in a calibration: the middle of what is heard at the door, and a little less.
_AT_DOOR, _MARGIN = 2.5, 4.0
_FAR = 6.0


@dataclass(frozen=True)
class PhoneReceived:
    """One packet, what single and smoothed values say of it, and the truth."""

    at: float
    distance: float
    single: bool
    near: bool


def walk(name: str) -> dict[str, list[PhoneReceived]]:
    """Return what each receiver makes of a walk."""
    packets: defaultdict[str, list[tuple[float, int, float]]] = defaultdict(list)
    with gzip.open(_DATA / f"{name}.csv.gz", "rt") as file:
        for time_, receiver, rssi_, *place in csv.reader(file):
            away = dist([float(each) for each in place], _RECEIVERS[receiver])
            packets[receiver].append((float(time_), int(rssi_), away))
    close = [rssi for heard in packets.values() for _, rssi, away in heard if away <= _AT_DOOR]
    threshold = median(close) - _MARGIN
    found: dict[str, list[PhoneReceived]] = {}
    for receiver, heard in packets.items():
        signal, lived = Signal(), []
        for time, value, away in sorted(heard):
            signal = signal.received(value, time)
            level, rise = signal.level(time), signal.rise(time)
            near = level is not None and rise is not None and level >= threshold and rise >= RISE
            lived.append(PhoneReceived(time, away, value >= threshold, near))
        found[receiver] = lived
    return found


@pytest.mark.parametrize("name", TRACKS)
def test_everybody_at_a_receiver_is_seen_soon(name: str) -> None:
    delays = []
    for heard in walk(name).values():
        arrived = next((each.at for each in heard if each.distance <= _AT_DOOR), None)
        if arrived is None:
            continue
        # Somebody who is seen a step earlier was seen in time.
        delays.append(next(each.at - arrived for each in heard if each.near and each.at >= arrived - 1))
    assert len(delays) >= 3
    assert max(delays) <= 3
    assert median(delays) <= 1


@pytest.mark.parametrize("name", TRACKS)
def test_who_is_far_away_is_seen_less_often_than_by_single_values(name: str) -> None:
    far = [each for heard in walk(name).values() for each in heard if each.distance > _FAR]
    single, near = sum(each.single for each in far), sum(each.near for each in far)
    assert len(far) > 500
    assert single > 50, "the walks are hard enough"
    assert near <= 0.75 * single
    assert near <= 0.08 * len(far)


@pytest.mark.parametrize("name", TRACKS)
def test_the_level_does_not_flicker(name: str) -> None:
    """Comes near and goes again: single values change sides several times as often."""

    def changes(values: list[bool]) -> int:
        return sum(a != b for a, b in pairwise(values))

    heard = walk(name).values()
    smoothed = sum(changes([each.near for each in lived]) for lived in heard)
    single = sum(changes([each.single for each in lived]) for lived in heard)
    assert 3 * smoothed <= single
