"""The other end of `simulator.control`: lets a person do things to a virtual lock while it runs."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any, Self

from custom_components.smartlock.protocol.enums import AuthorizationIdType, KeypadAction, Weekdays
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator.control import CONTROL_FILE
from simulator.virtual_lock import FAULTS, VirtualLock

__all__ = ["ControlServer"]

type Options = dict[str, Any]


class ControlServer:
    """Listens on a free port of 127.0.0.1 and says in a file which it is. Use it with `async with`."""

    def __init__(
        self, lock: VirtualLock, file: Path = CONTROL_FILE, *, carry: Callable[[str], str] | None = None
    ) -> None:
        """Control a lock, and a phone with `carry`, which is given a place; nothing is opened yet."""
        self._lock = lock
        self._carry = carry
        self._file = file
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Listen and write the file."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1")
        port = self._server.sockets[0].getsockname()[1]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"port": port}), encoding="utf-8")

    async def stop(self) -> None:
        """Remove the file and stop listening."""
        if self._server is not None:
            self._file.unlink(missing_ok=True)
            self._server.close()
            self._server.close_clients()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = self.answer(await reader.readline())
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except OSError, ValueError:
            pass  # The other side has gone, or sends a line without end.
        finally:
            writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        """Do what a line of JSON asks; return the lines to print, or what is wrong."""
        try:
            options = json.loads(line)
            if options["command"] == "phone":
                lines = self._phone(options["place"])
            else:
                lines = _COMMANDS.get(options["command"], _unknown)(self._lock, options)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # A KeyError would print its text in quotes.
            return {"error": str(error.args[0]) if error.args else type(error).__name__}
        return {"lines": lines.splitlines()}

    def _phone(self, place: str) -> str:
        if self._carry is None:
            raise ValueError("this demo has no phone: it needs the proxy of ESPHome")
        return self._carry(place)


def _unknown(_lock: VirtualLock, options: Options) -> str:
    raise ValueError(f"nobody knows how to {options['command']}")


def _press_button(lock: VirtualLock, options: Options) -> str:
    # Accessories have authorizations as well, and come with the door.
    paired = any(
        each.id_type in (AuthorizationIdType.APP, AuthorizationIdType.BRIDGE) for each in lock.authorizations
    )
    how = options.get("how") or ("short" if paired else "hold")
    if how == "hold":
        return f"You hold the button for 5 seconds; {lock.enter_pairing_mode()}."
    if how == "double":
        return f"You press the button twice; {lock.press_button(double=True)}."
    return f"You press the button; {lock.press_button()}."


def _turn_key(lock: VirtualLock, options: Options) -> str:
    lock.turn_key(options["action"])
    return f"You {options['action']} the door with the key."


def _open_door(lock: VirtualLock, _options: Options) -> str:
    lock.open_door()
    return "The door is open."


def _close_door(lock: VirtualLock, _options: Options) -> str:
    lock.close_door()
    return "The door is closed."


def _press_fob(lock: VirtualLock, options: Options) -> str:
    return f"You press the fob; {lock.press_fob(options['times'])}."


def _enter_code(lock: VirtualLock, options: Options) -> str:
    return f"You type the code; {lock.enter_code(options['code'], _keypad_action(options))}."


def _finger(lock: VirtualLock, options: Options) -> str:
    return f"You put a finger on it; {lock.use_finger(options['finger'], _keypad_action(options))}."


def _keypad_action(options: Options) -> KeypadAction:
    wanted = str(options["action"])
    try:
        return KeypadAction[wanted.upper().replace("-", "_")]
    except KeyError:
        raise ValueError(f"nothing at a keypad is called {wanted}") from None


def _arrow_key(lock: VirtualLock, _options: Options) -> str:
    return f"You press the arrow key; {lock.press_arrow_key()}."


def _use_phone(lock: VirtualLock, options: Options) -> str:
    name, near = options["name"], options["auto_unlock"]
    done = lock.use_phone(name, options["action"], auto_unlock=near)
    return f"{name}'s phone {'comes near' if near else 'is used'}; {done}."


def _from_afar(lock: VirtualLock, options: Options) -> str:
    return f"Through {options['way']}: {lock.act_from_afar(options['way'], options['action'])}."


def _invite(lock: VirtualLock, options: Options) -> str:
    lock.invite_phone(options["name"])
    return f"Paired: {options['name']}."


def _allow(lock: VirtualLock, options: Options) -> str:
    lock.allow(options["name"], enabled=not options["paused"], limit=_limit(options))
    return f"Changed: {options['name']}."


def _add_code(lock: VirtualLock, options: Options) -> str:
    return f"Code {lock.add_code(options['code'], options['name'], _limit(options))} is added."


def _limit(options: Options) -> TimeLimit | None:
    """Return what somebody said about the time, None if nothing."""
    first, last, days, hours = (options[name] for name in ("first", "last", "weekdays", "hours"))
    if not (first or last or days or hours):
        return None
    start, _, end = (hours or "00:00-00:00").partition("-")
    weekdays = Weekdays.NONE
    for day in filter(None, days.split(",")):
        if day not in _WEEKDAYS:
            raise ValueError(f"no day is called {day}, only {', '.join(_WEEKDAYS)}")
        weekdays |= _WEEKDAYS[day]
    return TimeLimit(
        allowed_from=Date7.of(_moment(first)) if first else Date7(),
        allowed_until=Date7.of(_moment(last)) if last else Date7(),
        allowed_weekdays=weekdays,
        allowed_from_time=_time_of_day(start),
        allowed_until_time=_time_of_day(end),
    )


_WEEKDAYS = {day.name[:3].lower(): day for day in reversed(Weekdays) if day.name}


def _time_of_day(text: str) -> Time2:
    time = datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a time of day has no zone
    return Time2(time.hour, time.minute)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset from UTC, as in 2026-06-01T12:00:00+02:00")
    return moment.astimezone(UTC)


def _pause_code(lock: VirtualLock, options: Options) -> str:
    paused = options["switch"] == "on"
    lock.pause_code(options["code_id"], paused=paused)
    return f"Code {options['code_id']} is {'paused' if paused else 'of use again'}."


def _delete_code(lock: VirtualLock, options: Options) -> str:
    lock.delete_code(options["code_id"])
    return f"Code {options['code_id']} is deleted."


def _enrol_finger(lock: VirtualLock, options: Options) -> str:
    return f"The keypad knows finger {lock.enrol_finger(options['code_id'])}."


def _list_codes(lock: VirtualLock, _options: Options) -> str:
    return "\n".join(lock.code_lines())


def _log(lock: VirtualLock, options: Options) -> str:
    return "\n".join(lock.log_lines(options["count"]))


def _log_on(lock: VirtualLock, _options: Options) -> str:
    lock.set_logging(enabled=True)
    return "The log is switched on."


def _log_off(lock: VirtualLock, _options: Options) -> str:
    lock.set_logging(enabled=False)
    return "The log is switched off."


def _forget_log(lock: VirtualLock, _options: Options) -> str:
    lock.forget_log()
    return "The log begins anew."


def _log_unknown(lock: VirtualLock, options: Options) -> str:
    lock.log_unknown(options["type"])
    return "The log has an entry that nobody knows yet."


def _ledger(lock: VirtualLock, _options: Options) -> str:
    return "\n".join(lock.ledger.json_lines())


def _pair_accessory(lock: VirtualLock, options: Options) -> str:
    lock.pair_accessory(options["name"])
    return f"Paired: {options['name']}."


def _door_sensor(lock: VirtualLock, options: Options) -> str:
    lock.set_door_sensor(options["condition"])
    return f"The door sensor is {options['condition']}."


def _accessory_battery(lock: VirtualLock, options: Options) -> str:
    critical = options["condition"] == "critical"
    lock.set_accessory_battery(options["name"], critical=critical)
    return f"The battery of the {options['name']} is {'nearly empty' if critical else 'good'}."


def _factory_reset(lock: VirtualLock, _options: Options) -> str:
    lock.factory_reset()
    return "The lock forgets everything but its id, and wants to be calibrated."


def _set_clock(lock: VirtualLock, options: Options) -> str:
    moment = datetime.now(UTC) if options["time"] == "now" else _moment(options["time"])
    lock.set_clock(moment)
    return f"The lock takes it for {moment.isoformat(timespec='seconds')}."


def _firmware(lock: VirtualLock, _options: Options) -> str:
    lock.update_firmware()
    return "The lock starts again with firmware that nobody knows yet."


def _damage(lock: VirtualLock, options: Options) -> str:
    lock.damage([what for what in options["what"].split(",") if what])
    return f"Damaged: {options['what']}."


def _remote_access(lock: VirtualLock, options: Options) -> str:
    way = options["way"]
    lock.set_remote_access(wifi=way == "wifi", thread=way == "thread")
    return f"Remote access: {way}."


def _jam(lock: VirtualLock, options: Options) -> str:
    lock.jam(options["what"])
    return f"Broken: {options['what']}. The lock notices when it next moves the bolt."


def _repair(lock: VirtualLock, _options: Options) -> str:
    lock.repair()
    return "Nothing is broken any more. The lock notices when it next moves the bolt."


def _swap_batteries(lock: VirtualLock, options: Options) -> str:
    lose = [what for what in options["lose"].split(",") if what]
    lock.swap_batteries(lose)
    lost = f" It forgets: {', '.join(lose)}." if lose else ""
    return f"You swap the batteries; the lock falls silent, then finds its position.{lost}"


def _battery(lock: VirtualLock, options: Options) -> str:
    lock.set_battery(options["percent"])
    return f"The battery is at {options['percent']} %."


def _charging(lock: VirtualLock, options: Options) -> str:
    lock.set_charging(charging=options["switch"] == "on")
    return f"The charger is {'plugged in' if options['switch'] == 'on' else 'unplugged'}."


def _power(lock: VirtualLock, options: Options) -> str:
    if options["switch"] == "on":
        lock.power_on()
        return "The batteries are in; the lock finds its position."
    lock.power_off()
    return "The batteries are out; the lock is silent."


def _delete_authorization(lock: VirtualLock, options: Options) -> str:
    lock.delete_authorization(options["index"])
    return f"Authorization {options['index']} is deleted."


def _fault(lock: VirtualLock, options: Options) -> str:
    name = options.get("name")
    if name is None:
        width = max(map(len, FAULTS))
        return "\n".join(f"{fault:{width}}  {row.description}" for fault, row in FAULTS.items())
    lock.faults.switch_on(name, options.get("argument"))
    return f"{name}: {FAULTS[name].description}"


def _status(lock: VirtualLock, _options: Options) -> str:
    return json.dumps(lock.status(), indent=2)


def _journal(lock: VirtualLock, _options: Options) -> str:
    return "\n".join(lock.journal.json_lines())


_COMMANDS: dict[str, Callable[[VirtualLock, Options], str]] = {
    "press-button": _press_button,
    "turn-key": _turn_key,
    "open-door": _open_door,
    "close-door": _close_door,
    "press-fob": _press_fob,
    "use-fob": _press_fob,
    "enter-code": _enter_code,
    "finger": _finger,
    "arrow-key": _arrow_key,
    "use-phone": _use_phone,
    "from-afar": _from_afar,
    "app-invite": _invite,
    "app-allow": _allow,
    "app-add-code": _add_code,
    "app-pause-code": _pause_code,
    "app-delete-code": _delete_code,
    "enrol-finger": _enrol_finger,
    "list-codes": _list_codes,
    "log": _log,
    "log-on": _log_on,
    "log-off": _log_off,
    "forget-log": _forget_log,
    "log-unknown": _log_unknown,
    "ledger": _ledger,
    "pair-accessory": _pair_accessory,
    "door-sensor": _door_sensor,
    "accessory-battery": _accessory_battery,
    "factory-reset": _factory_reset,
    "set-clock": _set_clock,
    "firmware": _firmware,
    "damage": _damage,
    "remote-access": _remote_access,
    "jam": _jam,
    "repair": _repair,
    "swap-batteries": _swap_batteries,
    "battery": _battery,
    "charging": _charging,
    "power": _power,
    "delete-authorization": _delete_authorization,
    "fault": _fault,
    "status": _status,
    "journal": _journal,
}
