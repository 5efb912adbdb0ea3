"""How long things take in the virtual lock, and how it does what the vendor's document leaves open."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Durations in seconds; the vendor publishes none of them, so all are choices unless a source stands."""

    lock: float = 2.5
    unlock: float = 2.5
    unlatch: float = 1.0
    """From unlocked to the latch pulled; from locked the time to unlock is added."""
    boot_run: float = 3.0
    calibration: float = 20.0
    reboot: float = 1.0
    """Off the air after Request Reboot, before the boot run."""
    battery_change: float = 5.0
    """Without power while the batteries are swapped."""
    processing: float = 0.02
    """From a request to its answer; a healthy lock needs well below 1 s."""
    advertising_interval: float = 0.3
    pairing_mode: float = 60.0
    """Public clients allow 30 s for the exchange alone."""
    idle_disconnect: float = 20.0
    """I-Connect/NukiBleEsp32: the lock drops an idle connection after about 20 s."""
    pin_lockout: float = 60.0
    door_closed: float = 1.0
    """From the door closing to the immediate auto lock."""
    auto_unlock_too_recent: float = 120.0
    """Vendor's document, K_ERROR_AUTO_UNLOCK_TOO_RECENT; two minutes by public reports."""


class LostPin(StrEnum):
    """What a lock does that has forgotten its PIN; the vendor's forum tells of all three."""

    REJECTS = "rejects"
    """Neither the old one nor 0 nor a new one is taken; only the owner's app helps (thread 1354)."""
    ACCEPTS_ZERO = "accepts-zero"
    """As if none had ever been set."""
    ACCEPTS_NEW = "accepts-new"
    """A new one can be set without the old one (thread 26435)."""


class OverMidnight(StrEnum):
    """What a lock makes of daily hours that end before they begin; not documented."""

    ALLOWED = "allowed"
    """They go on until the end on the next day; the weekday is that of the moment."""
    NEVER = "never"
    """They are never."""
    REFUSED = "refused"
    """They cannot be written."""


@dataclass(frozen=True, kw_only=True)
class Habits:
    """Behaviour that is not documented; a client has to live with either value."""

    unlatch_completes_at_rest: bool = True
    """COMPLETE comes when the latch is released again; otherwise as soon as it is pulled."""
    refused_request_uses_challenge: bool = True
    sealed_pairing_errors: bool = True
    """Errors in the sealed step of pairing are sealed too; otherwise they are plain."""
    pin_tries: int = 5
    """Wrong PINs in a row until the lock refuses all of them for a while."""
    lost_pin: LostPin = LostPin.REJECTS
    max_authorizations: int | None = None
    """None: as many as the model has room for, like the next one."""
    max_keypad_codes: int | None = None
    max_time_control_entries: int = 20
    log_capacity: int = 1000
    limit_block_only_if_limited: bool = False
    """An entry of a list ends with the flag if there is no time limit, as the vendor's document says; a
    Smart Lock 2 was seen to send an empty limit all the same."""
    complete_after_id: bool = True
    """Status COMPLETE follows the id of an entry that was added."""
    over_midnight: OverMidnight = OverMidnight.ALLOWED
    until_inclusive: bool = False
    """The last minute of daily hours counts; otherwise they are over when it begins."""
    start_needed: bool = False
    """A limit without a first day is not looked at (owners' reports)."""
    mask_zero_becomes_127: bool = False
    """No weekday is stored as all of them."""
    ids_reused: bool = False
    """A new keypad code gets the lowest id that is free; otherwise one that no code ever had."""
    ascending_ignored: bool = False
    """The log is always sent with the newest entry first."""
    list_in_disorder: bool = False
    """The entries of one answer about the log come in any order."""
    log_delay: float = 0.0
    """Seconds from an event until its entry can be read; it carries the time of the event."""
    paused_attempts_logged: bool = False
    """What is typed while the keypad takes nothing stands in the log too."""
    denied_clients_logged: bool = False
    """A phone or fob that may not act now stands in the log, as a rejected action."""
    denied_raises_flag: bool = False
    """An attempt at the keypad that is refused raises the flag of the iBeacon."""
    presses_in_flags: bool = False
    """The flags of a logged press of the button or the fob are the number of presses (the vendor's MQTT event)."""
    limits_cover_reading: bool = True
    """Outside its allowed time a client may not even read; otherwise it may not move the bolt."""
    calibration_looks_like_boot_run: bool = False
    """Old firmware shows the boot run while it calibrates (the vendor's forum, thread 1224)."""
    rejections_complete: bool = False
    """An auto unlock that the settings forbid ends with COMPLETE, and only the states tell; otherwise with an
    Error Report. No error code is documented for it."""


DEFAULT = Habits()
"""What a lock does unless somebody says otherwise."""


def quick(**changes: float) -> Timing:
    """Return a timing for tests that are not about time: the motor takes hundredths of a second."""
    durations: dict[str, float] = {
        "lock": 0.02,
        "unlock": 0.02,
        "unlatch": 0.02,
        "boot_run": 0.02,
        "calibration": 0.02,
        "reboot": 0.02,
        "battery_change": 0.02,
        "processing": 0.0,
        "advertising_interval": 0.02,
    }
    return Timing(**(durations | changes))
