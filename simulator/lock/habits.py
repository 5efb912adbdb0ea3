"""How long things take in the virtual lock, and how it does what the vendor's document leaves open."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Durations in seconds; the vendor publishes none of them, so all are choices unless a source stands."""

    lock: float = 2.5
    unlock: float = 2.5
    unlatch: float = 1.0
    """From unlocked to the latch pulled; from locked the time to unlock is added."""
    boot_run: float = 3.0
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
    auto_unlock_too_recent: float = 120.0
    """Vendor's document, K_ERROR_AUTO_UNLOCK_TOO_RECENT; two minutes by public reports."""


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
    max_authorizations: int = 100


def quick(**changes: float) -> Timing:
    """Return a timing for tests that are not about time: the motor takes hundredths of a second."""
    durations: dict[str, float] = {
        "lock": 0.02,
        "unlock": 0.02,
        "unlatch": 0.02,
        "boot_run": 0.02,
        "battery_change": 0.02,
        "processing": 0.0,
        "advertising_interval": 0.02,
    }
    return Timing(**(durations | changes))
