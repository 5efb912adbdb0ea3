"""The benchmarks by what is measured together. Imports them when they run, as most of them need Home Assistant."""

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from benchmarks.rows import Row

__all__ = ["FOOTPRINT", "GROUPS", "KINDS", "NAMES", "SIZES", "Group"]

# Advertisements that a rule of auto-unlock listens to.
KINDS = ("stranger_advertisement_cpu", "new_stranger_advertisement_cpu", "phone_advertisement_cpu")
# Locks of which setting up and memory are measured, and the rows.
SIZES = (1, 20)
FOOTPRINT = tuple(f"{what}_{locks}" for locks in SIZES for what in ("setup_time", "resident_memory"))


class Benchmark(Protocol):
    """Measures some rows; `quick` is shorter and less exact."""

    def __call__(self, *, quick: bool) -> list[Row]:
        """Return the rows."""


@dataclass(frozen=True)
class Group:
    """Rows that are measured together, by the function of a module that has its name."""

    module: str
    names: tuple[str, ...]

    def run(self, *, quick: bool) -> list[Row]:
        """Return the rows."""
        module = import_module(f"benchmarks.{self.module}")
        return cast(Benchmark, getattr(module, self.module))(quick=quick)


GROUPS = (
    Group(
        "latency",
        (
            "cold_read",
            "cold_unlock_accepted",
            "cold_unlock_complete",
            "warm_unlock_accepted",
            "preconnected_unlock_accepted",
            "deleted_authorization_known",
            "cold_unlock_minimum",
            "cold_unlock_operations",
            "cold_unlock_bytes",
        ),
    ),
    Group(
        "day",
        (
            "day_radio_on",
            "day_connections",
            "day_notice_median",
            "day_notice_p95",
            "recorder_rows",
            "entity_updates",
            "day_activity_radio_on",
            "day_activity_bad_hours",
        ),
    ),
    Group("codec", ("decode_states", "encode_action")),
    Group("advertisements", ("advertisement_cpu",)),
    Group("phones", KINDS),
    Group("imports", ("import_time", "import_layers_time", "import_memory", "import_layers_memory")),
    Group("footprint", FOOTPRINT),
    Group(
        "scale",
        ("scale_1_cpu", "scale_10_cpu", "scale_20_cpu", "scale_50_cpu", "scale_100_cpu", "scale_100_served"),
    ),
    Group(
        "proximity",
        (
            "proximity_unsafe",
            "proximity_needless",
            "proximity_impersonated",
            "proximity_accidents",
            "proximity_served",
            "proximity_unasked_served",
            "proximity_seldom_served",
            "proximity_delay",
            "proximity_preconnected_delay",
            "proximity_connections",
        ),
    ),
)

NAMES = tuple(name for group in GROUPS for name in group.names)
