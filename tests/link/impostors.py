"""A lock with somebody in reach, and somebody who stands in for it."""

from simulator.impostor import Answers, Eavesdropper, Impostor
from simulator.virtual_lock import VirtualLock
from tests.integration.home import Home

__all__ = ["replaced", "returned", "watched"]


async def watched(home: Home, lock: VirtualLock) -> Eavesdropper:
    """Let somebody record what goes to and from a lock that is on its door already."""
    await home.radio.remove_peripheral(lock.address)
    listener = Eavesdropper(lock)
    home.radio.add_peripheral(listener)
    return listener


async def replaced(home: Home, lock: VirtualLock, answers: Answers) -> Impostor:
    """Put an impostor in the place of a lock, which is out of reach from then on."""
    await home.radio.remove_peripheral(lock.address)
    impostor = Impostor(lock, answers)
    home.radio.add_peripheral(impostor)
    return impostor


async def returned(home: Home, lock: VirtualLock) -> None:
    """Put the lock back, and the impostor away."""
    await home.radio.remove_peripheral(lock.address)
    home.radio.add_peripheral(lock)
