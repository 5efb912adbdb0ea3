"""Years in the life of a lock in seconds: what its battery reports say while it ages, and before it breaks.

Nobody publishes figures of real locks over years, so this is a model. Its assumptions stand in docs/wear.md, next to
what follows from them. It knows nothing of how wear is judged.
"""

from simulator.ageing.ailments import Ailment, ContactLoosening, FrictionGrowing, MotorDying
from simulator.ageing.life import BEGIN, Life, ReportedRun
from simulator.ageing.world import WORLD, World

__all__ = [
    "BEGIN",
    "WORLD",
    "Ailment",
    "ContactLoosening",
    "FrictionGrowing",
    "Life",
    "MotorDying",
    "ReportedRun",
    "World",
]
