"""What can be wrong with a change of codes, authorizations or time control, in the owner's words."""

from enum import StrEnum
from typing import override

from custom_components.smartlock.access.rules.rights import RightError
from custom_components.smartlock.problems import TranslatableError


class AccessProblem(StrEnum):
    """Why something was not done, as the key of a text. None of the texts holds digits."""

    BAD_CODE_DIGITS = "bad_code_digits"
    CODE_EXISTS = "code_exists"
    NO_SUCH_CODE = "no_such_code"
    NO_SUCH_USER = "no_such_user"
    NO_SUCH_SCHEDULE = "no_such_schedule"
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    NAME_NOT_UNIQUE = "name_not_unique"
    TOO_MANY_CODES = "too_many_codes"
    TOO_MANY_SCHEDULES = "too_many_schedules"
    NO_KEYPAD = "no_keypad"
    BAD_PERIOD = "bad_period"
    BAD_HOURS = "bad_hours"
    HOURS_OVER_MIDNIGHT = "hours_over_midnight"
    NO_SUCH_TIME = "no_such_time"
    LOG_IS_OFF = "log_is_off"
    NEEDS_EXPIRY = "needs_expiry"
    OWN_AUTHORIZATION = "own_authorization"
    PROTECTED_USER = "protected_user"
    CONFIRM_NEEDED = "confirm_needed"
    NOT_REMOVED_YET = "not_removed_yet"
    NOBODY_WOULD_KNOW = "nobody_would_know"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_LEFT = "not_left"
    WHICH_CODE = "which_code"


# They are not about what the caller gave.
_NOT_INVALID = frozenset(
    {
        AccessProblem.NOT_LEFT,
        AccessProblem.NOT_REMOVED_YET,
        AccessProblem.OUTCOME_UNKNOWN,
        AccessProblem.TOO_MANY_CODES,
        AccessProblem.TOO_MANY_SCHEDULES,
    }
)


class AccessError(TranslatableError):
    """A change that was not made, or of which it is not known whether it was.

    Except for `NOT_REMOVED_YET` and `OUTCOME_UNKNOWN` nothing was written.
    """

    def __init__(self, problem: AccessProblem, **placeholders: str) -> None:
        """Keep the reason, and what its text needs."""
        super().__init__(problem)
        self.problem = problem
        self.invalid = problem not in _NOT_INVALID
        self._placeholders = placeholders

    @classmethod
    def of(cls, error: RightError) -> AccessError:
        """Return the error for a right that cannot be given."""
        return cls(AccessProblem(error.flaw.value))

    @override
    def __str__(self) -> str:
        """Name the reason; names and digits are nobody's business."""
        return self.problem.value

    @override
    def translation(self) -> tuple[str, dict[str, str]]:
        """Tell the owner why."""
        return self.problem.value, self._placeholders
