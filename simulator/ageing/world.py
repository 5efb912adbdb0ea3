"""What doors, people and weather are like: the ranges that a life is drawn from."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class World:
    """Ranges are (lowest, highest), drawn evenly for each door; all of them are assumptions."""

    # People.
    runs_a_day: float = 6.0
    """Median over doors of the turns a day, by motor or by hand; doors differ by a factor of about two."""
    by_hand: tuple[float, float] = (0.0, 0.5)
    """Share of turns with key or knob: no report."""
    noticed: tuple[float, float] = (0.6, 1.0)
    """Share of motor runs whose report is read before the next run."""
    absences_a_year: float = 3.0
    disturbed: float = 0.06
    """Share of runs with somebody leaning against the door, or with wind, or slammed."""
    # Weather.
    outdoors: tuple[float, float] = (0.1, 0.5)
    """How far the lock's temperature follows the outdoor one."""
    yearly_mean: tuple[float, float] = (6.0, 14.0)
    """Outdoors, degrees C."""
    yearly_swing: tuple[float, float] = (7.0, 13.0)
    """From the yearly mean to the middle of summer, K."""
    # Door and bolt.
    swelling: float = 0.05
    """Standard deviation over doors of how much the friction changes with the season by itself, as of wood."""
    settlings_a_year: float = 1.0
    settling: float = 0.06
    """Standard deviation of a step of the friction, relative."""
    weather_strips_a_year: float = 0.1
    oilings_a_year: float = 0.15
    drift: tuple[float, float] = (0.0, 0.06)
    """Growth of the friction in a year that is no wear to warn of."""
    noise: tuple[float, float] = (0.04, 0.10)
    """Standard deviation from run to run."""
    inrush_in_report: bool = False
    """Whether the highest current of a report is that of starting the motor, which tells nothing of the bolt."""


WORLD = World()
