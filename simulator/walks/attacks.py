"""Somebody at the door who plays what the phone sends: a copied beacon, a recording, or a relay of the live radio.

At the scanner all three look alike; what tells them apart is the phone's address, and where the phone is.
"""

import random

from simulator.walks.traces import Advertisement, Day

__all__ = ["impersonate", "impersonate_at"]

_WALK_UP, _STAY = 10.0, 60.0
_EVERY = 0.5
_WEAKEST, _STRONGEST = -90, -50


def impersonate(day: Day, rng: random.Random) -> None:
    """Let somebody come to the door at a random moment and stay for a minute, louder than any phone in a pocket."""
    impersonate_at(day, day.stretches[0].since + rng.uniform(0, 86400.0), rng)
    day.traces.sort(key=lambda trace: trace.at)


def impersonate_at(day: Day, begins: float, rng: random.Random) -> None:
    """Let somebody come to the door at a moment and stay for a minute. The traces are not sorted afterwards."""
    at = begins
    while at < begins + _WALK_UP + _STAY:
        part = min(1.0, (at - begins) / _WALK_UP)
        rssi = round(_WEAKEST + part * (_STRONGEST - _WEAKEST) + rng.gauss(0, 1))
        day.traces.append(Advertisement(at, "door", rssi))
        at += _EVERY
