"""How well a scanner hears a phone that somebody carries about a house.

Level at 1 m, less the distance (log-distance path loss), the walls, floors and bodies in between, shadowing that
changes over metres, and fading that changes over centimetres: afresh with each packet of somebody who walks, and
for each of the three advertising channels apart while somebody stands.
"""

from math import exp, hypot, log10, sqrt
import random

from simulator.walks.world import House, Point, World

__all__ = ["Ear"]

# Half the width of a door, m: through it the way is easier than through the wall.
_DOOR = 0.5
_FLOOR_HEIGHT = 2.7
_CHANNELS = 3
# Fading makes nothing so much louder, dB.
_HOPELESS = 12.0


class Ear:
    """One scanner while one phone is about."""

    def __init__(
        self, world: World, house: House, at: Point, *, level: float, listening: float, rng: random.Random
    ) -> None:
        """Start with nothing known of the place. `listening`: share of the time that the scanner listens."""
        self._model = world.propagation
        self._house, self._at = house, at
        self._level, self._listening = level, listening
        self._rng = rng
        self._shadow = rng.gauss(0.0, self._model["shadowing"])
        self._place: tuple[float, float] = (0.0, 0.0)
        self._fading: dict[int, tuple[float, float]] = {}

    def hears(self, at: float, x: float, y: float, floor: int, body: float, *, walking: bool) -> int | None:
        """Return the RSSI of one advertising event in dBm, or None if it was missed."""
        model, rng = self._model, self._rng
        if rng.random() > self._listening * (1.0 - model["packets_lost"]):
            return None
        sx, sy, sfloor = self._at
        dx, dy, dz = x - sx, y - sy, (floor - sfloor) * _FLOOR_HEIGHT
        distance = max(0.3, sqrt(dx * dx + dy * dy + dz * dz))
        outside = y > 0
        exponent = model["exponent_outside" if outside else "exponent_inside"]
        loss = 10.0 * exponent * log10(distance) + body + abs(floor - sfloor) * model["floor"]
        if outside != (sy > 0):
            crossing = sx + dx * sy / (sy - y)
            loss += self._house.door if abs(crossing) < _DOOR else self._house.wall
        if not outside:
            loss += model["inner_wall"] * int(hypot(dx, dy) / model["room"])
        moved = hypot(x - self._place[0], y - self._place[1])
        if moved > 0.05:
            keep = exp(-moved / model["shadowing_distance"])
            self._shadow = keep * self._shadow + sqrt(1 - keep * keep) * rng.gauss(0.0, model["shadowing"])
            self._place = (x, y)
        level = self._level - loss + self._shadow
        if level < model["sensitivity"] - _HOPELESS:
            return None
        level += self._faded(at, near=distance < model["near"], walking=walking)
        if level < model["sensitivity"] + rng.gauss(0.0, model["sensitivity_slope"]):
            return None
        return max(-120, min(-20, round(level + rng.gauss(0.0, model["noise"]))))

    def _faded(self, at: float, *, near: bool, walking: bool) -> float:
        channel = int(self._rng.random() * _CHANNELS)
        if not walking:
            until, fading = self._fading.get(channel, (0.0, 0.0))
            if at < until:
                return fading
        factor = self._model["rician_near" if near else "rician_far"]
        scatter = sqrt(0.5 / (factor + 1))
        real = sqrt(factor / (factor + 1)) + self._rng.gauss(0.0, scatter)
        power = real * real + self._rng.gauss(0.0, scatter) ** 2
        fading = 10.0 * log10(max(power, 1e-4))
        self._fading[channel] = (at + self._model["fading_holds"] * (0.5 + self._rng.random()), fading)
        return fading
