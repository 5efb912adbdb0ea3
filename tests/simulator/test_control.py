"""The command line to the virtual lock of a running demo, over its real connection."""

import asyncio
from collections.abc import AsyncIterator
import json
from pathlib import Path
import socket
import subprocess
import sys

import pytest

from simulator import control
from simulator.control_server import ControlServer
from simulator.demo.world import furnish
from simulator.virtual_lock import FAULTS, Jam, VirtualLock, quick
from tests.simulator.hand_client import HandClient, new_lock
from tests.simulator.helpers import until

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def lock() -> AsyncIterator[VirtualLock]:
    lock = new_lock(timing=quick())
    yield lock
    lock.power_off()


@pytest.fixture
async def file(lock: VirtualLock, tmp_path: Path) -> AsyncIterator[Path]:
    """Return the file in which a running server says where it is."""
    path = tmp_path / "demo" / "virtual-lock.json"
    async with ControlServer(lock, path):
        yield path
    assert not path.exists()


async def say(file: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command line in a process of its own; return exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator.control",
        "--control",
        str(file),
        *arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


async def do(file: Path, command: str, **options: object) -> str:
    """Ask the server without the command line in front."""
    return "\n".join(await asyncio.to_thread(control.ask, {"command": command, **options}, file))


@pytest.mark.process
async def test_turn_the_key_from_the_command_line(lock: VirtualLock, file: Path) -> None:
    assert await say(file, "turn-key", "unlock") == (0, "You unlock the door with the key.\n", "")
    assert not lock.bolt_locked


async def test_a_phone_is_carried(lock: VirtualLock, tmp_path: Path) -> None:
    file = tmp_path / "virtual-lock.json"
    places: list[str] = []

    def carry(place: str) -> str:
        places.append(place)
        return f"Carried {place}."

    async with ControlServer(lock, file, carry=carry):
        assert await do(file, "phone", place="away") == "Carried away."
    assert places == ["away"]


@pytest.mark.process
async def test_a_mistake_is_one_line_and_exit_code_1(file: Path) -> None:
    code, output, errors = await say(file, "battery", "101")
    assert (code, output) == (1, "")
    assert errors == "virtual-lock: the charge of a battery is 0 to 100 percent\n"


@pytest.mark.process
async def test_no_demo(tmp_path: Path) -> None:
    sentence = "virtual-lock: no demo is running here; start one with scripts/demo.\n"
    assert await say(tmp_path / "none", "status") == (1, "", sentence)


def stale_file(tmp_path: Path) -> Path:
    """Return the file of a demo that died: nobody listens at its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = tmp_path / "stale"
    path.write_text(json.dumps({"port": port}), encoding="utf-8")
    return path


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"port": "x"}', '{"port": 99999999}'])
def test_a_damaged_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "damaged"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(control.ControlError, match="no demo is running"):
        control.ask({"command": "status"}, path)


def test_the_file_of_a_demo_that_died(tmp_path: Path) -> None:
    with pytest.raises(control.ControlError, match="no demo is running"):
        control.ask({"command": "status"}, stale_file(tmp_path))


@pytest.mark.parametrize("answer", [b"", b"hello\n", b"[]\n"])
async def test_somebody_else_at_the_port(tmp_path: Path, answer: bytes) -> None:
    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(stranger, "127.0.0.1")
    path = tmp_path / "file"
    path.write_text(json.dumps({"port": server.sockets[0].getsockname()[1]}), encoding="utf-8")
    with pytest.raises(control.ControlError, match="no demo is running"):
        await do(path, "status")
    server.close()
    await server.wait_closed()


async def test_the_button_is_held_until_somebody_has_paired(lock: VirtualLock, file: Path) -> None:
    # The keypad of the demo has an authorization, but no app or Home Assistant has paired.
    furnish(lock)
    assert "hold the button" in await do(file, "press-button", how=None)
    assert lock.pairing_mode
    client = await HandClient(lock).connect()
    assert (await client.pair()).error is None
    assert "You press the button; the lock begins to unlock." in await do(file, "press-button", how=None)
    await until(lambda: not lock.busy)
    assert (lock.bolt_locked, lock.status()["pairing_mode"]) == (False, False)
    await do(file, "press-button", how="hold")
    assert lock.status()["pairing_mode"]


@pytest.mark.process
async def test_a_short_press_before_anybody_has_paired(lock: VirtualLock, file: Path) -> None:
    code, output, _ = await say(file, "press-button", "--short")
    assert (code, output) == (0, "You press the button; the lock begins to unlock.\n")
    assert not lock.pairing_mode


async def test_door_and_faults(lock: VirtualLock, file: Path) -> None:
    await do(file, "open-door")
    assert lock.status()["door"] == "open"
    await do(file, "close-door")
    assert lock.status()["door"] == "closed"
    for what in Jam:
        await do(file, "jam", what=what)
        assert lock.status()["jam"] == what
    for name in FAULTS:
        await do(file, "fault", name=name)
    listed = (await do(file, "fault")).splitlines()
    assert [line.split()[0] for line in listed] == list(FAULTS)
    assert all(line.endswith(row.description) for line, row in zip(listed, FAULTS.values(), strict=True))
    await do(file, "repair")
    assert (lock.status()["jam"], lock.status()["faults"]) == (None, [])


@pytest.mark.process
async def test_batteries(lock: VirtualLock, file: Path) -> None:
    assert await do(file, "battery", percent=18) == "The battery is at 18 %."
    await do(file, "charging", switch="on")
    assert (lock.status()["battery_critical"], lock.status()["battery_charging"]) == (True, True)
    code, output, _ = await say(file, "swap-batteries", "--lose", "pin,clock")
    assert code == 0
    assert "It forgets: pin, clock." in output
    await until(lambda: lock.status()["power"] and not lock.busy)
    assert lock.status()["battery"] == 100
    assert str(lock.status()["time"]).startswith("2000-01-01")
    await do(file, "power", switch="off")
    assert lock.advertise() is None
    await do(file, "power", switch="on")
    assert lock.advertise() is not None


@pytest.mark.process
async def test_fob_and_keypad(lock: VirtualLock, file: Path) -> None:
    assert "no fob is paired" in await do(file, "press-fob", times=1)
    await do(file, "pair-accessory", name="fob")
    code, output, _ = await say(file, "press-fob")
    assert (code, output) == (0, "You press the fob; the lock begins to unlock.\n")
    await until(lambda: not lock.busy)
    assert not lock.bolt_locked
    await do(file, "pair-accessory", name="keypad")
    code, output, _ = await say(file, "enter-code", "345678", "lock")
    assert (code, output) == (0, "You type the code; the keypad shows red: K_CODE_INVALID.\n")
    assert lock.status()["accessories"] == ["fob", "keypad"]
    await do(file, "accessory-battery", name="keypad", condition="critical")
    assert lock.status()["accessory_batteries_critical"] == ["keypad"]
    await do(file, "accessory-battery", name="keypad", condition="good")
    assert lock.status()["accessory_batteries_critical"] == []


@pytest.mark.process
async def test_who_comes_to_the_door(lock: VirtualLock, file: Path) -> None:
    await do(file, "pair-accessory", name="keypad-2")
    code, output, _ = await say(
        file, "app-add-code", "Anna", "345678", "--weekdays", "mon,sun", "--hours", "00:00-23:59"
    )
    assert (code, output) == (0, "Code 1 is added.\n")
    code, output, _ = await say(
        file,
        "app-add-code",
        "Bert",
        "456789",
        "--from",
        "2020-01-01T00:00+01:00",
        "--until",
        "2020-02-01T00:00Z",
    )
    assert (code, output) == (0, "Code 2 is added.\n")
    anna, bert = (json.loads(line) for line in (await do(file, "list-codes")).splitlines())
    assert (anna["weekdays"], anna["hours"]) == (65, [[0, 0], [23, 59]])
    assert (bert["from"], bert["until"]) == ("2019-12-31T23:00:00+00:00", "2020-02-01T00:00:00+00:00")
    code, output, _ = await say(file, "enter-code", "456789")
    assert output == "You type the code; the keypad shows red: K_TIME_NOT_ALLOWED.\n"
    assert await do(file, "enrol-finger", code_id=1) == "The keypad knows finger 1."
    assert await do(file, "app-pause-code", code_id=1, switch="on") == "Code 1 is paused."
    code, output, _ = await say(file, "finger", "1", "unlock")
    assert output == "You put a finger on it; the keypad shows red: K_DISABLED.\n"
    assert (await say(file, "app-invite", "Carla"))[1] == "Paired: Carla.\n"
    assert (await say(file, "use-phone", "Carla"))[1] == "Carla's phone is used; the lock begins to unlock.\n"
    await until(lambda: not lock.busy)
    assert (await say(file, "app-allow", "Carla", "--paused"))[1] == "Changed: Carla.\n"
    assert "not allowed now" in (await say(file, "use-phone", "Carla", "--auto-unlock"))[1]
    assert (await say(file, "from-afar", "matter", "lock"))[1] == "Through matter: the lock begins to lock.\n"
    await until(lambda: not lock.busy)
    assert (await say(file, "arrow-key"))[1] == "You press the arrow key; the lock locks.\n"
    assert (await say(file, "log-unknown", "0x0C"))[0] == 0
    assert await do(file, "log-off") == "The log is switched off."
    assert await do(file, "log-on") == "The log is switched on."
    newest = [json.loads(line)["type"] for line in (await say(file, "log", "3"))[1].splitlines()]
    assert newest == ["LOGGING", "LOGGING", "UNKNOWN_0x0C"]
    ledger = [json.loads(line) for line in (await do(file, "ledger")).splitlines()]
    assert [(deed["who"], deed["how"], deed["result"]) for deed in ledger[:5]] == [
        ("Bert", "code", "not_allowed"),
        ("Anna", "finger", "not_allowed"),
        ("Carla", "app", "done"),
        ("Carla", "auto_unlock", "auto_unlock_refused"),
        (None, "matter", "done"),
    ]
    assert await do(file, "app-delete-code", code_id=1) == "Code 1 is deleted."
    await do(file, "forget-log")
    assert lock.status()["log_entries"] == 0


async def test_the_button_twice(lock: VirtualLock, file: Path) -> None:
    text = await do(file, "press-button", how="double")
    assert text == "You press the button twice; the lock begins to lock n go."


@pytest.mark.process
async def test_what_befalls_a_lock(lock: VirtualLock, file: Path) -> None:
    await do(file, "door-sensor", condition="tampered")
    assert lock.status()["door_sensor"] == "TAMPERED"
    await do(file, "set-clock", time="2020-02-29T12:00:00+01:00")
    assert str(lock.status()["time"]).startswith("2020-02-29T11:00")
    await do(file, "set-clock", time="now")
    assert not str(lock.status()["time"]).startswith("2020")
    await do(file, "remote-access", way="wifi")
    code, output, _ = await say(file, "firmware", "newer")
    assert (code, output) == (0, "The lock starts again with firmware that nobody knows yet.\n")
    assert lock.status()["firmware"] == "3.21.0"
    await do(file, "damage", what="name,dates")
    await until(lambda: lock.status()["power"] and not lock.busy)
    await do(file, "factory-reset")
    assert lock.status()["initialized"] is False


NEW_CODE: dict[str, object] = {
    "command": "app-add-code",
    "code": 345678,
    "name": "Anna",
    "first": None,
    "last": None,
    "weekdays": "",
    "hours": None,
}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"command": "enter-code", "code": 1, "action": "dance"}, "nothing at a keypad is called dance"),
        ({"command": "pair-accessory", "name": "bell"}, "no accessory is called bell, only fob"),
        ({"command": "set-clock", "time": "2020-02-29T12:00:00"}, "a time needs its offset from UTC"),
        ({"command": "damage", "what": "mind"}, "a lock cannot damage mind, only dates, name"),
        ({"command": "remote-access", "way": "thread"}, "this model has no such radio"),
        ({"command": "jam", "what": "door"}, "nothing called door can break, only motor, clutch"),
        ({"command": "swap-batteries", "lose": "mind"}, "a lock cannot lose mind, only clock, pin, settings"),
        ({"command": "fault", "name": "flood"}, "no fault is called flood; there are none, silence"),
        ({"command": "fault", "name": "refuse", "argument": "x"}, "x is not the number of an error code"),
        ({"command": "fault", "name": "drop-next-answer", "argument": "x"}, "no command is called x"),
        ({"command": "delete-authorization", "index": 3}, "the lock has no authorization 3"),
        ({"command": "turn-key", "action": "open"}, "a key can lock or unlock"),
        ({"command": "finger", "finger": 1, "action": "dance"}, "nothing at a keypad is called dance"),
        ({"command": "from-afar", "way": "radio", "action": "lock"}, "nobody reaches a lock through radio"),
        ({"command": "from-afar", "way": "web", "action": "dance"}, "a lock cannot dance, only unlock"),
        ({"command": "enrol-finger", "code_id": 1}, "no keypad for fingers is paired"),
        ({"command": "app-delete-code", "code_id": 1}, "there is no code 1"),
        (NEW_CODE | {"weekdays": "someday"}, "no day is called someday, only mon"),
        (NEW_CODE | {"first": "2020-02-29T12:00:00"}, "a time needs its offset from UTC"),
        (NEW_CODE | {"hours": "9"}, "time data"),
        ({"command": "phone", "place": "away"}, "this demo has no phone"),
        ({"command": "dance"}, "nobody knows how to dance"),
    ],
)
async def test_what_cannot_be_done_is_said(file: Path, options: dict[str, object], problem: str) -> None:
    with pytest.raises(control.ControlError) as refused:
        await asyncio.to_thread(control.ask, options, file)
    assert str(refused.value).startswith(problem)


@pytest.mark.process
async def test_delete_authorization(lock: VirtualLock, file: Path) -> None:
    client = await HandClient(lock).connect()
    await client.pair()
    assert (await say(file, "delete-authorization", "0"))[0] == 0
    assert len(lock.authorizations) == 0


@pytest.mark.process
async def test_status_and_journal_are_json(lock: VirtualLock, file: Path) -> None:
    lock.turn_key("unlock")
    code, output, _ = await say(file, "status")
    assert code == 0
    assert json.loads(output)["lock_state"] == "UNLOCKED"
    code, output, _ = await say(file, "journal")
    entry, logged = [json.loads(line) for line in output.splitlines()]
    assert (entry["kind"], entry["what"], entry["action"]) == ("by_hand", "turn_key", "unlock")
    assert (logged["kind"], logged["type"]) == ("logged", "LOCK_ACTION")


async def test_a_journal_of_a_long_day_fits_through(lock: VirtualLock, file: Path) -> None:
    for _ in range(3000):
        lock.set_battery(50)
    lines = await asyncio.to_thread(control.ask, {"command": "journal"}, file)
    assert len(lines) == 3000


async def test_a_connection_that_says_nothing_does_not_stop_the_end(
    lock: VirtualLock, tmp_path: Path
) -> None:
    async with ControlServer(lock, tmp_path / "file"):
        port = json.loads((tmp_path / "file").read_text())["port"]
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
