"""How long reading and unlocking take, in simulated time; both sides through the same Home Assistant.

The lock is of the third generation and paired as Bridge, the GATT tables are cached on both sides. "Cold" begins
with the call while no link is open, "warm" on an open, subscribed link.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from homeassistant.core import HomeAssistant

from benchmarks import home
from benchmarks.parameters import LOCK, RADIO
from benchmarks.peer import PYNUKIBT, nuki
from benchmarks.rows import Row
from benchmarks.sides import APP_ID, OurSide, Paired, PeerSide, Side, paired_lock
from custom_components.smartlock.protocol.channel import SessionChannel
from custom_components.smartlock.protocol.conversations import Exchange
from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.protocol.messages import Challenge, LockActionRequest, Message, RequestData
from simulator.local_adapter import LocalAdapter
from simulator.radio import Radio, Sighting
from simulator.virtual_lock import Kind

__all__ = ["latency"]

type MakeSide = Callable[[HomeAssistant, Paired], Side]
# How long before the call the intent is known, for `preconnected_unlock_accepted`, in seconds.
INTENT = 2.0


@dataclass(kw_only=True)
class Figures:
    """What was measured of one side: simulated seconds, and the traffic of a cold unlock."""

    cold_read: float
    cold_accepted: float
    cold_complete: float
    operations: int
    bytes: int
    warm_accepted: float
    preconnected_accepted: float
    deleted_known: float


class Bench:
    """A side, the lock that it talks to, and a watch."""

    def __init__(self, radio: Radio, paired: Paired, side: Side) -> None:
        """Take the parts."""
        self.radio = radio
        self.lock = paired.lock
        self.paired = paired
        self.side = side

    async def time(self, call: Callable[[], Awaitable[None]]) -> float:
        """Return how long a call takes."""
        clock = asyncio.get_running_loop().time
        began = clock()
        await call()
        return clock() - began

    async def unlock(self) -> tuple[float, float]:
        """Unlock; return the seconds until the motor started, and until the call returned less its run."""
        journal, began = self.lock.journal, asyncio.get_running_loop().time()
        taken = await self.time(self.side.unlock)
        (started,), (stopped,) = journal.of(Kind.MOTOR_STARTED), journal.of(Kind.MOTOR_STOPPED)
        ran = stopped.loop_time - started.loop_time
        return started.loop_time - began, taken - ran


@asynccontextmanager
async def bench(make_side: MakeSide) -> AsyncGenerator[Bench]:
    """Return a side that has read the lock once, without an open link."""
    radio, paired = Radio(timing=RADIO), paired_lock(timing=LOCK)
    async with home.home_assistant() as hass:
        adapter = LocalAdapter(radio)
        adapter.start(hass)
        radio.add_peripheral(paired.lock)
        await asyncio.sleep(1)
        side = make_side(hass, paired)
        await side.read()
        await side.close()
        # An advertisement is received again before the next call: that is part of `RADIO.connect`.
        await asyncio.sleep(1)
        paired.lock.journal.entries.clear()
        try:
            yield Bench(radio, paired, side)
        finally:
            await side.close()
            paired.lock.power_off()
            adapter.stop()
            await radio.stop()


async def measure(make_side: MakeSide) -> Figures:
    """Measure one side, each figure on a lock of its own."""
    async with bench(make_side) as cold:
        cold_read = await cold.time(cold.side.read)
    async with bench(make_side) as cold:
        cold_accepted, cold_complete = await cold.unlock()
        traffic = cold.radio.connections[-1].traffic
        operations, size = traffic.operations, traffic.bytes_sent + traffic.bytes_received
    async with bench(make_side) as warm:
        await warm.side.connect()
        await warm.side.read()
        await asyncio.sleep(1)
        warm_accepted, _ = await warm.unlock()
    async with bench(make_side) as ahead:
        taken = await ahead.time(ahead.side.connect)
        await asyncio.sleep(INTENT - taken)
        preconnected_accepted, _ = await ahead.unlock()
    async with bench(make_side) as deleted:
        deleted.lock.delete_authorization(deleted.paired.index)
        deleted_known = await deleted.time(deleted.side.refused)
    return Figures(
        cold_read=cold_read,
        cold_accepted=cold_accepted,
        cold_complete=cold_complete,
        operations=operations,
        bytes=size,
        warm_accepted=warm_accepted,
        preconnected_accepted=preconnected_accepted,
        deleted_known=deleted_known,
    )


class _Antenna:
    """A receiver that takes no notice of advertisements."""

    def on_sighting(self, sighting: Sighting) -> None:
        """Ignore an advertisement."""


async def minimum() -> float:
    """Return the seconds until the motor starts with the fewest exchanges that the protocol allows.

    Connect, MTU, one subscription, the challenge and the action, made by hand on the same radio.
    """
    radio, paired = Radio(timing=RADIO), paired_lock(timing=LOCK)
    lock, clock = paired.lock, asyncio.get_running_loop().time
    antenna = _Antenna()
    radio.add_receiver(antenna)
    radio.add_peripheral(lock)
    channel = SessionChannel(lock.model.dialect, paired.session, Random(0).randbytes)
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    handles = {entry.uuid: entry.handle for service in lock.services for entry in service.characteristics}

    async def write(message: Message, challenge: bytes | None = None) -> None:
        step = Exchange(send=message, expect=(), challenge=challenge)
        await link.write(handles[channel.answers], channel.encode(step).value)

    began = clock()
    link = await radio.connect(
        antenna,
        lock.address,
        on_indication=lambda handle, value: heard.put_nowait(value),
        on_disconnect=lambda reason: None,
    )
    await link.set_indications(handles[channel.answers], enabled=True)
    await write(RequestData(requested=Challenge.command))
    (challenge,) = channel.receive(channel.answers, await heard.get())
    assert isinstance(challenge, Challenge)
    await write(LockActionRequest(action=LockAction.UNLOCK, app_id=APP_ID), challenge.nonce)
    await heard.get()
    (started,) = lock.journal.motor_runs
    link.close()
    lock.power_off()
    await radio.stop()
    return started.loop_time - began


def latency(*, quick: bool) -> list[Row]:
    """Return the rows of this module; simulated time needs no repetition, so `quick` changes nothing."""
    ours = home.run(measure(OurSide))
    theirs = None if nuki is None else home.run(measure(PeerSide))
    fewest = home.run(minimum())

    def against_peer(name: str, unit: str, figure: Callable[[Figures], float], note: str = "") -> Row:
        peer = None if theirs is None else figure(theirs)
        return Row(name=name, value=figure(ours), unit=unit, against=PYNUKIBT, peer=peer, note=note)

    return [
        against_peer("cold_read", "s", lambda side: side.cold_read),
        against_peer("cold_unlock_accepted", "s", lambda side: side.cold_accepted),
        against_peer("cold_unlock_complete", "s", lambda side: side.cold_complete),
        against_peer("warm_unlock_accepted", "s", lambda side: side.warm_accepted),
        Row(
            name="preconnected_unlock_accepted",
            value=ours.preconnected_accepted,
            unit="s",
            against="our own cold_unlock_accepted",
            peer=ours.cold_accepted,
        ),
        against_peer("deleted_authorization_known", "s", lambda side: side.deleted_known),
        Row(
            name="cold_unlock_minimum",
            value=fewest,
            unit="s",
            against="protocol",
            peer=fewest,
            ratio=ours.cold_accepted / fewest,
            note="ratio: our cold_unlock_accepted divided by the minimum",
        ),
        against_peer("cold_unlock_operations", "operations", lambda side: side.operations),
        against_peer("cold_unlock_bytes", "bytes", lambda side: side.bytes),
    ]
