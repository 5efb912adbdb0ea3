"""Stored files and a config entry as they are, and how to damage them."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
import json
from pathlib import Path
from random import Random
from typing import Any, cast, override

from homeassistant.config_entries import ConfigSubentryDataWithId
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from tests.integration.home import LOCK_NAME, NUKI_ID, Home

__all__ = [
    "FILES",
    "INSTEAD",
    "STORED",
    "Damage",
    "damages",
    "entry_of",
    "file_name",
    "paths_of",
    "stored_files",
    "with_files",
]

STORED: dict[str, Any] = json.loads(
    Path(__file__).parents[1].joinpath("integration", "data", "stored.json").read_text("utf-8")
)


def file_name(what: str) -> str:
    """Return what a file is called on disk."""
    return f"{DOMAIN}.{what}" if what == "pairings" else f"{DOMAIN}.{NUKI_ID:08X}.{what}"


def _envelope(what: str, data: Any) -> dict[str, Any]:
    return {"version": 1, "minor_version": 1, "key": file_name(what), "data": data}


def stored_files() -> dict[str, dict[str, Any]]:
    """Return every file that a lock may have, with something in it."""
    files = {key.rpartition(".")[2]: content for key, content in deepcopy(STORED["storage"]).items()}
    files["activity"] = _envelope("activity", {"cursor": {"index": 12, "fingerprint": "0123456789abcdef"}})
    files["clients"] = _envelope("clients", {"bridge_seen": True, "flag_proved": False})
    files["pin_recorded"] = _envelope("pin_recorded", {"recorded": True})
    files["pairings"] = _envelope(
        "pairings", {STORED["entry"]["data"]["address"]: {"data": STORED["entry"]["data"], "pin": None}}
    )
    return files


FILES = tuple(sorted(stored_files()))


def with_files(folder: Path, files: dict[str, Any]) -> None:
    """Put files on the disk."""
    folder.mkdir(exist_ok=True)
    for what, content in files.items():
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / file_name(what)).write_bytes(text)


def entry_of(home: Home, stored: dict[str, Any] | None = None) -> MockConfigEntry:
    """Return the config entry of then; the lock is out of reach unless one is put there."""
    stored = deepcopy(STORED["entry"] if stored is None else stored)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=LOCK_NAME,
        unique_id=STORED["entry"]["data"]["address"],
        data=stored["data"],
        options=stored["options"],
        subentries_data=[cast(ConfigSubentryDataWithId, each) for each in stored["subentries"]],
    )
    entry.add_to_hass(home.hass)
    return entry


# --- Damage -----------------------------------------------------------------------------------------------

# What may stand in the place of any value.
INSTEAD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    256,
    2**31,
    2**63,
    1e308,
    "",
    "x",
    "7",
    "2026-11-29T01:00:00",
    "9999-12-31T23:59:59+00:00",
    [],
    [None],
    ["x"],
    [[]],
    {},
    {"x": []},
)


# What may become of the bytes of a file, and of a value in it.
BYTES = ("cut", "empty", "zeros", "flipped", "twice", "deep")
VALUES = ("instead", "missing", "doubled", "more", "deep")
# How deep a value is buried; a file with deeper ones is no JSON to any reader.
DEPTH = 200


@dataclass(frozen=True)
class Damage:
    """One thing that is not as it was: in a file, or in the entry."""

    where: str
    """The name of a file, or `entry`."""
    path: tuple[str | int, ...]
    """The value; none for the bytes of a file."""
    how: str
    number: int = 0

    @override
    def __str__(self) -> str:
        """Return it as a line of a report."""
        place = "/".join(map(str, self.path))
        return f"{self.where} {place} {self.how} {self.number}"

    def apply(self, value: Any) -> Any:
        """Return a file, or an entry, with the damage; bytes if it is no JSON any more."""
        if not self.path:
            return self._bytes(json.dumps(value).encode())
        value = deepcopy(value)
        inside = value
        for key in self.path[:-1]:
            inside = inside[key]
        last = self.path[-1]
        match self.how:
            case "instead":
                inside[last] = deepcopy(INSTEAD[self.number])
            case "missing":
                del inside[last]
            case "doubled":
                inside[last] = [inside[last], deepcopy(inside[last])]
            case "more":
                inside[last] = {"unheard_of": 7, "inside": deepcopy(inside[last])}
            case "newer":
                inside[last] = inside[last] + 1 + self.number
            case "deep":
                for level in range(DEPTH):
                    inside[last] = {"deeper": inside[last]} if level % 2 else [inside[last]]
        return value

    def _bytes(self, content: bytes) -> bytes:
        at = self.number % (len(content) + 1)
        match self.how:
            case "cut":
                return content[:at]
            case "zeros":
                return content[:at] + b"\0" * (len(content) - at)
            case "empty":
                return b""
            case "flipped" if at < len(content):
                return content[:at] + bytes([content[at] ^ 1 << self.number % 8]) + content[at + 1 :]
            case "deep":
                return b"[" * 100_000 + b"]" * 100_000
            case _:
                return content + content


def paths_of(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to each value inside of one."""
    inside: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        # What is true of the first is true of the others.
        inside = list(enumerate(value))[:2]
    for key, each in inside:
        yield (key,)
        for path in paths_of(each):
            yield (key, *path)


def damages(random: Random, count: int) -> Iterator[Damage]:
    """Yield damages of every kind, as many for each file and for the entry."""
    whole: dict[str, Any] = {**stored_files(), "entry": STORED["entry"]}
    places = {where: list(paths_of(value)) for where, value in whole.items()}
    for number in range(count):
        where = [*whole][number % len(whole)]
        dice = random.random()
        if where != "entry" and dice < 0.2:
            how = random.choice(BYTES)
            yield Damage(where, (), how, random.randrange(100_000))
            continue
        if where != "entry" and dice < 0.3:
            yield Damage(where, (random.choice(("version", "minor_version")),), "newer", random.randrange(3))
            continue
        path = random.choice(places[where])
        how = random.choices(VALUES, (8, 2, 1, 1, 1))[0]
        yield Damage(where, path, how, random.randrange(len(INSTEAD)) if how == "instead" else 0)
