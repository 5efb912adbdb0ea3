"""What a benchmark returns: one row for each figure."""

from collections.abc import Sequence
from dataclasses import dataclass
import json
import math

__all__ = ["Row", "percentile"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure; less is better throughout."""

    name: str
    value: float
    unit: str
    against: str
    """Whom it is compared with."""
    peer: float | None = None
    """The same figure of that one; None if it could not be measured."""
    ratio: float | None = None
    """Ours divided by the peer's; the columns say where it is something else."""
    note: str = ""

    def __post_init__(self) -> None:
        """Divide, if nothing else was given."""
        if self.ratio is None and self.peer:
            object.__setattr__(self, "ratio", self.value / self.peer)

    def to_json(self) -> str:
        """Return the row as one line of JSON. Raises ValueError for a value that is no number."""
        numbers = {"value": self.value, "peer": self.peer, "ratio": self.ratio}
        rounded = {name: None if each is None else float(f"{each:.6g}") for name, each in numbers.items()}
        line = {"name": self.name, "value": rounded["value"], "unit": self.unit}
        return json.dumps(line | {"peer": rounded["peer"], "ratio": rounded["ratio"]}, allow_nan=False)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least so many percent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
