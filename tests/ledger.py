"""What was done at a door, at random, and whether somebody's events say the same as the lock's ledger."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
import random
from typing import Any

from custom_components.smartlock.protocol.enums import ButtonAction, FobAction, KeypadAction
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.ledger import Deed, How, Result
from simulator.virtual_lock import VirtualLock

__all__ = ["Visitors", "differences", "expected"]

ANNA, BERT, CARLA, STRANGE = 345678, 456789, 567891, 999999
PHONE, OWN_NAME = "Pippi's phone", "Home Assistant"
# How far a time may be from the ledger's, as the lock tells whole seconds.
CLOSE = timedelta(seconds=2)


class Visitors:
    """Furnishes a door, and does something there, in an order that only the seed decides."""

    def __init__(self, lock: VirtualLock, seed: object) -> None:
        """Pair a fob and a Keypad 2, invite a phone, and make codes: one that is good, one expired, one paused."""
        self._lock = lock
        self._random = random.Random(f"{seed}")
        for accessory in ("fob", "keypad-2"):
            lock.pair_accessory(accessory)
        lock.invite_phone(PHONE)
        yesterday = Date7.of(lock.clock.time - timedelta(days=1))
        lock.enrol_finger(lock.add_code(ANNA, "Anna"))
        lock.enrol_finger(lock.add_code(BERT, "Bert", TimeLimit(allowed_until=yesterday)))
        lock.pause_code(lock.add_code(CARLA, "Carla Ümläut"))
        lock.settings.change(
            single_button_press_action=ButtonAction.INTELLIGENT,
            double_button_press_action=ButtonAction.NO_ACTION,
            fob_action_2=FobAction.NO_ACTION,
            fob_action_3=FobAction.LOCK,
            lock_n_go_timeout=5,
            unlatch_duration=1,
        )

    def act(self) -> str:
        """Do one thing and return what; the motor may run on for a while."""
        acts: dict[str, Callable[[], object]] = {
            "key": self._turn_key,
            "button": lambda: self._lock.press_button(double=self._random.random() < 0.3),
            "fob": lambda: self._lock.press_fob(self._random.randint(1, 3)),
            "code": lambda: self._lock.enter_code(ANNA, self._keypad_action()),
            "expired code": lambda: self._lock.enter_code(BERT),
            "paused code": lambda: self._lock.enter_code(CARLA),
            "wrong code": lambda: self._lock.enter_code(STRANGE),
            "finger": lambda: self._lock.use_finger(1, self._keypad_action()),
            "expired finger": lambda: self._lock.use_finger(2),
            "wrong finger": lambda: self._lock.use_finger(7),
            "arrow key": self._lock.press_arrow_key,
            "phone": lambda: self._lock.use_phone(PHONE, self._action()),
            "near": lambda: self._lock.use_phone(PHONE, "unlock", auto_unlock=True),
            "from afar": self._from_afar,
            "door": self._move_door,
            "unknown": lambda: self._lock.log_unknown(self._random.choice((0x08, 0x0B, 0x42))),
            "door log": lambda: self._lock.set_door_logging(enabled=self._random.random() < 0.8),
        }
        name = self._random.choice(list(acts))
        acts[name]()
        return name

    def _turn_key(self) -> None:
        self._lock.turn_key("unlock" if self._lock.bolt_locked else "lock")

    def _move_door(self) -> None:
        (self._lock.close_door if self._lock.status()["door"] == "open" else self._lock.open_door)()

    def _action(self) -> str:
        return self._random.choice(("unlock", "lock", "unlatch", "full-lock", "lock-n-go-with-unlatch"))

    def _keypad_action(self) -> KeypadAction:
        return self._random.choice((KeypadAction.INTELLIGENT, KeypadAction.UNLOCK, KeypadAction.UNLATCH))

    def _from_afar(self) -> None:
        self._lock.act_from_afar(self._random.choice(("homekit", "mqtt", "matter", "web")), self._action())


_TYPES: Mapping[str, str] = {
    "unlock": "unlocked",
    "lock": "locked",
    "full_lock": "locked",
    "unlatch": "opened",
    "lock_n_go": "lock_n_go",
    "lock_n_go_with_unlatch": "lock_n_go",
    "fob_without_action": "button_pressed",
    "button_without_action": "button_pressed",
    "calibrate": "calibrated",
    "start": "started",
    "open_door": "door_opened",
    "close_door": "door_closed",
    "tamper_with_door_sensor": "door_sensor_fault",
    "switch_log": "logging_changed",
    "switch_door_log": "logging_changed",
    "update_firmware": "firmware_updated",
}
_RESULTS: Mapping[Result, str] = {
    Result.FAILED: "failed",
    Result.WRONG_CODE: "wrong_code",
    Result.WRONG_FINGER: "wrong_fingerprint",
    Result.NOT_ALLOWED: "not_allowed",
    Result.AUTO_UNLOCK_REFUSED: "auto_unlock_refused",
}
_METHODS: Mapping[How, str] = {
    How.HAND: "manual",
    How.BUTTON: "button",
    How.APP: "app",
    How.BRIDGE: "bridge",
    How.FOB: "fob",
    How.KEYPAD: "keypad",
    How.CODE: "keypad_code",
    How.FINGER: "fingerprint",
    How.ARROW_KEY: "keypad_button",
    How.AUTO_UNLOCK: "auto_unlock",
    How.AUTO_LOCK: "auto_lock",
    How.TIME_CONTROL: "time_control",
    How.NIGHT_MODE: "time_control",
    How.HOMEKIT: "homekit",
    How.MQTT: "mqtt",
    How.MATTER: "unknown",
    How.WEB: "web",
    How.ITSELF: "system",
}
# What is no use of the lock: how it was done is not in the log.
_WITHOUT_METHOD = ("door", "log", "firmware", "0x")


def expected(deed: Deed) -> dict[str, Any]:
    """Return what an event about a deed has to say, as far as the ledger knows it."""
    if deed.result is Result.IGNORED:
        # If the lock writes it down at all, it looks like any other.
        event_type = "wrong_code" if deed.how is How.CODE else "wrong_fingerprint"
    else:
        event_type = _RESULTS.get(deed.result) or _TYPES.get(deed.what, "other")
    says: dict[str, Any] = {
        "event_type": event_type,
        "denied": deed.result not in (Result.DONE, Result.FAILED),
        "user": deed.who,
        "code_id": deed.code_id,
    }
    if not any(part in deed.what for part in _WITHOUT_METHOD):
        says["method"] = "home_assistant" if deed.who == OWN_NAME else _METHODS[deed.how]
        says["result"] = deed.detail
    return says


def differences(
    deeds: Iterable[Deed], events: Iterable[Mapping[str, Any]], *, certain: bool = True
) -> list[str]:
    """Return where deeds and events disagree, joined by the index in the log.

    Args:
        deeds: What must have an event, from one log.
        events: Attributes of the events, in the order in which they came, with `denied` for the entity.
        certain: Whether the times have to agree; not with a clock of the lock that was wrong.
    """
    found: list[str] = []
    told: dict[int, Mapping[str, Any]] = {}
    for event in events:
        index = event["index"]
        if index in told:
            found.append(f"{index} came twice")
        if told and index < max(told):
            found.append(f"{index} came after {max(told)}")
        told[index] = event
    by_index = {deed.index: deed for deed in deeds if deed.index is not None}
    found += [f"{index} is nobody's deed: {told[index]}" for index in told if index not in by_index]
    for index, deed in by_index.items():
        if index not in told:
            found.append(f"{index} has no event: {deed.to_json()}")
            continue
        says = told[index]
        for key, value in expected(deed).items():
            if says[key] != value:
                found.append(f"{index}: {key} is {says[key]!r} and not {value!r}: {deed.to_json()}")
        if certain and not _at(says["happened_at"], deed.time):
            found.append(f"{index}: happened at {says['happened_at']} and not {deed.time}")
    return found


def _at(told: str | None, moment: datetime) -> bool:
    return told is not None and abs(datetime.fromisoformat(told) - moment) <= CLOSE
