"""Whether the door unlocks for somebody who comes home: pure steps over events; see docs/proximity.md.

    rule = start(settings, now)
    rule, effects = step(rule, PhoneReceived(rssi=-71, scanner="...", at=now), now)

The caller performs the effects, reports their outcome, and sends a `Tick` when `due(rule, now)` has passed.
"""

from custom_components.smartlock.auto_unlock.rules.effects import (
    AskConfirmation,
    AskLocation,
    Decision,
    DecisionFigures,
    Effect,
    Fire,
    Hold,
    PreConnect,
    Report,
    ReportKind,
    RulePhase,
    RuleReason,
)
from custom_components.smartlock.auto_unlock.rules.events import (
    Alarm,
    Configured,
    Confirmed,
    Entrances,
    Located,
    LocationLost,
    LockReported,
    OnNetwork,
    Outcome,
    Paused,
    PhoneReceived,
    QuietHours,
    ReferencesChecked,
    Reported,
    Reset,
    Result,
    RuleInput,
    Scanner,
    Tick,
    Trouble,
    Unlocked,
    ZonesEdited,
)
from custom_components.smartlock.auto_unlock.rules.lock_facts import Door, LockFacts, lock_facts
from custom_components.smartlock.auto_unlock.rules.machine import may_write, start, step
from custom_components.smartlock.auto_unlock.rules.settings import (
    WINDOW_MAX,
    WINDOW_MIN,
    PhoneEvidence,
    RuleAction,
    RuleSettings,
)
from custom_components.smartlock.auto_unlock.rules.signal import Signal
from custom_components.smartlock.auto_unlock.rules.state import RuleState
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
    "DecisionFigures",
    "Door",
    "Effect",
    "Entrances",
    "Fire",
    "Hold",
    "Located",
    "LocationLost",
    "LockFacts",
    "LockReported",
    "OnNetwork",
    "Outcome",
    "Paused",
    "PhoneEvidence",
    "PhoneReceived",
    "PreConnect",
    "QuietHours",
    "ReferencesChecked",
    "Report",
    "ReportKind",
    "Reported",
    "Reset",
    "Result",
    "RuleAction",
    "RuleInput",
    "RulePhase",
    "RuleReason",
    "RuleSettings",
    "RuleState",
    "Scanner",
    "Signal",
    "Tick",
    "Trouble",
    "Unlocked",
    "ZonesEdited",
    "due",
    "lock_facts",
    "may_write",
    "start",
    "step",
]
