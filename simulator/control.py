"""The command line that does things to the virtual lock of a running demo (`scripts/virtual-lock`).

It speaks to `simulator.control_server` over a local connection: one line of JSON each way. Only the standard
library is used, so that it answers at once.
"""

import argparse
from collections.abc import Sequence
import json
import os
from pathlib import Path
import socket
import sys
from typing import Any

__all__ = ["CONTROL_FILE", "ControlError", "ask", "main"]

CONTROL_FILE = Path(__file__).parent.parent / ".cache" / "demo" / "virtual-lock.json"
"""Where a running demo says at which port it listens."""

_ENVIRONMENT = "VIRTUAL_LOCK_CONTROL"
# Everything is done at once, so a demo that does not answer hangs.
_TIMEOUT = 10.0


class ControlError(Exception):
    """It could not be done; the text is for people."""


def ask(request: dict[str, Any], file: Path = CONTROL_FILE) -> list[str]:
    """Send one request and return the lines of the answer. Raises ControlError."""
    try:
        port = json.loads(file.read_text(encoding="utf-8"))["port"]
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile(encoding="utf-8") as stream:
                answer = json.loads(stream.readline())
        problem, lines = answer.get("error"), answer.get("lines", [])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ControlError("no demo is running here; start one with scripts/demo.") from error
    if problem is not None:
        raise ControlError(problem)
    return list(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="virtual-lock", description="Do something to the virtual lock of a running demo."
    )
    parser.add_argument(
        "--control",
        type=Path,
        default=Path(os.environ.get(_ENVIRONMENT, CONTROL_FILE)),
        metavar="FILE",
        help=f"file that tells the port; default .cache/demo/{CONTROL_FILE.name}, or ${_ENVIRONMENT}",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    button = add("press-button", "press the button; a lock that nobody has paired yet is held for 5 s")
    how = button.add_mutually_exclusive_group()
    how.add_argument("--hold", action="store_const", dest="how", const="hold", help="hold it for 5 s")
    how.add_argument("--short", action="store_const", dest="how", const="short", help="press it shortly")
    how.add_argument("--double", action="store_const", dest="how", const="double", help="press it twice")
    key = add("turn-key", "turn the key")
    key.add_argument("action", choices=("lock", "unlock"))
    add("open-door", "open the door")
    add("close-door", "close the door")
    for name in ("press-fob", "use-fob"):
        fob = add(name, "press the fob once, twice or three times")
        fob.add_argument("times", type=int, nargs="?", default=1)
    code = add("enter-code", "type a code at the keypad")
    code.add_argument("code", type=int)
    finger = add("finger", "put a finger on the keypad")
    finger.add_argument("finger", type=int, help="its number from `enrol-finger`; any other is a stranger's")
    for keypad in (code, finger):
        keypad.add_argument(
            "action",
            nargs="?",
            default="intelligent",
            help="intelligent, unlock, lock, unlatch or lock-n-go",
        )
    add("arrow-key", "press the key of the keypad that locks without a code")
    phone = add("use-phone", "let a phone that has paired do something, or come near with --auto-unlock")
    phone.add_argument("name")
    phone.add_argument("--auto-unlock", action="store_true")
    afar = add("from-afar", "do something through homekit, mqtt, matter or web")
    afar.add_argument("way")
    for distant in (phone, afar):
        distant.add_argument(
            "action",
            nargs="?",
            default="unlock",
            help="unlock, lock, unlatch, lock-n-go, lock-n-go-with-unlatch or full-lock",
        )
    invite = add("app-invite", "let another phone pair, as the owner does in the app")
    invite.add_argument("name")
    allow = add("app-allow", "say when a phone, fob or keypad may act, as the owner does in the app")
    allow.add_argument("name")
    new_code = add("app-add-code", "add a keypad code as the owner does in the app")
    new_code.add_argument("name")
    new_code.add_argument("code", type=int)
    for right in (allow, new_code):
        right.add_argument("--from", dest="first", metavar="TIME", help="ISO 8601 with its offset from UTC")
        right.add_argument("--until", dest="last", metavar="TIME")
        right.add_argument(
            "--weekdays", default="", metavar="DAYS", help="any of mon,tue,wed,thu,fri,sat,sun"
        )
        right.add_argument("--hours", metavar="HH:MM-HH:MM", help="in the lock's own time")
    pause = add("app-pause-code", "let a code be of no use for a while, or of use again")
    pause.add_argument("code_id", type=int)
    allow.add_argument("--paused", action="store_true")
    pause.add_argument("switch", choices=("on", "off"), nargs="?", default="on")
    deleted = add("app-delete-code", "delete a keypad code as the owner does in the app")
    deleted.add_argument("code_id", type=int)
    enrol = add("enrol-finger", "let the keypad learn a finger that belongs to a code")
    enrol.add_argument("code_id", type=int)
    add("list-codes", "print the keypad codes, as lines of JSON")
    log = add("log", "print the newest entries of the lock's log, as lines of JSON")
    log.add_argument("count", type=int, nargs="?", default=20)
    add("log-off", "switch the log off as the owner does in the app")
    add("log-on", "switch the log on again")
    add("forget-log", "let the log begin anew")
    unknown = add("log-unknown", "log something for which only later firmware has a name")
    unknown.add_argument("type", type=lambda text: int(text, 0), nargs="?", default=0x0B)
    add("ledger", "print what was really done at the door, as lines of JSON")
    accessory = add("pair-accessory", "pair an accessory: fob, keypad or keypad-2")
    accessory.add_argument("name")
    sensor = add(
        "door-sensor", "let the door sensor be working, unknown, calibrating, uncalibrated or tampered"
    )
    sensor.add_argument("condition")
    jam = add(
        "jam",
        "break something: motor, clutch, clutch-power, motor-power, low-voltage, end-stop, position-memory, "
        "handle or unknown",
    )
    jam.add_argument("what", nargs="?", default="motor")
    add("repair", "mend what is broken and switch all faults off")
    swap = add("swap-batteries", "take the batteries out and put fresh ones in")
    swap.add_argument(
        "--lose", default="", metavar="WHAT", help="what is forgotten: any of pin,settings,clock"
    )
    battery = add("battery", "set the charge")
    battery.add_argument("percent", type=int)
    accessory_battery = add(
        "accessory-battery", "let an accessory's battery be nearly empty: keypad, door-sensor"
    )
    accessory_battery.add_argument("name")
    accessory_battery.add_argument("condition", choices=("critical", "good"))
    charging = add("charging", "plug a charger in or out")
    charging.add_argument("switch", choices=("on", "off"))
    power = add("power", "put the batteries in or take them out")
    power.add_argument("switch", choices=("on", "off"))
    delete = add("delete-authorization", "delete a client as the owner does in the app")
    delete.add_argument("index", type=int, help="its number in `status`")
    add("factory-reset", "reset to what the factory delivered, but for id and address")
    clock = add("set-clock", "set the lock's own clock")
    clock.add_argument("time", help="ISO 8601 with its offset from UTC, or `now`")
    firmware = add("firmware", "install firmware that nobody knows yet")
    firmware.add_argument("version", choices=("newer",))
    damage = add("damage", "damage the storage: name, dates or both, with a comma between")
    damage.add_argument("what")
    remote = add("remote-access", "connect the lock with its maker's servers: wifi, thread or off")
    remote.add_argument("way", choices=("wifi", "thread", "off"))
    fault = add("fault", "switch a fault of the radio or the firmware on; without a name list them")
    fault.add_argument("name", nargs="?")
    fault.add_argument("argument", nargs="?", help="see the list")
    carried = add("phone", "carry the phone of the resident away, home, or to the door")
    carried.add_argument("place", choices=("away", "home", "at-door"))
    add("status", "print what can be seen and counted, as JSON")
    add("journal", "print everything that happened, as lines of JSON")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = vars(_parser().parse_args(arguments))
    file = options.pop("control")
    try:
        lines = ask(options, file)
    except ControlError as error:
        print(f"virtual-lock: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
