"""Callbacks that are notified of something until they unsubscribe."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback


class Listeners[**P]:
    """Callables with the same arguments, called in the order in which they were added."""

    def __init__(self) -> None:
        """Start empty."""
        self._listeners: list[Callable[P, None]] = []

    @callback
    def add(self, listener: Callable[P, None]) -> CALLBACK_TYPE:
        """Add a listener and return a callable that removes it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def __bool__(self) -> bool:
        """Whether there are any listeners."""
        return bool(self._listeners)

    @callback
    def notify(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call all listeners; one that is added or removed during the call does not change who is called."""
        for listener in tuple(self._listeners):
            listener(*args, **kwargs)
