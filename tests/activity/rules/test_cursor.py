"""Each entry of a log is news once: over gaps, restarts, and a log that begins again."""

from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.activity.rules.cursor import (
    Cursor,
    News,
    fingerprint,
    in_order,
    moved,
    news,
    reaches,
)
from custom_components.smartlock.protocol.enums import LogEntryType
from custom_components.smartlock.protocol.messages import LogEntry
from custom_components.smartlock.protocol.wire import Date7

NAME = "Pippi"


def entry(index: int, *, life: int = 1, name: str = NAME, padding: int = 1) -> LogEntry:
    """Return an entry; of another life of the lock it has another date."""
    return LogEntry(
        index=index,
        timestamp=Date7(2026, life, 1, 12, index % 60, 0),
        authorization_id=7,
        name=name,
        type=LogEntryType.LOCK_ACTION,
        trailing=bytes([1, 0, 0, 0]) + bytes(padding),
    )


def newest(last: int, first: int = 1, *, life: int = 1) -> tuple[LogEntry, ...]:
    """Return entries with the newest first."""
    return tuple(entry(index, life=life) for index in range(last, first - 1, -1))


def indices(found: News) -> list[int]:
    """Return the indices of what is new."""
    return [each.index for each in found.entries]


def test_what_was_there_before_is_no_news() -> None:
    entries = newest(10)
    assert not news(None, entries)
    assert moved(None, entries) == Cursor.at(entry(10))


def test_an_empty_log() -> None:
    """Its first entry will be news; and one that is empty all at once says nothing, it may be switched off."""
    cursor = moved(None, ())
    assert indices(news(cursor, newest(2))) == [1, 2]
    cursor = Cursor.at(entry(5))
    assert not news(cursor, ())
    assert moved(cursor, ()) == cursor


@pytest.mark.parametrize(
    ("last", "first", "new", "missed"),
    [
        (10, 1, [], 0),
        (11, 4, [11], 0),
        (18, 11, list(range(11, 19)), 0),
        (20, 13, list(range(13, 21)), 2),
        (500, 493, list(range(493, 501)), 482),
    ],
)
def test_what_is_new(last: int, first: int, new: list[int], missed: int) -> None:
    cursor, entries = Cursor.at(entry(10)), newest(last, first)
    found = news(cursor, entries)
    assert (indices(found), found.missed, found.began_again) == (new, missed, False)
    assert bool(found) == bool(new)
    assert reaches(cursor, entries) == (first <= 10)
    assert moved(cursor, entries) == Cursor.at(entry(last))


def test_an_entry_that_the_radio_lost_is_missed() -> None:
    entries = tuple(each for each in newest(14) if each.index != 12)
    found = news(Cursor.at(entry(10)), entries)
    assert (indices(found), found.missed) == ([11, 13, 14], 1)


@pytest.mark.parametrize("last", [1, 9, 10, 11, 30])
def test_a_log_that_begins_again(last: int) -> None:
    """Be it that it has grown further than it was: the entry of the cursor is another one."""
    cursor, entries = Cursor.at(entry(10)), newest(last, life=2)
    found = news(cursor, entries)
    assert found.began_again
    assert indices(found) == list(range(1, last + 1))
    assert reaches(cursor, entries)
    assert not news(moved(cursor, entries), entries)


def test_an_entry_is_the_same_however_it_is_padded() -> None:
    """Firmware pads differently; a person may be renamed."""
    assert fingerprint(entry(3)) == fingerprint(entry(3, name="Annika", padding=4))
    assert fingerprint(entry(3)) != fingerprint(entry(3, life=2))
    assert fingerprint(entry(3)) != fingerprint(entry(4))
    assert NAME not in str(Cursor.at(entry(3)))


def test_entries_in_any_order() -> None:
    later = entry(3, name="Annika")
    assert in_order([entry(3), entry(5), later, entry(4)]) == (entry(5), entry(4), later)


def test_json() -> None:
    cursor = Cursor.at(entry(3))
    assert Cursor.from_json(cursor.to_json()) == cursor


@pytest.mark.parametrize(
    "damaged", [{}, {"index": "x", "fingerprint": ""}, {"index": None, "fingerprint": ""}]
)
def test_damaged_json(damaged: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Cursor.from_json(damaged)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 20)), max_size=12))
def test_each_entry_is_news_once(reads: list[tuple[int, int]]) -> None:
    """At each reading so many entries have come since, and so many of the newest are read."""
    last, cursor = 5, moved(None, newest(5))
    told: list[int] = []
    missed = 0
    for came, read in reads:
        last += came
        entries = newest(last, max(1, last - read + 1))
        found = news(cursor, entries)
        told += indices(found)
        missed += found.missed
        cursor = moved(cursor, entries)
    assert told == sorted(set(told))
    assert len(told) + missed == last - 5
