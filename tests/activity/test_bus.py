"""A sentence in the logbook says more than the lines that are there anyway, or is left out."""

from datetime import datetime

import pytest

from custom_components.smartlock.activity.bus import says_more
from custom_components.smartlock.activity.rules.entries import Denial, Happening, Method, Record
from custom_components.smartlock.activity.rules.events import Activity
from custom_components.smartlock.activity.rules.moments import Moment
from tests.lock_of import NOON


def activity(
    what: Happening | Denial,
    method: Method,
    user: str | None = None,
    *,
    late: bool = False,
    at: datetime | None = NOON,
) -> Activity:
    """Return an entry of the log as it is shown."""
    return Activity(
        record=Record(index=1, what=what, method=method), moment=Moment(at=at, late=late), user=user
    )


@pytest.mark.parametrize(
    ("what", "method", "user"),
    [
        (Happening.UNLOCKED, Method.KEYPAD_CODE, "Pippi"),
        (Happening.UNLOCKED, Method.KEYPAD_BUTTON, None),
        (Happening.UNLOCKED, Method.HOMEKIT, None),
        (Happening.OPENED, Method.FOB, "Annika"),
        (Happening.LOCKED, Method.TIME_CONTROL, None),
        (Happening.FAILED, Method.KEYPAD_CODE, "Pippi"),
        (Happening.LOCK_N_GO, Method.HOME_ASSISTANT, "Home Assistant"),
        (Happening.CALIBRATED, Method.HOME_ASSISTANT, "Home Assistant"),
        (Happening.LOGGING_CHANGED, Method.UNKNOWN, None),
        (Denial.NOT_ALLOWED, Method.KEYPAD_CODE, "Annika"),
        (Denial.NOT_ALLOWED, Method.FINGERPRINT, None),
        (Denial.AUTO_UNLOCK_REFUSED, Method.AUTO_UNLOCK, "Annika"),
    ],
)
def test_who_it_was_and_what_was_used(what: Happening | Denial, method: Method, user: str | None) -> None:
    assert says_more(activity(what, method, user))


@pytest.mark.parametrize(
    ("what", "method"),
    [
        *((what, Method.HOME_ASSISTANT) for what in (Happening.UNLOCKED, Happening.LOCKED, Happening.FAILED)),
        (Happening.LOCKED, Method.AUTO_LOCK),
        (Happening.UNLOCKED, Method.MANUAL),
        (Happening.UNLOCKED, Method.BUTTON),
        (Happening.UNLOCKED, Method.UNKNOWN),
        (Happening.STARTED, Method.SYSTEM),
        (Happening.DOOR_OPENED, Method.UNKNOWN),
        (Happening.FIRMWARE_UPDATED, Method.UNKNOWN),
        (Denial.WRONG_CODE, Method.KEYPAD_CODE),
        (Denial.WRONG_FINGERPRINT, Method.FINGERPRINT),
    ],
)
def test_nothing_that_other_lines_do_not_say(what: Happening | Denial, method: Method) -> None:
    assert not says_more(activity(what, method))


def test_when_it_was_is_news() -> None:
    """The line of the event stands at the time at which the log was read; Home Assistant was there when it acted itself."""
    assert says_more(activity(Happening.UNLOCKED, Method.MANUAL, late=True))
    assert says_more(activity(Denial.WRONG_CODE, Method.KEYPAD_CODE, late=True))
    assert not says_more(activity(Happening.UNLOCKED, Method.HOME_ASSISTANT, late=True))
    # The clock of the lock was lost.
    assert not says_more(activity(Happening.STARTED, Method.SYSTEM, late=True, at=None))
