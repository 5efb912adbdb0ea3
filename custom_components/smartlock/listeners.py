"""Callbacks that are told of something, each until it is taken off the list."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback


class Listeners[**P]:
    """Callables with the same arguments, called in the order in which they came."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listeners: list[Callable[P, None]] = []

    @callback
    def add(self, listener: Callable[P, None]) -> CALLBACK_TYPE:
        """Add a listener, and return what takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self._listeners)

    @callback
    def notify(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call everybody; who is added or taken off meanwhile is not affected."""
        for listener in tuple(self._listeners):
            listener(*args, **kwargs)
