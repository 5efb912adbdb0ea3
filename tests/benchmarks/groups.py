"""The benchmarks by what is measured together."""

from dataclasses import dataclass
from typing import Protocol

from tests.benchmarks.latency import latency
from tests.benchmarks.rows import Row

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
)

NAMES = tuple(name for group in GROUPS for name in group.names)
