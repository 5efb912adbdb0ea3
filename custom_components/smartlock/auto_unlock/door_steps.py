"""The second page of a rule: the signal of the phone in front of the door, live and as a picture."""

import asyncio
from typing import Any, override

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.core import callback

from custom_components.smartlock.auto_unlock import forms
from custom_components.smartlock.auto_unlock.calibration import (
    MEASURING_TIME,
    SignalCalibration,
    Signals,
    threshold_at,
)
from custom_components.smartlock.auto_unlock.phone_radio import PrivatePhone
from custom_components.smartlock.auto_unlock.phone_steps import PhoneSteps
from custom_components.smartlock.auto_unlock.phones import received_now
from custom_components.smartlock.auto_unlock.picture import FAR, NEAR, bar
from custom_components.smartlock.auto_unlock.rule import CONF_IRK, CONF_SCANNERS, CONF_THRESHOLD
from custom_components.smartlock.dialogs import as_markdown
from custom_components.smartlock.link.scanners import scanner_names
from custom_components.smartlock.wording import labelled, series

_NOTHING = "–"


class DoorSteps(PhoneSteps):
    """Measures at the door, and inside if wanted."""

    def __init__(self) -> None:
        """Start without a measurement."""
        super().__init__()
        self._measuring: asyncio.Task[SignalCalibration] | None = None
        self._at_door: SignalCalibration | None = None
        self._inside: SignalCalibration | None = None
        self._live = _NOTHING

    @override
    @callback
    def async_remove(self) -> None:
        """Stop measuring when the dialog is closed."""
        if self._measuring is not None:
            self._measuring.cancel()

    @override
    async def async_step_door(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show whether the phone is received now, and ask the owner to stand in front of the door."""
        packets = [packet for phone in self._phones if (packet := received_now(self.hass, phone)) is not None]
        self._at_door = self._inside = None
        options = ["measuring", "by_hand", "person"]
        if not packets:
            return self.async_show_menu(step_id="door_silent", menu_options=options)
        names = scanner_names(self.hass, [packets[0].source])
        return self.async_show_menu(
            step_id="door",
            menu_options=options,
            description_placeholders={
                "level": f"{packets[0].rssi} dBm",
                "scanner": as_markdown(names[packets[0].source]),
            },
        )

    async_step_door_silent = async_step_door

    # --- Measuring ----------------------------------------------------------------------------------------

    async def async_step_measuring(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Measure while the owner stands at the door."""
        if (measured := self._measured("measuring")) is None:
            return self._progress("measuring")
        self._at_door = measured
        if isinstance(measured.phone, PrivatePhone) and measured.levels():
            # A key that was typed in the other byte order.
            self._keys = (measured.phone.irk,)
            self._data[CONF_IRK] = measured.phone.irk.hex()
        # For a rule that has scanners, they are the owner's choice.
        if self._is_new or not self._data.get(CONF_SCANNERS):
            self._data[CONF_SCANNERS] = list(measured.levels())[:1]
        return self._show()

    async def async_step_inside(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask the owner to go inside."""
        if user_input is not None:
            return await self.async_step_measuring_inside()
        return self._form("inside", {})

    async def async_step_measuring_inside(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Measure where the phone is when its owner is at home."""
        if (measured := self._measured("measuring_inside")) is None:
            return self._progress("measuring_inside")
        self._inside = measured
        return self._show()

    def _measured(self, step_id: str) -> SignalCalibration | None:
        """Return the measurement of this step, which begins with its first call; None while it lasts."""
        if self._measuring is None:
            self._live = _NOTHING
            work = SignalCalibration.measure(self.hass, self._phones, self._each_second)
            self._measuring = self.hass.async_create_task(work, f"Auto-unlock {step_id}")
        if not self._measuring.done():
            return None
        task, self._measuring = self._measuring, None
        return task.result()

    def _progress(self, step_id: str) -> SubentryFlowResult:
        return self.async_show_progress(
            step_id=step_id,
            progress_action=step_id,
            progress_task=self._measuring,
            description_placeholders={"live": self._live},
        )

    @callback
    def _each_second(self, seconds: int, signals: Signals) -> None:
        """Show the newest signal of the scanner that receives the phone best."""
        newest = {source: levels[-1] for source, levels in signals.items() if levels}
        if newest:
            source, level = max(newest.items(), key=lambda item: item[1])
            name = as_markdown(scanner_names(self.hass, [source])[source])
            self._live = f"{bar(level, NEAR)}\n\n**{level} dBm** · {name}"
        self.async_notify_flow_changed()
        self.async_update_progress(seconds / MEASURING_TIME)

    # --- What was measured --------------------------------------------------------------------------------

    def _show(self) -> SubentryFlowResult:
        """Go on with the picture that fits the measurements."""
        assert self._at_door is not None
        level = self._at_door.level(self._data[CONF_SCANNERS])
        if level is None:
            return self.async_show_progress_done(next_step_id="not_heard")
        self._data[CONF_THRESHOLD] = threshold_at(level)
        inside = None if self._inside is None else self._inside.level(self._data[CONF_SCANNERS])
        close = inside is not None and inside >= self._data[CONF_THRESHOLD]
        return self.async_show_progress_done(next_step_id="measured_close" if close else "measured")

    async def async_step_measured(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the picture."""
        return self._picture("measured")

    async def async_step_measured_close(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the picture, and that the signal cannot tell the door from the inside."""
        return self._picture("measured_close")

    def _picture(self, step_id: str) -> SubentryFlowResult:
        scanners, threshold = self._data[CONF_SCANNERS], self._data[CONF_THRESHOLD]

        def shown(measured: SignalCalibration | None, color: str) -> str:
            level = None if measured is None else measured.level(scanners)
            return _NOTHING if level is None else f"{bar(level, color, threshold)} {level} dBm"

        names = scanner_names(self.hass, scanners)
        return self.async_show_menu(
            step_id=step_id,
            menu_options=["use", "inside", "measuring", "by_hand"],
            description_placeholders={
                "at_door": shown(self._at_door, NEAR),
                "inside": shown(self._inside, FAR),
                "threshold": f"{threshold} dBm",
                "scanner": as_markdown(series(self.hass, (names[source] for source in scanners))),
            },
        )

    async def async_step_not_heard(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say that the phone was not received, and what may be the cause."""
        return self.async_show_menu(step_id="not_heard", menu_options=["measuring", "person", "by_hand"])

    async def async_step_use(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Take what was measured."""
        return await self._done(self.async_step_risk)

    async def async_step_by_hand(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for scanners and threshold."""
        errors = {}
        if user_input is not None:
            if user_input[CONF_SCANNERS]:
                self._data |= user_input
                return await self._done(self.async_step_risk)
            errors = {CONF_SCANNERS: "no_scanner"}
        names = scanner_names(self.hass, self._data.get(CONF_SCANNERS, ()))
        levels = {} if self._at_door is None else self._at_door.levels()
        labels = {
            source: labelled(self.hass, name, f"{levels[source]} dBm") if source in levels else name
            for source, name in names.items()
        }
        return self._form("by_hand", forms.by_hand(labels), errors, user_input or self._data)
