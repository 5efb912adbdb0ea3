"""A rule for the diagnostics: its choices, phase and last decisions, but nobody's daily routine.

No names, keys, entities or scanners; and durations instead of times, which would reveal when somebody comes
and goes.
"""

from datetime import datetime
from itertools import pairwise
from typing import Any

from custom_components.smartlock.auto_unlock.entities import shown
from custom_components.smartlock.auto_unlock.rules import Decision
from custom_components.smartlock.auto_unlock.rules.arrivals import Arrival
from custom_components.smartlock.auto_unlock.runner import RuleRunner


def rule_diagnostics(runner: RuleRunner) -> dict[str, Any]:
    """Return what may be published about a rule."""
    rule, state = runner.rule, runner.state
    settings = rule.settings
    return {
        "mode": runner.mode,
        "phone_confirmed": settings.phone_confirmed,
        "entrances": len(rule.entrances),
        "missing": len(runner.missing),
        "evidence": settings.evidence,
        "door_scanners": len(settings.door_scanners),
        "threshold": settings.threshold,
        "arm_distance": settings.arm_distance,
        "arm_after": settings.arm_after,
        "window": settings.window,
        "cool_down": settings.cool_down,
        "action": settings.action,
        "confirm": settings.confirm,
        "can_ask": settings.can_locate,
        "alarm": settings.alarm,
        "quiet_hours": rule.quiet is not None,
        "hold_battery_critical": settings.hold_battery_critical,
        "phase": state.phase,
        "reason": state.reason,
        "played_packets": runner.played_packets,
        "decisions": _record(state.record),
        "arrivals": [_arrival(each) for each in runner.arrivals.last],
    }


def _arrival(arrival: Arrival) -> dict[str, Any]:
    """Return an arrival, with durations in s."""

    def since_left(moment: datetime | None) -> int | None:
        return None if moment is None else round((moment - arrival.left_at).total_seconds())

    return {
        "back_after": since_left(arrival.back_at),
        "at_door_after": since_left(arrival.door_at),
        "ended_after": since_left(arrival.ended_at),
        "result": arrival.result,
    }


def _record(decisions: tuple[Decision, ...]) -> list[dict[str, Any]]:
    """Return the decisions, oldest first, each with the seconds since the previous one."""
    pauses = (None, *(round(later.at - earlier.at) for earlier, later in pairwise(decisions)))
    return [
        {
            "after": pause,
            "phase": decision.phase,
            "reason": decision.reason,
            "code": decision.code,
            **shown(decision.proof),
        }
        for pause, decision in zip(pauses, decisions, strict=False)
    ]
