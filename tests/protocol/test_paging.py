"""Lists are read to their end, whatever the lock means by its count, and never kept when something is missing."""

from collections.abc import Callable, Sequence

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.protocol import paging
from custom_components.smartlock.protocol.errors import IncompleteListError
from custom_components.smartlock.protocol.paging import PAGE, Page

type Entry = tuple[int, str]

# How many entries a lock announces, of a list of so many, for a page at an offset with so many entries.
COUNTS: dict[str, Callable[[int, int, int], int | None]] = {
    "of the list": lambda size, offset, came: size,
    "of the page": lambda size, offset, came: came,
    "of what is left": lambda size, offset, came: size - offset,
    "none": lambda size, offset, came: None,
}


def entries(size: int) -> list[Entry]:
    """Return a list as a lock has it."""
    return [(1000 - number, f"entry {number}") for number in range(size)]


def key(entry: Entry) -> int:
    """Return the id of an entry."""
    return entry[0]


def read(answer: Callable[[int], Page[Entry]]) -> tuple[tuple[Entry, ...], list[int]]:
    """Walk through a list; return it and the offsets that were asked for."""
    walk = paging.walk(key)
    offsets = [next(walk)]
    while True:
        try:
            offsets.append(walk.send(answer(offsets[-1])))
        except StopIteration as end:
            return end.value, offsets


@given(size=st.integers(0, 260), count=st.sampled_from(sorted(COUNTS)))
def test_every_list_is_read_to_its_end(size: int, count: str) -> None:
    everything = entries(size)

    def answer(offset: int) -> Page[Entry]:
        page = everything[offset : offset + PAGE]
        return COUNTS[count](size, offset, len(page)), page

    found, offsets = read(answer)
    assert list(found) == everything
    assert len(offsets) <= size // PAGE + 2


@pytest.mark.parametrize(
    ("size", "pages"), [(0, 1), (1, 1), (24, 1), (25, 2), (26, 2), (50, 2), (150, 6), (200, 8)]
)
def test_no_page_too_many(size: int, pages: int) -> None:
    """Only a list that fills exactly one page costs one more, since its count may be that of the page."""
    everything = entries(size)
    _, offsets = read(lambda offset: (size, everything[offset : offset + PAGE]))
    assert len(offsets) == pages


@given(
    size=st.integers(1, 120),
    twice=st.sets(st.integers(0, 119), max_size=10),
    changed=st.sets(st.integers(0, 119), max_size=10),
)
def test_an_entry_that_comes_twice_counts_once(size: int, twice: set[int], changed: set[int]) -> None:
    """The later one stands."""
    everything = entries(size)

    def answer(offset: int) -> Page[Entry]:
        page: list[Entry] = []
        for number in range(offset, min(offset + PAGE, size)):
            page.append(everything[number])
            if number in twice:
                page.append(everything[number])
            if number in changed:
                page.append((everything[number][0], "later"))
        return size, page

    found, _ = read(answer)
    assert [key(entry) for entry in found] == [key(entry) for entry in everything]
    assert [text == "later" for _, text in found] == [number in changed for number in range(size)]


@given(
    size=st.integers(1, 120),
    lost=st.integers(0, 119),
    count=st.sampled_from(["of the list", "of what is left"]),
)
def test_a_list_that_lacks_one_is_not_kept(size: int, lost: int, count: str) -> None:
    """However often it is asked for."""
    lost %= size
    everything = entries(size)

    def answer(offset: int) -> Page[Entry]:
        page = [everything[n] for n in range(offset, min(offset + PAGE, size)) if n != lost]
        return COUNTS[count](size, offset, len(page)), page

    with pytest.raises(IncompleteListError):
        read(answer)


def test_an_entry_lost_once_is_found_at_the_end() -> None:
    """If it was the last of a page, the next offset asks for it again."""
    everything, asked = entries(60), []

    def answer(offset: int) -> Page[Entry]:
        asked.append(offset)
        page = everything[offset : offset + PAGE]
        return 60, page[:-1] if len(asked) == 1 else page

    found, offsets = read(answer)
    assert list(found) == everything
    assert offsets == [0, 24, 49]


def test_a_lock_that_repeats_itself_is_not_asked_for_ever() -> None:
    """One that ignores the offset sends the first page again and again."""
    everything = entries(60)
    asked: list[int] = []

    def answer(offset: int) -> Page[Entry]:
        asked.append(offset)
        return 60, everything[:PAGE]

    with pytest.raises(IncompleteListError):
        read(answer)
    assert asked == [0, PAGE]


@pytest.mark.parametrize(
    ("announced", "came", "kept"),
    [
        (2, [(1, "a"), (2, "b")], [(1, "a"), (2, "b")]),
        (2, [(1, "a"), (2, "b"), (1, "c")], [(1, "c"), (2, "b")]),
        (None, [(1, "a")], [(1, "a")]),
        (0, [], []),
        (3, [(1, "a"), (2, "b"), (1, "a")], None),
        (1, [], None),
    ],
)
def test_a_list_in_one_piece(
    announced: int | None, came: Sequence[Entry], kept: Sequence[Entry] | None
) -> None:
    if kept is None:
        with pytest.raises(IncompleteListError):
            paging.whole((announced, came), key)
    else:
        assert list(paging.whole((announced, came), key)) == kept
