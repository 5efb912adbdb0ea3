"""A house whose Home Assistant has a local Bluetooth adapter, in a virtual machine with a Linux kernel and BlueZ."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self, override

from simulator.bluez.controller import Air, VirtualAdapter
from simulator.bluez.machine import Machine, MachineProgram
from simulator.home_assistant import HomeAssistantApi, HomeAssistantProcess
from simulator.home_assistant.process import Program

__all__ = ["BluezHome", "MachineHomeAssistant"]

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - inside the machine, which has no network

# Seconds. A start takes one to two minutes.
START_TIMEOUT: Final = 600.0
PLUGGED_IN: Final = 60.0


@dataclass(kw_only=True)
class MachineHomeAssistant(HomeAssistantProcess):
    """Home Assistant inside a machine.

    Attributes:
        machine: Where it runs; it can reach the config folder.
    """

    machine: Machine
    listens: str = EVERYWHERE

    @override
    async def _spawn(self, log: IO[bytes]) -> Program:
        return await self.machine.start("home-assistant", self._command(), log=self.log_file)


class BluezHome:
    """Everything but the locks, which tests put on the air. Use it with `async with`.

    Attributes:
        air: What locks are put on.
        adapter: Plugged in at first.
        bluetoothd: The daemon that runs.
    """

    def __init__(self, machine: Machine, config: Path, *, enabled: Collection[str] = ()) -> None:
        """Plan a house in a machine that runs; `enabled` is that of `HomeAssistantProcess`."""
        self.machine = machine
        self.home_assistant = MachineHomeAssistant(
            config=config,
            port=machine.web_port,
            configuration="bluetooth:\n",
            enabled=enabled,
            machine=machine,
        )
        self.air = Air()
        self.adapter = VirtualAdapter(self.air, machine.controller)
        self.bluetoothd: MachineProgram

    @property
    def api(self) -> HomeAssistantApi:
        """The owner's connection to the running Home Assistant."""
        return self.home_assistant.api

    async def __aenter__(self) -> Self:
        """Start the bus and `bluetoothd`, plug the adapter in, start Home Assistant and add the adapter to it."""
        await self.machine.start_bus()
        self.bluetoothd = await self.machine.start_bluetoothd()
        await self.adapter.plug_in()
        try:
            await self.home_assistant.start(timeout=START_TIMEOUT)
            flow_id = await self.api.wait_for_discovery("bluetooth", timeout=PLUGGED_IN)
            await self.api.submit(flow_id)
            async with asyncio.timeout(PLUGGED_IN):
                while [entry["state"] for entry in await self.api.entries("bluetooth")] != ["loaded"]:
                    await asyncio.sleep(1)
        except BaseException:
            self.adapter.pull_out()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop Home Assistant in good order."""
        try:
            await self.home_assistant.stop(timeout=PLUGGED_IN)
        finally:
            self.adapter.pull_out()

    async def restart_bluetoothd(self) -> None:
        """End `bluetoothd` as a crash would, and start it again as the system does."""
        self.bluetoothd.kill()
        await self.bluetoothd.wait()
        self.bluetoothd = await self.machine.start_bluetoothd()
