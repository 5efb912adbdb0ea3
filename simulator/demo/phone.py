"""The phone of the resident of a demo: it can be carried away, home, and to the door (`scripts/virtual-lock phone`)."""

import asyncio
from types import TracebackType
from typing import Final, Self

from simulator.companion_app import CompanionApp
from simulator.demo.house import House
from simulator.phone import PrivatePhone, VirtualPhone

__all__ = ["IRK", "PLACES", "ResidentPhone"]

IRK: Final = bytes.fromhex("5d0c1f8a3b6e47729c04e8d1aa6f3270")
"""Identity resolving key of the phone, most significant byte first."""

# Where the configuration of Home Assistant says that the home is, and a kilometre north of it.
_HOME, _AWAY = (47.0700, 15.4400), (47.0790, 15.4400)
# Where the phone is, and how well the proxy receives it there, in dBm. The proxy hangs near the door.
PLACES: Final = {"away": (_AWAY, None), "home": (_HOME, -78.0), "at-door": (_HOME, -48.0)}
# Seconds to walk there.
_WALK: Final = 2.0
# Who is away goes on: degrees of latitude (170 m) each so many seconds, so often. A position that stays the same may be
# that of a phone that is wrong about it, and is no proof of having left for auto-unlock.
STEP, PAUSE, STEPS = 0.0015, 60.0, 8


class ResidentPhone:
    """Home Assistant's app and the Bluetooth signal of one phone. Use it with `async with`."""

    def __init__(self, house: House, owner: str) -> None:
        """Plan a phone; `owner` is the first name of the person whose it is."""
        self._house = house
        self._owner = owner
        self._radio = VirtualPhone(house.radio, PrivatePhone(irk=IRK, seed=1))
        self._app: CompanionApp | None = None
        self._told: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Install the app, or connect the one of the last demo, and be at home."""
        await self._radio.__aenter__()
        api = self._house.api
        entries = self._house.home_assistant.storage("core.config_entries").get("entries", ())
        app = await CompanionApp.again(api, self._owner, entries)
        self._app = app or await CompanionApp.install(api, self._owner)
        self.carry("home")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Switch the phone off."""
        if self._told is not None:
            self._told.cancel()
            await asyncio.gather(self._told, return_exceptions=True)
        await self._radio.__aexit__(kind, error, trace)

    def carry(self, place: str) -> str:
        """Carry the phone to one of `PLACES`; return what to tell about it."""
        if self._app is None:
            raise ValueError("the phone has no app yet; wait until the demo has started")
        _, signal = PLACES[place]
        if signal is None:
            self._radio.go_away(_WALK)
        else:
            self._radio.walk({self._house.proxy: signal}, _WALK)
        if self._told is not None:
            self._told.cancel()
        self._told = asyncio.create_task(self._tell(self._app, place))
        return f"{self._owner} carries the phone {_WORDS[place]}."

    async def _tell(self, app: CompanionApp, place: str) -> None:
        (latitude, longitude), _ = PLACES[place]
        app.move(latitude, longitude)
        if app.api is not self._house.api:
            # Home Assistant has been restarted since.
            await app.connect(self._house.api)
        await app.tell_position(latitude, longitude)
        for _ in range(STEPS if place == "away" else 0):
            await asyncio.sleep(PAUSE)
            latitude += STEP
            await app.tell_position(latitude, longitude)


_WORDS: Final = {"away": "away, a kilometre from home", "home": "into the house", "at-door": "to the door"}
