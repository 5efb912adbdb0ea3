"""What the lock tells about itself: states and settings, in full length; the model cuts them."""

from custom_components.smartlock.protocol.enums import (
    AuthorizationIdType,
    DoorSensorState,
    NukiState,
    RemoteAccess,
)
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config, KeyturnerStates
from simulator.lock.accessories import Accessory
from simulator.lock.device import Device

# Values of the signal strengths in Keyturner States (Nuki Smart Lock API V2.3.0).
_RSSI_NOT_SUPPORTED = 1
_WIFI_RSSI = -47
# Connected, with the vendor's servers too, in excellent quality; the quality stands with Wi-Fi only.
_CONNECTED = 0b1111
_BEST_QUALITY = 14 << 4
_MATTER_PAIRED = 4
_HOMEKIT_DISABLED = 1
# Immediate auto lock without the door sensor that it needs.
_NOT_SUPPORTED = 0xFF


def states(device: Device) -> KeyturnerStates:
    """Return Keyturner States."""
    motor, settings = device.motor, device.settings
    return KeyturnerStates(
        nuki_state=_nuki_state(device),
        lock_state=motor.state,
        trigger=motor.trigger,
        current_time=device.now,
        time_zone_offset=settings.values.time_zone_offset,
        battery=device.battery.byte,
        config_update_count=settings.update_count,
        lock_n_go_timer=motor.lock_n_go_seconds,
        last_lock_action=motor.last_action,
        last_lock_action_trigger=motor.last_trigger,
        last_lock_action_completion_status=motor.last_completion,
        door_sensor_state=device.door.state,
        night_mode_active=int(device.automation.is_night),
        accessory_battery=device.accessories.batteries,
        remote_access=_remote_access(device),
        ble_rssi=_RSSI_NOT_SUPPORTED,
        wifi_rssi=_WIFI_RSSI if device.wifi_connected else _RSSI_NOT_SUPPORTED,
        wifi_status=_CONNECTED | _BEST_QUALITY if device.wifi_connected else 0,
        mqtt_status=0,
        thread_status=_CONNECTED if device.thread_connected else 0,
    )


def _nuki_state(device: Device) -> NukiState:
    if device.pairing_mode:
        return NukiState.PAIRING_MODE
    return NukiState.DOOR_MODE if device.initialized else NukiState.UNINITIALIZED


def _remote_access(device: Device) -> RemoteAccess:
    access = RemoteAccess(0)
    if device.authorizations.bridge:
        access |= RemoteAccess.BRIDGE_PAIRED
    if device.wifi_connected:
        access |= RemoteAccess.SSE_UPLINK | RemoteAccess.SSE_CONNECTED | RemoteAccess.SSE_OVER_WIFI
    if device.thread_connected:
        access |= RemoteAccess.SSE_UPLINK | RemoteAccess.SSE_CONNECTED | RemoteAccess.SSE_OVER_THREAD
        access |= RemoteAccess.THREAD_UPLINK_ENABLED | RemoteAccess.NAT64_AVAILABLE
    return access


def config(device: Device) -> Config:
    """Return Config."""
    model, settings = device.model, device.settings.values
    paired = device.accessories.paired
    return Config(
        nuki_id=device.nuki_id,
        name=settings.name,
        latitude=settings.latitude,
        longitude=settings.longitude,
        auto_unlatch=settings.auto_unlatch,
        pairing_enabled=settings.pairing_enabled,
        button_enabled=settings.button_enabled,
        led_enabled=settings.led_enabled,
        led_brightness=settings.led_brightness,
        current_time=device.now,
        time_zone_offset=settings.time_zone_offset,
        dst_mode=settings.dst_mode,
        has_fob=int(device.authorization_of(AuthorizationIdType.FOB) is not None),
        fob_action_1=settings.fob_action_1,
        fob_action_2=settings.fob_action_2,
        fob_action_3=settings.fob_action_3,
        single_lock=settings.single_lock,
        advertising_mode=settings.advertising_mode,
        has_keypad=int(Accessory.KEYPAD in paired),
        firmware_version=device.firmware.version,
        hardware_revision=model.hardware,
        homekit_status=_HOMEKIT_DISABLED if model.homekit else 0,
        time_zone_id=settings.time_zone_id,
        device_type=model.device_type,
        capabilities=model.capabilities,
        has_keypad_2=int(Accessory.KEYPAD_2 in paired),
        matter_status=_MATTER_PAIRED if device.thread_connected else model.matter_status,
        product_variant=model.product_variant,
    )


def advanced_config(device: Device) -> AdvancedConfig:
    """Return Advanced Config."""
    settings = device.settings.values
    return AdvancedConfig(
        total_degrees=device.motor.total_degrees if device.motor.calibrated else 0,
        unlocked_position_offset=settings.unlocked_position_offset,
        locked_position_offset=settings.locked_position_offset,
        single_locked_position_offset=settings.single_locked_position_offset,
        unlocked_to_locked_transition_offset=settings.unlocked_to_locked_transition_offset,
        lock_n_go_timeout=settings.lock_n_go_timeout,
        single_button_press_action=settings.single_button_press_action,
        double_button_press_action=settings.double_button_press_action,
        detached_cylinder=settings.detached_cylinder,
        battery_type=settings.battery_type,
        automatic_battery_type_detection=settings.automatic_battery_type_detection,
        unlatch_duration=settings.unlatch_duration,
        auto_lock_timeout=settings.auto_lock_timeout,
        auto_unlock_disabled=settings.auto_unlock_disabled,
        night_mode_enabled=settings.night_mode_enabled,
        night_mode_start=settings.night_mode_start,
        night_mode_end=settings.night_mode_end,
        night_mode_auto_lock_enabled=settings.night_mode_auto_lock_enabled,
        night_mode_auto_unlock_disabled=settings.night_mode_auto_unlock_disabled,
        night_mode_immediate_lock_on_start=settings.night_mode_immediate_lock_on_start,
        auto_lock_enabled=settings.auto_lock_enabled,
        immediate_auto_lock_enabled=_immediate_auto_lock(device),
        auto_update_enabled=settings.auto_update_enabled,
        motor_speed=settings.motor_speed,
        slow_speed_during_night_mode=settings.slow_speed_during_night_mode,
    )


def _immediate_auto_lock(device: Device) -> int:
    missing = device.door.state in (DoorSensorState.UNAVAILABLE, DoorSensorState.DEACTIVATED)
    return _NOT_SUPPORTED if missing else device.settings.values.immediate_auto_lock_enabled
