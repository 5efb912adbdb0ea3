"""Auto-unlock through thousands of simulated days, against a plain threshold of the signal and a plain geofence.

All sides live through the same days: `simulator/walks/world.json` holds people, houses, phones, ways and the seed.
docs/proximity.md tells what is assumed and where it comes from.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
import random
from statistics import median

from benchmarks.door import ABOUT, AWAY, INSIDE, Door, Figures, Side, live
from benchmarks.rows import Row
from benchmarks.rules import Geofence, LateRule, Rule, Threshold
from custom_components.smartlock.auto_unlock.rules import RuleSettings
from simulator.walks import ACCIDENTS, Life, World, impersonate

__all__ = ["calibrated", "compare", "proximity"]

QUICK_DAYS = 12
# The rule that does not connect before somebody is near lives through the first days of each variant only.
LATE_DAYS = 60
# Days of each variant with one and the same accident on each of them.
ACCIDENT_DAYS = 60
# Days of each variant with a phone that cannot be asked, and with a proxy that listens 30 of 320 ms.
WITHOUT_DAYS, SELDOM = 40, 0.094
# How the threshold is found, as the set-up does it: the middle of what the scanner at the door hears, for the
# weakest place in which the phone is carried, and a little less.
REPEATS, MARGIN, MEASURING = 5, 4.0, 20.0
# A geofence that has unlocked long before counts as this, so that there is a ratio, s.
SOONEST = 0.1

RULE, LATE, THRESHOLD, GEOFENCE = "rule", "late", "threshold", "geofence"
SIDES: Mapping[str, Callable[[RuleSettings], Side]] = {
    RULE: Rule,
    LATE: LateRule,
    THRESHOLD: Threshold,
    GEOFENCE: lambda _: Geofence(),
}


def proximity(*, quick: bool) -> list[Row]:
    """Return the rows of auto-unlock."""
    world = World.load()
    days = QUICK_DAYS if quick else world.days_per_variant
    early = compare(world, min(days, LATE_DAYS), (RULE, LATE, THRESHOLD))
    attacked = compare(world, min(days, LATE_DAYS), (RULE, THRESHOLD), attacked=True)
    happened = Figures()
    for accident in ACCIDENTS:
        happened.add(compare(world, min(days, ACCIDENT_DAYS), (RULE,), accident=accident)[RULE])
    unasked = compare(world, min(days, WITHOUT_DAYS), (RULE, GEOFENCE), can_locate=False)
    seldom = compare(world, min(days, WITHOUT_DAYS), (RULE, GEOFENCE), listening=SELDOM)
    figures = compare(world, days, (RULE, THRESHOLD, GEOFENCE))
    ours, threshold, geofence = (figures[name] for name in (RULE, THRESHOLD, GEOFENCE))
    note = f"{ours.days} simulated days, {ours.arrivals} arrivals"
    fenced = median(geofence.delays)
    return [
        Row(
            name="proximity_unsafe",
            value=_unsafe(ours),
            unit="unlocks",
            against="plain signal threshold",
            peer=_unsafe(threshold),
            note=f"{note}; plain geofence {_unsafe(geofence)}",
        ),
        Row(
            name="proximity_needless",
            value=ours.unsafe[ABOUT],
            unit="unlocks",
            against="plain signal threshold",
            peer=threshold.unsafe[ABOUT],
            ratio=ours.unsafe[ABOUT] / max(threshold.unsafe[ABOUT], 1),
            note=f"about the house, nobody comes in; plain geofence {geofence.unsafe[ABOUT]}",
        ),
        Row(
            name="proximity_impersonated",
            value=_more(attacked[RULE], early[RULE]),
            unit="unlocks",
            against="plain signal threshold",
            peer=_more(attacked[THRESHOLD], early[THRESHOLD]),
            note=f"somebody plays the phone at a random moment of each of {attacked[RULE].days} days",
        ),
        Row(
            name="proximity_accidents",
            value=_unsafe(happened),
            unit="unlocks",
            against="plain signal threshold",
            peer=_unsafe(threshold),
            note=f"{happened.days} days with an accident on each, {len(ACCIDENTS)} kinds",
        ),
        Row(
            name="proximity_served",
            value=_served(ours),
            unit="%",
            against="plain geofence",
            peer=_served(geofence),
            note=f"plain signal threshold {_served(threshold):.1f}",
        ),
        *(
            Row(
                name=name,
                value=_served(each[RULE]),
                unit="%",
                against="plain geofence",
                peer=_served(each[GEOFENCE]),
                note=f"{what}; {each[RULE].days} days, {_unsafe(each[RULE])} unsafe",
            )
            for name, each, what in (
                ("proximity_unasked_served", unasked, "the phone cannot be asked where it is"),
                ("proximity_seldom_served", seldom, "the scanners listen 30 of 320 ms"),
            )
        ),
        Row(
            name="proximity_delay",
            value=median(ours.delays),
            unit="s",
            against="plain geofence",
            peer=fenced,
            ratio=median(ours.delays) / max(fenced, SOONEST),
            note="motor included",
        ),
        Row(
            name="proximity_preconnected_delay",
            value=median(early[RULE].delays),
            unit="s",
            against="without connecting before",
            peer=median(early[LATE].delays),
        ),
        Row(
            name="proximity_connections",
            value=ours.connections / ours.days,
            unit="a day",
            against="plain signal threshold",
            peer=threshold.connections / threshold.days,
            note=f"the phone is asked {ours.requests / ours.days:.1f} times",
        ),
    ]


def compare(
    world: World,
    days: int,
    names: tuple[str, ...],
    *,
    listening: float = 1.0,
    can_locate: bool = True,
    attacked: bool = False,
    accident: str | None = None,
) -> dict[str, Figures]:
    """Let sides live through all variants.

    Args:
        world: People, houses, phones.
        days: For each variant.
        names: The sides.
        listening: Share of the time that the scanners listen.
        can_locate: The phone can be asked where it is.
        attacked: Somebody plays the phone at the door once a day.
        accident: What happens on every day, instead of what the world says.
    """
    totals = {name: Figures() for name in names}
    for number, variant in enumerate(world.variants):
        life = Life(world, variant, world.seed + number, listening=listening)
        settings = replace(calibrated(life, world, 1.0 / listening), can_locate=can_locate)
        sides = {
            name: (SIDES[name](settings), Door(life, world, Figures(), world.seed + number)) for name in names
        }
        moments = random.Random(world.seed + number)
        for day in life.days(days, accident):
            if attacked:
                impersonate(day, moments)
            for side, door in sides.values():
                live(side, door, day)
        for name, (_, door) in sides.items():
            totals[name].add(door.figures)
    return totals


def calibrated(life: Life, world: World, patience: float = 1.0) -> RuleSettings:
    """Return a rule as its owner sets it up, who measures for so many times as long as usual."""
    weakest = min(
        median(chain.from_iterable(life.calibration(place, patience * MEASURING) for _ in range(REPEATS)))
        for place in world.carried
    )
    return RuleSettings(
        enabled=True, door_scanners=frozenset({"door"}), threshold=weakest - MARGIN, can_locate=True
    )


def _unsafe(figures: Figures) -> int:
    return figures.unsafe[INSIDE] + figures.unsafe[AWAY]


def _more(attacked: Figures, ordinary: Figures) -> int:
    """Return how many unlocks the attacks brought on top of those of the same days without."""
    return max(0, attacked.unsafe.total() - ordinary.unsafe.total())


def _served(figures: Figures) -> float:
    return 100.0 * figures.served / figures.arrivals
