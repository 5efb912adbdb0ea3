"""Whether the door unlocks for somebody who comes home: pure steps over events. docs/proximity.md tells why.

    rule = start(settings, now)
    rule, effects = step(rule, Heard(rssi=-71, scanner="...", at=now), now)

The caller performs the effects, tells what became of them, and sends a `Tick` when `due(rule, now)` has passed.
"""

from custom_components.smartlock.auto_unlock.rules.effects import (
    AskConfirmation,
    AskLocation,
    Decision,
    Effect,
    Fire,
    Hold,
    Kind,
    Phase,
    PreConnect,
    Proof,
    Reason,
    Report,
)
from custom_components.smartlock.auto_unlock.rules.events import (
    Alarm,
    Configured,
    Confirmed,
    Event,
    Heard,
    Located,
    LocationLost,
    LockTold,
    OnNetwork,
    Outcome,
    Paused,
    QuietHours,
    Reported,
    Restarted,
    Result,
    Tick,
    Trouble,
    Unlocked,
)
from custom_components.smartlock.auto_unlock.rules.lock_facts import Door, LockFacts, lock_facts
from custom_components.smartlock.auto_unlock.rules.machine import Step, may_write, start, step
from custom_components.smartlock.auto_unlock.rules.settings import (
    WINDOW_MAX,
    WINDOW_MIN,
    Evidence,
    RuleAction,
    RuleSettings,
)
from custom_components.smartlock.auto_unlock.rules.signal import Signal
from custom_components.smartlock.auto_unlock.rules.state import Proximity
from custom_components.smartlock.auto_unlock.rules.timing import due

__all__ = [
    "WINDOW_MAX",
    "WINDOW_MIN",
    "Alarm",
    "AskConfirmation",
    "AskLocation",
    "Configured",
    "Confirmed",
    "Decision",
    "Door",
    "Effect",
    "Event",
    "Evidence",
    "Fire",
    "Heard",
    "Hold",
    "Kind",
    "Located",
    "LocationLost",
    "LockFacts",
    "LockTold",
    "OnNetwork",
    "Outcome",
    "Paused",
    "Phase",
    "PreConnect",
    "Proof",
    "Proximity",
    "QuietHours",
    "Reason",
    "Report",
    "Reported",
    "Restarted",
    "Result",
    "RuleAction",
    "RuleSettings",
    "Signal",
    "Step",
    "Tick",
    "Trouble",
    "Unlocked",
    "due",
    "lock_facts",
    "may_write",
    "start",
    "step",
]
