"""The codes of the keypad: reading, adding, changing, removing."""

from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.messages import (
    AddKeypadCode,
    KeypadCode,
    KeypadCodeCount,
    KeypadCodeId,
    RemoveKeypadCode,
    RequestKeypadCodes,
    UpdateKeypadCode,
)
from simulator.lock.device import Device
from simulator.lock.habits import Habits
from simulator.lock.keypad import Code
from simulator.lock.request import Request
from simulator.lock.rights import is_possible, stored

_YES_OR_NO = (0, 1)


def request_keypad_codes(request: Request) -> None:
    """Tell how many there are, then those that are wanted."""
    wanted = RequestKeypadCodes.decode(request.fields)
    codes = list(request.device.keypad_codes)
    request.answer(KeypadCodeCount(count=len(codes)))
    page = codes[wanted.offset : wanted.offset + wanted.count]
    request.answer_list(_entry(request.device, code) for code in page)


def _entry(device: Device, code: Code) -> KeypadCode:
    without_limit = device.habits.limit_block_only_if_limited and not code.time_limited
    return KeypadCode(
        code_id=code.code_id,
        code=code.code,
        name=code.name,
        enabled=code.enabled,
        date_created=device.date(code.created),
        date_last_active=device.date(code.last_active),
        lock_count=code.lock_count,
        time_limited=code.time_limited,
        limit=None if without_limit else code.limit,
    )


def add_keypad_code(request: Request) -> None:
    """Add a code that keeps the rules."""
    device, wanted = request.device, AddKeypadCode.decode(request.fields)
    if not _possible(wanted, device.habits):
        request.refuse(ErrorCode.K_BAD_PARAMETER)
    elif (problem := device.keypad_codes.problem(wanted.code)) is not None:
        request.refuse(problem)
    else:
        code = device.keypad_codes.add(
            wanted.code,
            name=wanted.name,
            created=device.now,
            time_limited=wanted.time_limited,
            limit=stored(wanted.limit, device.habits),
        )
        request.note_written(["keypad_code"])
        request.answer_id(KeypadCodeId(code_id=code.code_id, date_created=code.created))


def update_keypad_code(request: Request) -> None:
    """Replace everything of a code, its limit too."""
    device, update = request.device, UpdateKeypadCode.decode(request.fields)
    codes = device.keypad_codes
    code = codes.get(update.code_id)
    if code is None or not _possible(update, device.habits) or update.enabled not in _YES_OR_NO:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
    elif (problem := codes.problem(update.code, code_id=code.code_id)) is not None:
        request.refuse(problem)
    else:
        code.code, code.name, code.enabled = update.code, update.name, update.enabled
        code.time_limited, code.limit = update.time_limited, stored(update.limit, device.habits)
        request.note_written(["keypad_code"])
        request.complete()


def remove_keypad_code(request: Request) -> None:
    """Delete a code."""
    codes = request.device.keypad_codes
    code = codes.get(RemoveKeypadCode.decode(request.fields).code_id)
    if code is None:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    codes.remove(code)
    request.note_written(["keypad_code"])
    request.complete()


def _possible(message: AddKeypadCode | UpdateKeypadCode, habits: Habits) -> bool:
    return message.time_limited in _YES_OR_NO and (
        not message.time_limited or is_possible(message.limit, habits)
    )
