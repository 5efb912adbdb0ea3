"""A lock that is hard to reach for a while: connections fail, and what it says gets lost."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import override

from benchmarks.schedule import BadRadio
from simulator.gatt import Advertisement, ConnectRefusedError, DisconnectReason, Link, Peripheral, Service

__all__ = ["HardToReach"]


class HardToReach(Peripheral):
    """A peripheral between the radio and a lock; each side of a comparison gets the same seed."""

    def __init__(self, lock: Peripheral, bad: BadRadio, *, day_began: float, seed: int) -> None:
        """Stand in for a lock on a day that began at `day_began` on the loop's clock."""
        self._lock = lock
        self._bad = bad
        self._day_began = day_began
        # Two of them: how often a side connects must not decide which of its answers are lost.
        self._connects, self._exchanges = Random(seed), Random(seed + 1)

    @property
    @override
    def address(self) -> str:
        return self._lock.address

    @property
    @override
    def services(self) -> tuple[Service, ...]:
        return self._lock.services

    @property
    @override
    def advertising_interval(self) -> float:
        return self._lock.advertising_interval

    @override
    def advertise(self) -> Advertisement | None:
        return self._lock.advertise()

    @override
    def connect(
        self,
        *,
        mtu: int,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
    ) -> Link:
        """Connect as the lock does, or fail. Every indication is a whole message: losing it loses an exchange."""
        if self._is_bad and self._connects.random() < self._bad.connects_failing:
            raise ConnectRefusedError

        def indicate(handle: int, value: bytes) -> None:
            if not (self._is_bad and self._exchanges.random() < self._bad.exchanges_lost):
                on_indication(handle, value)

        return self._lock.connect(mtu=mtu, on_indication=indicate, on_disconnect=on_disconnect)

    @property
    def _is_bad(self) -> bool:
        now = asyncio.get_running_loop().time() - self._day_began
        return self._bad.begins <= now < self._bad.ends
