"""The benchmarks by what is measured together."""

from dataclasses import dataclass
from typing import Protocol

from benchmarks.advertisements import advertisements
from benchmarks.codec import codec
from benchmarks.day import day
from benchmarks.footprint import NAMES as FOOTPRINT, footprint
from benchmarks.imports import imports
from benchmarks.latency import latency
from benchmarks.phones import KINDS, phones
from benchmarks.proximity import proximity
from benchmarks.rows import Row
from benchmarks.scale import scale

__all__ = ["GROUPS", "NAMES", "Group"]


class Benchmark(Protocol):
    """Measures some rows; `quick` is shorter and less exact."""

    def __call__(self, *, quick: bool) -> list[Row]:
        """Return the rows."""


@dataclass(frozen=True)
class Group:
    """Rows that are measured together."""

    run: Benchmark
    names: tuple[str, ...]


GROUPS = (
    Group(
        latency,
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
        day,
        (
            "day_radio_on",
            "day_connections",
            "day_notice_median",
            "day_notice_p95",
            "recorder_rows",
            "day_activity_radio_on",
            "day_activity_bad_hours",
        ),
    ),
    Group(codec, ("decode_states", "encode_action")),
    Group(advertisements, ("advertisement_cpu",)),
    Group(phones, KINDS),
    Group(imports, ("import_time", "import_layers_time", "import_memory", "import_layers_memory")),
    Group(footprint, FOOTPRINT),
    Group(
        scale,
        ("scale_1_cpu", "scale_10_cpu", "scale_20_cpu", "scale_50_cpu", "scale_100_cpu", "scale_100_served"),
    ),
    Group(
        proximity,
        (
            "proximity_unsafe",
            "proximity_needless",
            "proximity_impersonated",
            "proximity_accidents",
            "proximity_served",
            "proximity_delay",
            "proximity_preconnected_delay",
            "proximity_connections",
        ),
    ),
)

NAMES = tuple(name for group in GROUPS for name in group.names)
