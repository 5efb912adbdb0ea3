"""What the demo consists of: one lock, and a house with or without ESPHome."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
import importlib.util
import json
from pathlib import Path
from typing import Final

from simulator.control_server import ControlServer
from simulator.demo.house import House
from simulator.demo.memory import memorize, remember
from simulator.demo.phone import ResidentPhone
from simulator.home_assistant import HomeAssistantProcess
from simulator.lock.accessories import Accessory
from simulator.radio import Radio
from simulator.virtual_lock import MODELS, Model, VirtualLock

__all__ = ["CODE", "NUKI_ID", "RESIDENT", "World", "has_esphome", "virtual_lock", "world"]

CHECKOUT: Final = Path(__file__).resolve().parents[2]

NUKI_ID: Final = 0x2E1D4A7F
NAME: Final = "Front door"

# Who lives here, and the code that opens the door.
RESIDENT: Final = "Pippi"
CODE: Final = 345678

# What an owner looks at, and the app on a phone.
CONFIGURATION: Final = "automation: !include automations.yaml\nhistory:\nlogbook:\nmobile_app:\n"

# By the number of digits that a model wants.
PINS: Final = {4: 1234, 6: 123456}

# Two packages that Home Assistant's `esphome` needs and that exist only as source code.
COMPILED: Final = ("pymicro_vad", "pyspeex_noise")


@dataclass(frozen=True, kw_only=True)
class World:
    """What the demo runs on.

    Attributes:
        folder: Where Home Assistant's config folder and the memory of the lock are kept.
        model: Model of the lock.
        control: File that tells `scripts/virtual-lock` how to reach the lock.
        port: TCP port of Home Assistant.
        proxy_port: TCP port of the Bluetooth proxy, 0 for a free one.
        esphome: Whether there is a proxy; otherwise the lock and an adapter are in Home Assistant's process.
    """

    folder: Path
    model: Model
    control: Path
    port: int
    proxy_port: int
    esphome: bool

    @property
    def pin(self) -> int:
        """Security PIN of the lock."""
        return _pin(self.model)


def has_esphome() -> bool:
    """Return whether Home Assistant can set up its `esphome` integration here."""
    return all(importlib.util.find_spec(package) for package in COMPILED)


@asynccontextmanager
async def world(plan: World) -> AsyncIterator[HomeAssistantProcess]:
    """Run a Home Assistant that hears one lock, until the context is left."""
    lock = {
        "model": plan.model.name,
        "control": str(plan.control),
        "memory": str(plan.folder / "lock.json"),
    }
    config = plan.folder / "config"
    if plan.esphome:
        config.mkdir(parents=True, exist_ok=True)
        automations = config / "automations.yaml"
        if not automations.exists():
            automations.write_text("[]\n", encoding="utf-8")
        home_assistant = HomeAssistantProcess(config=config, port=plan.port, configuration=CONFIGURATION)
        house = House(home_assistant, proxy_port=plan.proxy_port)
        phone = ResidentPhone(house, RESIDENT)
        # A lock is on the air before Home Assistant starts, and goes on when it stops.
        async with virtual_lock(house.radio, **lock, carry=phone.carry), house, phone:
            yield home_assistant
        return
    home_assistant = HomeAssistantProcess(
        config=config,
        port=plan.port,
        links={
            "custom_components/smartlock": CHECKOUT / "custom_components" / "smartlock",
            "custom_components/virtual_radio": CHECKOUT / "simulator" / "ha_component" / "virtual_radio",
            "simulator": CHECKOUT / "simulator",
        },
        # The lock's files are small and on a local disk.
        loggers={"custom_components.smartlock": "debug", "homeassistant.util.loop": "error"},
        # Every JSON value is a YAML value, too.
        configuration=f"virtual_radio:\n"
        f"  factory: {virtual_lock.__module__}:{virtual_lock.__name__}\n"
        f"  options: {json.dumps(lock)}\n",
    )
    try:
        await home_assistant.start()
        yield home_assistant
    finally:
        await home_assistant.stop()


@asynccontextmanager
async def virtual_lock(
    radio: Radio, *, model: str, control: str, memory: str, carry: Callable[[str], str] | None = None
) -> AsyncIterator[VirtualLock]:
    """Put the lock on a radio, with its control server, until the context is left.

    Args:
        radio: Where it advertises.
        model: Name of a model.
        control: Path of the file that tells where the control server listens.
        memory: Path of the file in which the lock keeps who has paired, and the codes.
        carry: Carries the phone of the resident to a place.
    """
    lock = VirtualLock(model, nuki_id=NUKI_ID, pin=_pin(MODELS[model]), name=NAME)
    if not remember(lock, Path(memory)):
        furnish(lock)
    radio.add_peripheral(lock)
    try:
        async with ControlServer(lock, Path(control), carry=carry):
            yield lock
    finally:
        memorize(lock, Path(memory))
        lock.power_off()


def furnish(lock: VirtualLock) -> None:
    """Put a keypad beside the door, with a code and a finger of somebody who lives there."""
    lock.pair_accessory(Accessory.KEYPAD_2)
    lock.enrol_finger(lock.add_code(CODE, RESIDENT))


def _pin(model: Model) -> int:
    return PINS[model.dialect.pin_digits]
