"""Simulated days of people with phones around a door: what scanners hear and what the phone's app tells.

Knows nothing of the integration: both sides of a comparison live through the same days.
"""

from simulator.walks.accidents import ACCIDENTS
from simulator.walks.attacks import impersonate
from simulator.walks.life import Life
from simulator.walks.traces import (
    Advertisement,
    Arrival,
    ByHand,
    Day,
    Entrance,
    EntranceKnown,
    FellAsleep,
    Position,
    Presence,
    Restart,
    ScannerThere,
    Woke,
    ZoneEdited,
)
from simulator.walks.world import Variant, World

__all__ = [
    "ACCIDENTS",
    "Advertisement",
    "Arrival",
    "ByHand",
    "Day",
    "Entrance",
    "EntranceKnown",
    "FellAsleep",
    "Life",
    "Position",
    "Presence",
    "Restart",
    "ScannerThere",
    "Variant",
    "Woke",
    "World",
    "ZoneEdited",
    "impersonate",
]
