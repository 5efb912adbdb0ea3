"""The actions about codes, users and time control: fields in, changes made, answers out. All are for administrators.

Home Assistant records the data of an action in events, traces and its database. So codes are better made here than
given, and no form calls an action.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, time
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from custom_components.smartlock.access.access import LockAccess
from custom_components.smartlock.access.codes import CodeChange, NewCode, new_digits
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.rules.changes import RightChange
from custom_components.smartlock.access.rules.entries import DAYS, TIMED_ACTIONS, Code, weekdays_of
from custom_components.smartlock.access.rules.rights import Kind, RightError, in_utc, moment_of
from custom_components.smartlock.access.time_control import NewTimed, TimedChange
from custom_components.smartlock.access.users import UserChange
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol.errors import SmartLockError

ATTR_ACTION = "action"
ATTR_CLEAR = "clear"
ATTR_CODE = "code"
ATTR_CODE_ID = "code_id"
ATTR_CONFIRM = "confirm"
ATTR_ENABLED = "enabled"
ATTR_END_DATETIME = "end_datetime"
ATTR_END_TIME = "end_time"
ATTR_ENTRY_ID = "entry_id"
ATTR_EXPIRED = "expired"
ATTR_GUEST = "guest"
ATTR_INCLUDE_CODES = "include_codes"
ATTR_KEEP_TRYING = "keep_trying"
ATTR_NAME = "name"
ATTR_NEW_NAME = "new_name"
ATTR_REFRESH = "refresh"
ATTR_REMOTE_ALLOWED = "remote_allowed"
ATTR_START_DATETIME = "start_datetime"
ATTR_START_TIME = "start_time"
ATTR_TIME = "time"
ATTR_TYPES = "types"
ATTR_USER_ID = "user_id"
ATTR_USES = "uses"
ATTR_WEEKDAYS = "weekdays"

_CLEAR_PERIOD, _CLEAR_RECURRENCE, _CLEAR_USES = "period", "recurrence", "uses"
# The end of a day, as people write it.
_MIDNIGHT = ("24:00", "24:00:00")

type Schema = Mapping[vol.Marker, Any]


def _time_of_day(value: Any) -> time:
    return time(0, 0) if value in _MIDNIGHT else cv.time(value)


_ID = vol.All(vol.Coerce(int), vol.Range(0, 0xFFFFFFFF))
_USES = vol.All(vol.Coerce(int), vol.Range(1, 99))
_WEEKDAYS = vol.All(cv.ensure_list, [vol.In(DAYS)])
_RIGHT: Schema = {
    vol.Optional(ATTR_START_DATETIME): cv.datetime,
    vol.Optional(ATTR_END_DATETIME): cv.datetime,
    vol.Optional(ATTR_WEEKDAYS): _WEEKDAYS,
    vol.Optional(ATTR_START_TIME): _time_of_day,
    vol.Optional(ATTR_END_TIME): _time_of_day,
}
_KEEP_TRYING: Schema = {vol.Optional(ATTR_KEEP_TRYING, default=True): cv.boolean}
_CONFIRM: Schema = {vol.Optional(ATTR_CONFIRM, default=False): cv.boolean}
_REFRESH: Schema = {vol.Optional(ATTR_REFRESH, default=True): cv.boolean}


def _clear(*what: str) -> Schema:
    return {vol.Optional(ATTR_CLEAR, default=[]): vol.All(cv.ensure_list, [vol.In(what)])}


# --- Codes ------------------------------------------------------------------------------------------------

GET_CODES: Schema = {vol.Optional(ATTR_INCLUDE_CODES, default=False): cv.boolean, **_REFRESH}
ADD_CODE: Schema = {
    vol.Required(ATTR_NAME): cv.string,
    vol.Optional(ATTR_CODE): cv.string,
    **_RIGHT,
    vol.Optional(ATTR_USES): _USES,
    vol.Optional(ATTR_ENABLED, default=True): cv.boolean,
    vol.Optional(ATTR_GUEST, default=False): cv.boolean,
}
UPDATE_CODE: Schema = {
    vol.Exclusive(ATTR_CODE_ID, "which"): _ID,
    vol.Exclusive(ATTR_NAME, "which"): cv.string,
    vol.Optional(ATTR_NEW_NAME): cv.string,
    vol.Optional(ATTR_CODE): cv.string,
    vol.Optional(ATTR_ENABLED): cv.boolean,
    **_RIGHT,
    vol.Optional(ATTR_USES): _USES,
    vol.Optional(ATTR_GUEST): cv.boolean,
    **_clear(_CLEAR_PERIOD, _CLEAR_RECURRENCE, _CLEAR_USES),
    **_KEEP_TRYING,
}
DELETE_CODE: Schema = {
    vol.Exclusive(ATTR_CODE_ID, "which"): _ID,
    vol.Exclusive(ATTR_NAME, "which"): cv.string,
    vol.Exclusive(ATTR_EXPIRED, "which"): cv.boolean,
    **_KEEP_TRYING,
}


async def get_codes(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Return all codes; digits only if they are asked for."""
    codes = await access.codes.async_list(refresh=call.data[ATTR_REFRESH])
    with_digits = call.data[ATTR_INCLUDE_CODES]
    return {
        "codes": [code.to_json(with_digits=with_digits) for code in codes],
        "max": await access.codes.async_max(),
        "keypad": await access.codes.async_keypad(),
        **_clock(access),
    }


async def add_code(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Add a code; the answer has its digits if they were made here."""
    data = call.data
    if ATTR_CODE not in data and not call.return_response:
        raise AccessError(AccessProblem.NOBODY_WOULD_KNOW)
    code = await access.codes.async_add(
        NewCode(
            name=data[ATTR_NAME],
            digits=data.get(ATTR_CODE),
            right=_right(data),
            enabled=data[ATTR_ENABLED],
            uses=data.get(ATTR_USES),
            guest=data[ATTR_GUEST],
        )
    )
    answer = code.to_json()
    limited = code.right.kind is not Kind.ALWAYS
    return {
        "code_id": code.code_id,
        **({} if ATTR_CODE in data else {"code": code.digits}),
        "start_datetime": answer["start_datetime"],
        "end_datetime": answer["end_datetime"],
        "warnings": [doubt.value for doubt in access.doubts] if limited else [],
    }


async def update_code(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Change a code, and return it without its digits."""
    data = call.data
    keep_trying = data[ATTR_KEEP_TRYING]
    change = CodeChange(
        name=data.get(ATTR_NEW_NAME),
        digits=data.get(ATTR_CODE),
        enabled=data.get(ATTR_ENABLED),
        right=_right(data),
        uses=data.get(ATTR_USES),
        clear_uses=_CLEAR_USES in data[ATTR_CLEAR],
        guest=data.get(ATTR_GUEST),
    )
    code_id = await _code_id(access, data, may_wait=keep_trying and change.only_pauses)
    code: Code = await access.codes.async_update(code_id, change, keep_trying=keep_trying)
    return code.to_json()


async def delete_code(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Delete a code, or all that have expired."""
    keep_trying = call.data[ATTR_KEEP_TRYING]
    if call.data.get(ATTR_EXPIRED):
        deleted = await access.codes.async_delete_expired(keep_trying=keep_trying)
        return {"deleted": list(deleted), "pending": []}
    code_id = await _code_id(access, call.data, may_wait=keep_trying)
    await access.codes.async_delete(code_id, keep_trying=keep_trying)
    return {"deleted": [code_id], "pending": []}


async def _code_id(access: LockAccess, data: Mapping[str, Any], *, may_wait: bool) -> int:
    """Return the id of the code that is meant. Raises like `KeypadCodes.async_id_of`, which takes `may_wait`."""
    if ATTR_CODE_ID in data:
        code_id: int = data[ATTR_CODE_ID]
        return code_id
    if ATTR_NAME in data:
        return await access.codes.async_id_of(data[ATTR_NAME], may_wait=may_wait)
    raise AccessError(AccessProblem.WHICH_CODE)


# --- Users ------------------------------------------------------------------------------------------------

GET_USERS: Schema = {vol.Optional(ATTR_TYPES): vol.All(cv.ensure_list, [cv.string]), **_REFRESH}
UPDATE_USER: Schema = {
    vol.Required(ATTR_USER_ID): _ID,
    vol.Optional(ATTR_NAME): cv.string,
    vol.Optional(ATTR_ENABLED): cv.boolean,
    vol.Optional(ATTR_REMOTE_ALLOWED): cv.boolean,
    **_RIGHT,
    **_clear(_CLEAR_PERIOD, _CLEAR_RECURRENCE),
    **_CONFIRM,
    **_KEEP_TRYING,
}
DELETE_USER: Schema = {vol.Required(ATTR_USER_ID): _ID, **_CONFIRM, **_KEEP_TRYING}


async def get_users(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Return all users, or those of some types."""
    users = await access.users.async_list(refresh=call.data[ATTR_REFRESH])
    types = call.data.get(ATTR_TYPES)
    return {
        "users": [user.to_json() for user in users if types is None or user.type in types],
        "max": await access.users.async_max(),
        **_clock(access),
    }


async def update_user(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Change a user, and return it."""
    data = call.data
    user = await access.users.async_update(
        data[ATTR_USER_ID],
        UserChange(
            name=data.get(ATTR_NAME),
            enabled=data.get(ATTR_ENABLED),
            remote_allowed=data.get(ATTR_REMOTE_ALLOWED),
            right=_right(data),
        ),
        confirmed=data[ATTR_CONFIRM],
        keep_trying=data[ATTR_KEEP_TRYING],
    )
    return user.to_json()


async def delete_user(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Delete a user."""
    user_id = call.data[ATTR_USER_ID]
    await access.users.async_delete(
        user_id, confirmed=call.data[ATTR_CONFIRM], keep_trying=call.data[ATTR_KEEP_TRYING]
    )
    return {"deleted": [user_id], "pending": []}


# --- Time control -----------------------------------------------------------------------------------------

GET_TIME_CONTROL: Schema = _REFRESH
ADD_TIME_CONTROL: Schema = {
    vol.Required(ATTR_TIME): _time_of_day,
    vol.Required(ATTR_ACTION): vol.In(TIMED_ACTIONS),
    vol.Optional(ATTR_WEEKDAYS, default=[]): _WEEKDAYS,
    vol.Optional(ATTR_ENABLED, default=True): cv.boolean,
    **_CONFIRM,
}
UPDATE_TIME_CONTROL: Schema = {
    vol.Required(ATTR_ENTRY_ID): _ID,
    vol.Optional(ATTR_TIME): _time_of_day,
    vol.Optional(ATTR_ACTION): vol.In(TIMED_ACTIONS),
    vol.Optional(ATTR_WEEKDAYS): _WEEKDAYS,
    vol.Optional(ATTR_ENABLED): cv.boolean,
    **_CONFIRM,
}
DELETE_TIME_CONTROL: Schema = {vol.Required(ATTR_ENTRY_ID): _ID}


async def get_time_control(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Return all entries of time control."""
    entries = await access.time_control.async_list(refresh=call.data[ATTR_REFRESH])
    return {"entries": [entry.to_json() for entry in entries], **_clock(access)}


async def add_time_control(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Add an entry of time control."""
    data = call.data
    entry = await access.time_control.async_add(
        NewTimed(
            time=data[ATTR_TIME],
            action=data[ATTR_ACTION],
            weekdays=weekdays_of(data[ATTR_WEEKDAYS]),
            enabled=data[ATTR_ENABLED],
        ),
        confirmed=data[ATTR_CONFIRM],
    )
    return {"entry_id": entry.entry_id}


async def update_time_control(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Change an entry of time control, and return it."""
    data = call.data
    entry = await access.time_control.async_update(
        data[ATTR_ENTRY_ID],
        TimedChange(
            time=data.get(ATTR_TIME),
            action=data.get(ATTR_ACTION),
            weekdays=weekdays_of(data[ATTR_WEEKDAYS]) if ATTR_WEEKDAYS in data else None,
            enabled=data.get(ATTR_ENABLED),
        ),
        confirmed=data[ATTR_CONFIRM],
    )
    return entry.to_json()


async def delete_time_control(access: LockAccess, call: ServiceCall) -> ServiceResponse:
    """Delete an entry of time control."""
    await access.time_control.async_delete(call.data[ATTR_ENTRY_ID])
    return None


# --- All of them ------------------------------------------------------------------------------------------


async def generate_code(call: ServiceCall) -> ServiceResponse:
    """Return digits for a code. Nothing is sent."""
    return {"code": new_digits()}


async def run(
    access: LockAccess,
    action: Callable[[LockAccess, ServiceCall], Awaitable[ServiceResponse]],
    call: ServiceCall,
) -> ServiceResponse:
    """Carry out an action. Raises HomeAssistantError in the owner's words."""
    try:
        return await action(access, call)
    except SmartLockError as error:
        raise translated(error, access.coordinator.presence.explain()) from error


def _clock(access: LockAccess) -> dict[str, Any]:
    """Return what hours and dates depend on."""
    return {"time_zone": access.codes.zone_name, "clock_offset": access.codes.clock_offset}


def _right(data: Mapping[str, Any]) -> RightChange:
    """Return the fields of a right. Raises AccessError."""
    clear = data.get(ATTR_CLEAR, ())
    return RightChange(
        start=_moment(data.get(ATTR_START_DATETIME)),
        end=_moment(data.get(ATTR_END_DATETIME), is_end=True),
        weekdays=weekdays_of(data[ATTR_WEEKDAYS]) if ATTR_WEEKDAYS in data else None,
        start_time=data.get(ATTR_START_TIME),
        end_time=data.get(ATTR_END_TIME),
        clear_period=_CLEAR_PERIOD in clear,
        clear_recurrence=_CLEAR_RECURRENCE in clear,
    )


def _moment(given: datetime | None, *, is_end: bool = False) -> datetime | None:
    """Return an aware moment; without a zone Home Assistant's is meant. Raises AccessError."""
    if given is None or given.tzinfo is not None:
        return None if given is None else in_utc(given)
    try:
        return moment_of(given, dt_util.get_default_time_zone(), is_end=is_end)
    except RightError as error:
        raise AccessError.of(error) from error
