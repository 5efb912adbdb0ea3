"""The world of the simulated days, as it stands in `world.json`."""

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any, Self

__all__ = ["House", "Phone", "Point", "Variant", "World"]

_FILE = Path(__file__).with_name("world.json")

type Point = tuple[float, float, int]
"""Along the street, out of the door (negative: inside), in m; and the floor. The door is at 0, 0, 0."""


@dataclass(frozen=True, kw_only=True)
class House:
    """Walls, scanners and ways of one house."""

    wall: float
    door: float
    scanners: dict[str, Point]
    """The one called "door" is at the door."""
    arrive: list[Point]
    park: Point
    pass_by: list[Point]
    other_entrance: list[Point] | None
    """The way in by another entrance, the second point in front of it."""
    proxy: bool
    """The scanner at the door is an ESPHome proxy with Wi-Fi: it listens less while it carries a connection."""
    entrance_watched: bool
    """That entrance has a sensor, and the rule knows it."""
    rooms: list[Point]


@dataclass(frozen=True, kw_only=True)
class Phone:
    """How one phone advertises, and when it tells where it is. Pairs are a median and a spread, or a range."""

    interval: float
    level: float
    """dBm at 1 m."""
    idle_silent: float
    """Share of the time at rest in which it does not advertise at all."""
    exit_lag: list[float]
    enter_lag: list[float]
    enter_missed: float
    travel_every: float
    travel_metres: float
    rest_every: float
    reply: list[float]
    reply_lost: float
    accuracy: list[float]
    vague: float
    """Share of positions that come from a cell alone."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One person in one house with one phone."""

    house: str
    phone: str
    days: str
    wrong_positions: float
    """Times a day that the phone takes another place for its own."""

    @property
    def name(self) -> str:
        """Return what it is called in tables."""
        return f"{self.house}, {self.phone}, {self.days}, {self.wrong_positions:g} wrong positions a day"


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything in the file."""

    seed: int
    days_per_variant: int
    zone_radius: float
    patience: float
    """Anyone who stands at a locked door for so long has the key out."""
    in_time: float
    last_steps: float
    """An unlock is for somebody who is so near, m, and at the door at most so much later, s."""
    auto_lock: float
    propagation: dict[str, float]
    carried: dict[str, dict[str, float]]
    usual_place: float
    houses: dict[str, House]
    phones: dict[str, Phone]
    trips: dict[str, dict[str, Any]]
    speeds: dict[str, float]
    last_metres_on_foot: dict[str, float]
    days: dict[str, list[tuple[str, float, float]]]
    habits: dict[str, float]
    proxy_listens: float
    """Share of the time that such a proxy listens while it carries a connection."""
    accidents: dict[str, float]
    """How often each happens on a day."""
    wrong_positions: dict[str, Any]
    variants: list[Variant]

    @classmethod
    def load(cls) -> Self:
        """Return the world in the file."""
        world: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
        del world["_"]
        world["houses"] = {name: House(**each) for name, each in world["houses"].items()}
        world["phones"] = {name: Phone(**each) for name, each in world["phones"].items()}
        world["variants"] = [Variant(**each) for each in world["variants"]]
        return cls(**world)
