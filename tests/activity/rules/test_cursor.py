"""What recognizes an entry again, and how that is stored."""

from typing import Any

import pytest

from custom_components.smartlock.activity.rules.cursor import Cursor, Mark, fingerprint, in_order
from tests.activity.rules.logs import entry


def test_the_newest_of_more_entries_are_marked() -> None:
    cursor = Cursor().after(entry(index) for index in (1, 2))
    assert [mark.index for mark in cursor.marks] == [2, 1]
    cursor = cursor.after(entry(index) for index in (3, 4))
    assert [mark.index for mark in cursor.marks] == [4, 3, 2]
    assert cursor.index == 4
    assert cursor.back_to(Mark.on(entry(3))).index == 3


def test_it_says_nothing_of_people() -> None:
    assert fingerprint(entry(5)) == fingerprint(entry(5, name="Tommy"))
    assert fingerprint(entry(5)) == fingerprint(entry(5, padding=9))
    assert fingerprint(entry(5)) != fingerprint(entry(5, life=2))
    assert "Pippi" not in str(Cursor().after([entry(5)]).to_json())


def test_in_order() -> None:
    entries = [entry(2), entry(4), entry(2, life=2), entry(3)]
    assert [each.index for each in in_order(entries)] == [4, 3, 2]
    assert in_order(entries)[-1] == entry(2, life=2)


def test_stored() -> None:
    cursor = Cursor().after(entry(index) for index in range(1, 9))
    assert Cursor.from_json(cursor.to_json()) == cursor
    assert Cursor.from_json(Cursor().to_json()) == Cursor()


def test_stored_as_it_was_at_first() -> None:
    """One entry only; an index of 0 stood for a log without any."""
    mark = Mark.on(entry(7))
    assert Cursor.from_json(mark.to_json()) == Cursor(marks=(mark,))
    assert Cursor.from_json({"index": 0, "fingerprint": ""}) == Cursor()


@pytest.mark.parametrize(
    "damage", [None, 3, "x", {}, {"index": 1}, {"index": "1", "fingerprint": ""}, [3], [{}]]
)
def test_damaged(damage: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Cursor.from_json(damage)
