"""Settings, clock and PIN. Nothing is written unless every field is possible."""

from custom_components.smartlock.protocol.enums import ErrorCode, LogEntryType
from custom_components.smartlock.protocol.messages import (
    EnableLogging,
    LoggedSwitch,
    SetAdvancedConfig,
    SetConfig,
    UpdateTime,
)
from simulator.lock import reports
from simulator.lock.ledger import How
from simulator.lock.request import Request


def request_config(request: Request) -> None:
    """Tell the settings."""
    request.answer(reports.config(request.device))


def request_advanced_config(request: Request) -> None:
    """Tell the further settings."""
    request.answer(reports.advanced_config(request.device))


def set_config(request: Request) -> None:
    """Write the settings."""
    _write(request, SetConfig.decode(request.fields))


def set_advanced_config(request: Request) -> None:
    """Write the further settings, as many as this firmware has."""
    kind = request.device.model.dialect.requests[request.command]
    message = kind.decode(request.fields)
    assert isinstance(message, SetAdvancedConfig)
    _write(request, message)


def _write(request: Request, message: SetConfig | SetAdvancedConfig) -> None:
    store = request.device.settings
    changes = store.difference(message)
    if store.impossible(changes, door_sensor=request.device.door.has_sensor):
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    if changes and not request.device.faults.forgets_settings:
        store.change(**changes)
    request.note_written(changes)
    request.complete()


def update_time(request: Request) -> None:
    """Set the clock."""
    moment = UpdateTime.decode(request.fields).time.moment
    if moment is None:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    request.device.set_clock(moment)
    request.note_written(["time"])
    request.complete()


def verify_security_pin(request: Request) -> None:
    """Confirm the PIN, which has been checked."""
    request.complete()


def set_security_pin(request: Request) -> None:
    """Set another PIN; the current one has been checked. On generations 1 to 4, 0 stands for none."""
    device = request.device
    number = device.model.dialect.pin.unpack(request.fields)
    if not device.pin.may_be(number):
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    device.pin.set(number or None)
    request.note_written(["security_pin"])
    request.complete()


def enable_logging(request: Request) -> None:
    """Switch the log on or off; that itself is always logged."""
    enabled = EnableLogging.decode(request.fields).enabled
    if enabled not in (0, 1):
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    device = request.device
    if bool(enabled) != device.log.enabled:
        device.log.enabled = bool(enabled)
        device.add_log(
            LogEntryType.LOGGING,
            LoggedSwitch(enabled=enabled),
            device.ledger.add(How.APP, "switch_log", who=request.authorization.name),
            authorization_id=request.authorization.session.authorization_id,
            name=request.authorization.name,
            always=True,
        )
    request.note_written(["logging_enabled"])
    request.complete()
