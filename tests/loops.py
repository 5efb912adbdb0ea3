"""The event loop of the tests: as strict as asyncio's debug mode, without what makes that mode slow."""

import asyncio
from collections.abc import Callable
from contextvars import Context
import sys
import threading
from typing import override

__all__ = ["StrictLoop"]

_NOT_ITS_THREAD = "another thread may only call the event loop with call_soon_threadsafe"


class StrictLoop(asyncio.SelectorEventLoop):
    """Refuses callbacks from other threads than its own.

    The debug mode, which Home Assistant's test plugin asks for, does that too, but also writes down the whole stack for
    each future, which takes longer than all else in these tests. `python -X dev` brings it back.
    """

    _thread: int | None = None

    @override
    def set_debug(self, enabled: bool) -> None:
        super().set_debug(enabled and sys.flags.dev_mode)

    @override
    def run_forever(self) -> None:
        self._thread = threading.get_ident()
        try:
            super().run_forever()
        finally:
            self._thread = None

    @override
    def call_soon[*Ts](
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if self._thread is not None and self._thread != threading.get_ident():
            raise RuntimeError(_NOT_ITS_THREAD)
        return super().call_soon(callback, *args, context=context)

    @override
    def call_at[*Ts](
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        if self._thread is not None and self._thread != threading.get_ident():
            raise RuntimeError(_NOT_ITS_THREAD)
        return super().call_at(when, callback, *args, context=context)
