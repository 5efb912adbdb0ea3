"""Each entry of a log is news once: over gaps, restarts, disorder, overrun, and a log that begins again."""

from dataclasses import replace
import random

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.activity.rules.cursor import Cursor, News
from custom_components.smartlock.activity.rules.reading import MOST, NEWEST, PAGE, Reading
from tests.activity.rules.logs import FakeLog, look


class Listener:
    """Somebody who is told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.news: list[News] = []

    def __call__(self, news: News) -> None:
        """Take news."""
        self.news.append(news)

    @property
    def indices(self) -> list[int]:
        """What has been told."""
        return [each.index for news in self.news for each in news.entries]

    @property
    def missed(self) -> int:
        """How much was missed."""
        return sum(news.missed for news in self.news)


def read_all(reading: Reading, log: FakeLog, listener: Listener) -> Reading:
    """Read over as many links as it takes."""
    for _ in range(30):
        reading = look(reading, log, listener)
        if reading.done:
            return reading
    raise AssertionError("it does not come to an end")


def known(log: FakeLog) -> Reading:
    """Return a reading that has come to the end of a log."""
    return look(Reading(), log)


def test_what_was_there_before_is_no_news() -> None:
    log, told = FakeLog(), Listener()
    log.grow(30)
    reading = look(Reading(), log, told)
    assert told.news == []
    assert (reading.done, log.pages) == (True, 1)
    assert reading.cursor is not None
    assert reading.cursor.index == 30
    look(reading, log, told)
    assert told.news == []
    assert log.pages == 2


def test_the_first_entry_of_an_empty_log_is_news() -> None:
    log, told = FakeLog(), Listener()
    reading = known(log)
    look(reading, log, told)
    assert told.news == []
    log.grow(3)
    look(reading, log, told)
    assert told.indices == [1, 2, 3]


@pytest.mark.parametrize("count", [1, PAGE - 2, PAGE - 1, PAGE, 50, 3 * PAGE, 150, MOST])
def test_everything_new_is_told_once_and_in_order(count: int) -> None:
    log, told = FakeLog(), Listener()
    log.grow(40)
    reading = known(log)
    log.grow(count)
    reading = read_all(reading, log, told)
    read_all(reading, log, told)
    assert told.indices == list(range(41, 41 + count))
    assert (told.missed, [news.began_again for news in told.news]) == (0, [False] * len(told.news))


def test_a_link_brings_three_pages_and_goes_on_at_the_next() -> None:
    log, told = FakeLog(), Listener()
    log.grow(1)
    reading = known(log)
    log.pages = 0
    log.grow(100)
    reading = look(reading, log, told)
    assert (log.pages, reading.done) == (3, False)
    assert told.indices == list(range(2, 2 + 3 * (PAGE - 1)))
    look(reading, log, told)
    assert told.indices == list(range(2, 102))


def test_of_too_much_the_newest_are_told() -> None:
    log, told = FakeLog(), Listener()
    log.grow(10)
    reading = known(log)
    log.grow(537)
    reading = read_all(reading, log, told)
    assert told.indices == list(range(548 - MOST, 548))
    assert told.news[0].missed == 537 - MOST
    assert not told.news[0].began_again
    # That a long way was gone back says nothing of the order that the lock knows.
    assert reading.ascending


def test_an_overrun() -> None:
    """The first that is told says how many are gone."""
    log, told = FakeLog(capacity=50), Listener()
    log.grow(60)
    reading = known(log)
    log.grow(87)
    read_all(reading, log, told)
    assert told.indices == list(range(98, 148))
    assert [news.missed for news in told.news] == [37]


def test_entries_that_are_not_there() -> None:
    log, told = FakeLog(), Listener()
    log.grow(10)
    reading = known(log)
    log.grow(6)
    del log.entries[12:14]
    read_all(reading, log, told)
    assert told.indices == [11, 12, 15, 16]
    assert told.missed == 2


@pytest.mark.parametrize("before", [1, 2, 5, 60, 400])
@pytest.mark.parametrize("after", [1, 2, 3, 5, 30, 80])
def test_a_log_that_begins_again(before: int, after: int) -> None:
    """Whether it has grown as far as the old one or not."""
    log, told = FakeLog(), Listener()
    log.grow(before)
    reading = known(log)
    log.begin_again()
    log.grow(after)
    reading = read_all(reading, log, told)
    log.grow(2)
    read_all(reading, log, told)
    assert told.indices == list(range(1, after + 3))
    # The first entry of a log that had one is told from the new one by its time.
    assert told.news[0].began_again
    assert told.missed == 0


def test_of_a_long_log_that_begins_again_the_newest_are_told() -> None:
    log, told = FakeLog(), Listener()
    log.grow(900)
    reading = known(log)
    log.begin_again()
    log.grow(500)
    read_all(reading, log, told)
    assert told.indices == list(range(501 - MOST, 501))
    assert told.missed == 500 - MOST


def test_a_loss_of_power_takes_the_last_entries_back() -> None:
    """Those before are recognized, so nothing old is told again."""
    log, told = FakeLog(), Listener()
    log.grow(30)
    reading = known(log)
    log.lose_newest(2)
    log.grow(3)
    reading = read_all(reading, log, told)
    assert told.indices == [29, 30, 31]
    assert not told.news[0].began_again
    assert reading.cursor is not None
    assert reading.cursor.index == 31


def test_a_log_that_was_emptied_says_nothing() -> None:
    """It may be switched off."""
    log, told = FakeLog(), Listener()
    log.grow(30)
    reading = known(log)
    log.entries.clear()
    reading = read_all(reading, log, told)
    assert told.news == []
    log.grow(2)
    read_all(reading, log, told)
    assert told.indices == [31, 32]


def test_a_lock_that_knows_one_order_only() -> None:
    """It is found out once; then the newest entries are asked for at once."""
    log, told = FakeLog(knows_ascending=False), Listener()
    log.grow(100)
    reading = known(log)
    log.grow(3)
    reading = read_all(reading, log, told)
    assert told.indices == [101, 102, 103]
    assert reading.page.newest_first
    assert reading.page.count == NEWEST
    log.pages = 0
    reading = read_all(reading, log, told)
    assert log.pages == 1
    log.grow(90)
    read_all(reading, log, told)
    assert told.indices == list(range(101, 194))


def test_what_came_while_the_way_back_was_gone() -> None:
    """It took two links; between them more has happened."""
    log, told = FakeLog(knows_ascending=False), Listener()
    log.grow(10)
    reading = known(log)
    log.grow(90)
    reading = look(reading, log, told)
    assert told.news == []
    log.grow(5)
    reading = read_all(reading, log, told)
    read_all(reading, log, told)
    assert told.indices == list(range(11, 106))
    assert told.missed == 0


def test_a_lock_without_an_answer_about_the_number() -> None:
    log, told = FakeLog(tells_count=False), Listener()
    log.grow(10)
    reading = known(log)
    log.grow(45)
    read_all(reading, log, told)
    assert told.indices == list(range(11, 56))


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("grow"), st.integers(1, 70)),
            st.tuples(st.just("restart"), st.just(0)),
            st.tuples(st.just("lost"), st.integers(1, 3)),
            st.tuples(st.just("look"), st.just(0)),
        ),
        max_size=25,
    ),
    knows_ascending=st.booleans(),
    disorder=st.none() | st.randoms(use_true_random=False),
    tells_count=st.booleans(),
)
def test_random(
    *,
    steps: list[tuple[str, int]],
    knows_ascending: bool,
    disorder: random.Random | None,
    tells_count: bool,
) -> None:
    """Whatever happens in between, each entry is told once and in order, and what is not is counted."""
    log = FakeLog(capacity=120, knows_ascending=knows_ascending, disorder=disorder, tells_count=tells_count)
    told = Listener()
    log.grow(5)
    reading = known(log)
    for what, number in steps:
        if what == "grow":
            log.grow(number)
        elif what == "restart":
            reading = Reading(cursor=Cursor.from_json(reading.cursor.to_json()) if reading.cursor else None)
        elif what == "lost":
            # The link ends before the last page has come: what was read of it was stored.
            reading = look(reading, log, told, pages=number)
        else:
            reading = look(reading, log, told)
    for _ in range(3):
        reading = read_all(replace(reading, done=False), log, told)
    assert told.indices == sorted(set(told.indices))
    assert len(told.indices) + told.missed == log.last - 5
    assert told.indices[-30:] == list(range(6, log.last + 1))[-30:]
