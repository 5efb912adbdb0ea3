"""From a call to the bolt through a real Home Assistant: its own process, `esphome`, real sockets, a virtual proxy and lock.

Two sides take turns, sample by sample, each with a Home Assistant, a proxy, a radio and a lock of its own: this checkout, and
hass_nuki_bt from a checkout that `--peer` names, or this integration as it was at an earlier commit. Both are paired as
Bridge with the same kind of lock. Time is that of the machine, so it takes minutes, and the machine should have nothing else
to do.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import batched
import json
from pathlib import Path
from random import Random
from statistics import median
import sys
import tempfile
from typing import Any

from benchmarks.earlier import ROOT, checkout
from benchmarks.rows import Row
from benchmarks.sides import APP_ID, NUKI_ID, Paired, paired_lock
from custom_components.smartlock.protocol import crypto
from simulator.demo.house import House
from simulator.home_assistant import HomeAssistantError, HomeAssistantProcess, free_port
from simulator.virtual_lock import Kind, Timing, VirtualLock

__all__ = ["NAMES", "end_to_end"]

SAMPLES, QUICK_SAMPLES = 15, 2
# Then both sides get a new lock and a new Home Assistant, as on another day. A sample turns the key twice, which at a door
# takes hours: without a new day, our side would be measured while its budget of reads holds it back.
SAMPLES_A_DAY = 5
# Long enough for a step of the bolt to be seen. A link that nobody uses falls asleep sooner than usual, since one side never
# disconnects by itself, and later than the other side lets go of it.
TIMING = Timing(lock=0.8, unlock=0.8, idle_disconnect=8.0)
# Between the end of an action and the next one on the same link, and from the end of a link to a cold one, in seconds.
PAUSES, AFTER_LINK = (0.5, 2.5), 1.5
PATIENCE = 60.0

OURS, PEER = "smartlock", "hass_nuki_bt"
FIGURES = {
    "e2e_cold_motor": "from the call to the start of the motor, no link open",
    "e2e_cold_link_motor": "of this from the start of the link on",
    "e2e_cold_shown": "from the call to unlocking shown",
    "e2e_warm_motor": "from the call to the start of the motor, on a link that another action has left open",
    "e2e_warm_shown": "from that call to the step shown",
    "e2e_final_shown": "from the bolt's rest to the final state shown",
    "e2e_hand_shown": "from a turn of the key to its state shown",
}
NAMES = tuple(FIGURES)


@dataclass(frozen=True, kw_only=True)
class Contender:
    """An integration in a folder, and how it stores a pairing."""

    name: str
    domain: str
    folder: Path

    def entry(self, paired: Paired) -> dict[str, Any]:
        """Return the data of the config entry of an installation that has paired with a lock as Bridge."""
        lock, session = paired.lock, paired.session
        if self.domain == OURS:
            return {
                "address": lock.address,
                "nuki_id": lock.nuki_id,
                "generation": lock.model.dialect.name,
                "client_type": "bridge",
                "app_id": APP_ID,
                "authorization_id": session.authorization_id,
                "shared_key": session.shared_key.hex(),
            }
        return {
            "device_address": lock.address,
            "name": "Lock",
            "client_type": "Bridge",
            "auth_id": session.authorization_id.to_bytes(4, "little").hex(),
            "device_public_key": paired.lock_public_key.hex(),
            "public_key": crypto.public_key(paired.private_key).hex(),
            "private_key": paired.private_key.hex(),
            "app_id": str(APP_ID),
        }


@dataclass
class Household:
    """One side while it runs."""

    contender: Contender
    house: House
    lock: VirtualLock
    entity_id: str
    random: Random
    figures: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in FIGURES})

    def note(self, name: str, seconds: float) -> None:
        """Keep a figure."""
        self.figures[name].append(seconds)

    async def sample(self) -> None:
        """Unlock over a new link, act again over the same one, and turn the key once nobody is connected."""
        await self.alone()
        motor, opened, shown = await self._act("unlock", "unlocking", "unlocked")
        self.note("e2e_cold_motor", motor)
        self.note("e2e_cold_link_motor", opened)
        self.note("e2e_cold_shown", shown)
        # At once: a second action within a minute is what the link is then held for.
        await self._act("lock", "locking", "locked")
        for action in ("unlock", "lock"):
            await asyncio.sleep(self.random.uniform(*PAUSES))
            if not self.lock.status()["links"]:
                raise RuntimeError(f"{self.contender.name} has let go of the link")
            motor, _, shown = await self._act(action, f"{action}ing", f"{action}ed")
            self.note("e2e_warm_motor", motor)
            self.note("e2e_warm_shown", shown)
        for hand in ("unlock", "lock"):
            await self.alone()
            began = now()
            self.lock.turn_key(hand)
            try:
                await self._shows(f"{hand}ed")
            except HomeAssistantError:
                # Counts as that long, and the next sample begins from what is so.
                sys.stderr.write(
                    f"{self.contender.name}: {hand}ed by hand, not shown within {PATIENCE:.0f} s\n"
                )
                await self.house.api.call("homeassistant.update_entity", self.entity_id)
                await self._shows(f"{hand}ed")
            self.note("e2e_hand_shown", min(now() - began, PATIENCE))

    async def _act(self, action: str, step: str, end: str) -> tuple[float, float, float]:
        """Return the seconds until the motor started, from the start of the link on, and until the step was shown."""
        journal = self.lock.journal
        runs, began = len(journal.motor_runs), now()
        calling = asyncio.create_task(self.house.api.call(f"lock.{action}", self.entity_id))
        await self._shows(step)
        shown = now() - began
        await self._shows(end)
        rested = now() - journal.of(Kind.MOTOR_STOPPED)[-1].loop_time
        await calling
        self.note("e2e_final_shown", rested)
        started = journal.motor_runs[runs].loop_time
        return started - began, started - journal.connections[-1].loop_time, shown

    async def alone(self) -> None:
        """Wait until nobody is connected and what the lock advertises then has been received."""
        async with asyncio.timeout(PATIENCE):
            quiet = 0.0
            while quiet < AFTER_LINK:
                await asyncio.sleep(0.1)
                quiet = 0.0 if self.lock.status()["links"] else quiet + 0.1

    async def _shows(self, *states: str) -> None:
        await self.house.api.wait_for_state(self.entity_id, *states, timeout=PATIENCE)


def now() -> float:
    """Return seconds on the clock that the lock's journal uses, too."""
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def household(
    contender: Contender, seed: int, *, links: Mapping[str, Path] | None = None, configuration: str = ""
) -> AsyncGenerator[Household]:
    """Start a Home Assistant that is paired with a lock, and wait until it shows it."""
    paired = paired_lock(seed=seed, nuki_id=NUKI_ID + seed, timing=TIMING)
    with tempfile.TemporaryDirectory() as folder:
        home_assistant = HomeAssistantProcess(
            config=Path(folder),
            port=free_port(),
            links={f"custom_components/{contender.domain}": contender.folder, **(links or {})},
            configuration=configuration,
            loggers={},
        )
        async with House(home_assistant) as house:
            await home_assistant.stop()
            add_entry(home_assistant, contender, paired)
            house.radio.add_peripheral(paired.lock)
            await home_assistant.start()
            try:
                async with asyncio.timeout(PATIENCE):
                    entity_id = ""
                    while not entity_id:
                        await asyncio.sleep(0.5)
                        found = (await house.api.entity_ids(contender.domain)).values()
                        entity_id = next((each for each in found if each.startswith("lock.")), "")
                    await house.api.wait_for_state(entity_id, "locked", timeout=PATIENCE)
                    # Neither side times its first connection, which also reads what it will never read again.
                    await asyncio.sleep(10)
                yield Household(contender, house, paired.lock, entity_id, Random(seed))
            except TimeoutError as error:
                raise RuntimeError(home_assistant.log_tail(60)) from error
            finally:
                paired.lock.power_off()


def add_entry(home_assistant: HomeAssistantProcess, contender: Contender, paired: Paired) -> None:
    """Store a config entry as its flow would, in a Home Assistant that does not run."""
    file = home_assistant.config / ".storage" / "core.config_entries"
    stored = json.loads(file.read_text(encoding="utf-8"))
    like = stored["data"]["entries"][0]
    stored["data"]["entries"].append(
        like
        | {
            "entry_id": f"benchmark{contender.domain}",
            "domain": contender.domain,
            "title": "Lock",
            "unique_id": paired.lock.address,
            "version": 1,
            "minor_version": 1,
            "data": contender.entry(paired),
            "options": {},
            "subentries": [],
            "discovery_keys": {},
        }
    )
    file.write_text(json.dumps(stored), encoding="utf-8")


async def take_turns(contenders: list[Contender], samples: int) -> list[dict[str, list[float]]]:
    """Return the figures of each side, which take turns."""
    figures: list[dict[str, list[float]]] = [{name: [] for name in FIGURES} for _ in contenders]
    for day in batched(range(samples), SAMPLES_A_DAY, strict=False):
        async with AsyncExitStack() as stack:
            households = [
                await stack.enter_async_context(household(contender, seed))
                for seed, contender in enumerate(contenders, start=day[0])
            ]
            for _ in day:
                for each in households:
                    await each.sample()
        for all_days, each in zip(figures, households, strict=True):
            for name, seconds in each.figures.items():
                all_days[name] += seconds
    return figures


def end_to_end(*, quick: bool, against: str, peer: Path | None) -> list[Row]:
    """Return the rows of this module. `peer` is a checkout of hass_nuki_bt; without it `against` is a commit of ours."""
    if peer is None:
        other = Contender(
            name=f"this integration at {against}",
            domain=OURS,
            folder=checkout(against) / "custom_components" / OURS,
        )
    else:
        other = Contender(name=PEER, domain=PEER, folder=peer.resolve() / "custom_components" / PEER)
    ours = Contender(name="ours", domain=OURS, folder=ROOT / "custom_components" / OURS)
    samples = QUICK_SAMPLES if quick else SAMPLES
    figures, theirs = asyncio.run(take_turns([ours, other], samples))
    return [
        Row(
            name=name,
            value=median(figures[name]),
            unit="s",
            against=other.name,
            peer=median(theirs[name]),
            note=f"{what}; medians of {len(figures[name])}, {spread(figures[name])} against {spread(theirs[name])}",
        )
        for name, what in FIGURES.items()
    ]


def spread(seconds: list[float]) -> str:
    """Return the least and the greatest value."""
    return f"{min(seconds):.3f} to {max(seconds):.3f} s"
