"""What the owner does to the lock with the maker's app: everything that needs no other client's hands."""

from collections.abc import Iterator
from datetime import datetime
import json

from custom_components.smartlock.protocol.enums import AuthorizationIdType, LogEntryType, SortOrder
from custom_components.smartlock.protocol.messages import LoggedSwitch, TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.accessories import Accessory
from simulator.lock.device import Device
from simulator.lock.journal import Fact, Kind
from simulator.lock.keypad import Code
from simulator.lock.ledger import How
from simulator.lock.rights import ALWAYS, is_possible, stored


class OwnersApp:
    """The maker's app on the owner's phone."""

    _device: Device

    def set_pin(self, pin: int | None) -> None:
        """Set the security PIN; None unsets it."""
        self._device.pin.set(pin)

    def set_clock(self, moment: datetime) -> None:
        """Set the lock's clock to an aware moment."""
        self._in_app("set_clock")
        self._device.set_clock(moment)

    def set_remote_access(self, *, wifi: bool = False, thread: bool = False) -> None:
        """Connect the lock with its maker's servers or not. Raises ValueError if it has no radio for it."""
        capabilities = self._device.model.capabilities
        if (wifi and not capabilities & 0b01) or (thread and not capabilities & 0b10):
            raise ValueError("this model has no such radio")
        self._in_app("set_remote_access", wifi=wifi, thread=thread)
        self._device.wifi_connected, self._device.thread_connected = wifi, thread
        self._device.changed()

    def factory_reset(self) -> None:
        """Reset to what the factory delivered, but for id and address; the bolt has to be calibrated."""
        self._in_app("factory_reset")
        self._device.reset_to_factory()

    # --- Who may open -------------------------------------------------------------------------------------

    def delete_authorization(self, index: int) -> None:
        """Delete a client, by its number in the journal. Raises KeyError."""
        self._device.delete_authorization(self._device.authorizations.at(index), "deleted by the owner")

    def pair_accessory(self, name: str) -> None:
        """Pair a fob or a keypad, by its name in Accessory. Raises ValueError."""
        if name not in list(Accessory):
            raise ValueError(f"no accessory is called {name}, only {', '.join(Accessory)}")
        self._in_app("pair_accessory", accessory=name)
        self._device.pair_accessory(Accessory(name))

    def invite_phone(self, name: str) -> None:
        """Let another phone pair, which is called so from then on."""
        self._in_app("invite_phone")
        device = self._device
        device.authorizations.add(
            device.random(32),
            app_id=int.from_bytes(device.random(4), "little"),
            name=name,
            id_type=AuthorizationIdType.APP,
            created=device.now,
        )

    def allow(self, name: str, *, enabled: bool = True, limit: TimeLimit | None = None) -> None:
        """Say when a client may act, by its name. Raises ValueError."""
        self._in_app("allow", enabled=enabled)
        found = next((entry for entry in self._device.authorizations if entry.name == name), None)
        if found is None:
            raise ValueError(f"nobody called {name} has paired")
        found.enabled = int(enabled)
        found.time_limited, found.limit = self._right(limit)

    # --- Codes --------------------------------------------------------------------------------------------

    def add_code(self, code: int, name: str, limit: TimeLimit | None = None) -> int:
        """Add a keypad code and return its id. Raises ValueError if the lock does not take it."""
        self._in_app("add_code")
        device = self._device
        time_limited, stored_limit = self._right(limit)
        if (problem := device.keypad_codes.problem(code)) is not None:
            raise ValueError(f"the lock does not take this code: {problem.name}")
        added = device.keypad_codes.add(
            code, name=name, created=device.now, time_limited=time_limited, limit=stored_limit
        )
        return added.code_id

    def pause_code(self, code_id: int, *, paused: bool = True) -> None:
        """Let a code be of no use for a while, or of use again. Raises ValueError."""
        self._in_app("pause_code", paused=paused)
        self._code(code_id).enabled = int(not paused)

    def delete_code(self, code_id: int) -> None:
        """Delete a code with its fingers. Raises ValueError."""
        self._in_app("delete_code")
        self._device.keypad_codes.remove(self._code(code_id))

    def enrol_finger(self, code_id: int) -> int:
        """Have the keypad learn a finger for a code; return the number for `use_finger`. Raises ValueError."""
        if Accessory.KEYPAD_2 not in self._device.accessories.paired:
            raise ValueError("no keypad for fingers is paired")
        self._in_app("enrol_finger")
        return self._device.keypad_codes.enrol(code_id)

    def code_lines(self) -> Iterator[str]:
        """Yield every code as the app shows it, as one line of JSON, with its digits."""
        for code in self._device.keypad_codes:
            limit = code.limit
            yield json.dumps(
                {
                    "code_id": code.code_id,
                    "code": code.code,
                    "name": code.name,
                    "enabled": bool(code.enabled),
                    "uses": code.lock_count,
                    "fingers": self._device.keypad_codes.fingers(code.code_id),
                    "limited": bool(code.time_limited),
                    "from": _date(limit.allowed_from),
                    "until": _date(limit.allowed_until),
                    "weekdays": int(limit.allowed_weekdays),
                    "hours": [list(limit.allowed_from_time), list(limit.allowed_until_time)],
                }
            )

    # --- The log ------------------------------------------------------------------------------------------

    def set_logging(self, *, enabled: bool) -> None:
        """Switch the log on or off; that itself is always logged."""
        self._in_app("set_logging", enabled=enabled)
        device = self._device
        if device.log.enabled != enabled:
            device.log.enabled = enabled
            device.add_log(
                LogEntryType.LOGGING,
                LoggedSwitch(enabled=int(enabled)),
                device.ledger.add(How.APP, "switch_log"),
                always=True,
            )

    def set_door_logging(self, *, enabled: bool) -> None:
        """Switch logging of the door sensor on or off; that itself is logged."""
        self._in_app("set_door_logging", enabled=enabled)
        device = self._device
        if device.door.logging != enabled:
            device.door.logging = enabled
            device.add_log(
                LogEntryType.DOOR_SENSOR_LOGGING,
                LoggedSwitch(enabled=int(enabled)),
                device.ledger.add(How.APP, "switch_door_log"),
            )

    def log_lines(self, count: int) -> Iterator[str]:
        """Yield the newest entries of the log as the app shows them, the newest first, as lines of JSON."""
        for record in self._device.log.beyond(0, SortOrder.DESCENDING)[:count]:
            yield json.dumps(
                {
                    "index": record.index,
                    "time": _date(record.timestamp),
                    "type": record.type.name,
                    "name": record.name.partition("\0")[0],
                    "authorization": record.authorization_id,
                    "data": record.data.hex(),
                }
            )

    # --- Shared -------------------------------------------------------------------------------------------

    def _code(self, code_id: int) -> Code:
        if (code := self._device.keypad_codes.get(code_id)) is None:
            raise ValueError(f"there is no code {code_id}")
        return code

    def _right(self, limit: TimeLimit | None) -> tuple[int, TimeLimit]:
        habits = self._device.habits
        if limit is None:
            return 0, ALWAYS
        if not is_possible(limit, habits):
            raise ValueError("no lock takes such a limit")
        return 1, stored(limit, habits)

    def _in_app(self, what: str, **facts: Fact) -> None:
        self._device.journal.record(Kind.BY_HAND, what=what, **facts)


def _date(date: Date7) -> str | None:
    return None if date.moment is None else date.moment.isoformat()
