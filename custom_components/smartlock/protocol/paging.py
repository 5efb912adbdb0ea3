"""How a list is read to its end, page by page.

A list comes as a count, then entries, then Status COMPLETE; a request names an offset and how many entries it wants.
Messages can be lost or come twice without anybody noticing, and the list can change between two pages. So an entry
counts once, by its id, and a list that turns out shorter than the lock announced is no list.
"""

from collections.abc import Callable, Generator, Sequence

from .errors import IncompleteListError

# Small, so that whatever else is asked of the lock, an action above all, waits for one page and not for a whole list.
PAGE = 25

type Page[E] = tuple[int | None, Sequence[E]]
"""How many entries the lock announced (None: it did not), and those that came."""


def walk[E](key: Callable[[E], int]) -> Generator[int, Page[E], tuple[E, ...]]:
    """Yield the offset of each page of `PAGE` entries, be sent that page, and return the whole list.

    `key` is the id of an entry; of two with the same id the later one counts. Raises IncompleteListError.
    """
    entries: dict[int, E] = {}
    announced: int | None = None
    while True:
        count, page = yield len(entries)
        announced = count if announced is None else announced
        known = len(entries)
        entries.update((key(entry), entry) for entry in page)
        if len(entries) == known:
            break
        if announced is None:
            if len(page) < PAGE:
                break
        # It is not documented whether the count is that of the list or that of the page: if it is as many as were
        # asked for, only the next page tells.
        elif len(entries) >= announced != PAGE:
            break
    return _checked(entries, announced)


def whole[E](page: Page[E], key: Callable[[E], int]) -> tuple[E, ...]:
    """Return a list that comes in one piece, each entry once. Raises IncompleteListError."""
    announced, entries = page
    return _checked({key(entry): entry for entry in entries}, announced)


def _checked[E](entries: dict[int, E], announced: int | None) -> tuple[E, ...]:
    if announced is not None and len(entries) < announced:
        raise IncompleteListError(f"{len(entries)} entries where {announced} were announced")
    return tuple(entries.values())
