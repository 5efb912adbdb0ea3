"""`dataclass` for frozen classes: what that of the standard library compiles for each of them stands here once for all.

Compiling took 0.3 ms a class, more than half of the time in which the integration was imported.
"""

from collections.abc import Callable
import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

__all__ = ["dataclass"]

if TYPE_CHECKING:
    # For a type checker it is the same.
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, kw_only: bool = False) -> Callable[[type], type]:
        """Declare a frozen data class. Raises ValueError for one that is not, which is for the standard library."""
        if not frozen:
            raise ValueError("only for frozen classes")
        return lambda cls: _declare(cls, kw_only=kw_only)


class _Declared(NamedTuple):
    """The fields of a class."""

    names: frozenset[str]
    positional: tuple[str, ...]
    defaults: dict[str, object]
    factories: dict[str, Callable[[], object]]
    shown: tuple[str, ...]
    checked: bool
    """Whether the class has a `__post_init__`."""
    values: Callable[[Any], object]
    """Returns what is compared: all values, in order."""


def _declare(cls: Any, *, kw_only: bool) -> Any:
    # It collects the fields, and compiles none of the methods.
    dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
    fields = dataclasses.fields(cls)
    names = [each.name for each in fields]
    cls._declared = _Declared(
        names=frozenset(names),
        positional=tuple(each.name for each in fields if not each.kw_only),
        defaults={each.name: each.default for each in fields if each.default is not dataclasses.MISSING},
        factories={
            each.name: each.default_factory
            for each in fields
            if each.default_factory is not dataclasses.MISSING
        },
        shown=tuple(each.name for each in fields if each.repr),
        checked=hasattr(cls, "__post_init__"),
        values=attrgetter(*names) if names else lambda _: (),
    )
    for name, method in _METHODS.items():
        # A class that defines `__eq__` has a `__hash__` that is None.
        if cls.__dict__.get(name) is None:
            setattr(cls, name, method)
    return cls


def _init(self: Any, /, *values: object, **named: object) -> None:
    """Take a value for each field. Raises TypeError for a field that is missing, not declared, or given twice."""
    declared: _Declared = self._declared
    if values:
        if len(values) > len(declared.positional):
            raise TypeError(f"{type(self).__name__}: {len(values)} values by position")
        by_position = dict(zip(declared.positional, values, strict=False))
        if twice := by_position.keys() & named.keys():
            raise TypeError(f"{type(self).__name__}: given twice: {', '.join(sorted(twice))}")
        named |= by_position
    for name, factory in declared.factories.items():
        if name not in named:
            named[name] = factory()
    attributes = declared.defaults | named
    if attributes.keys() != declared.names:
        different = ", ".join(sorted(attributes.keys() ^ declared.names))
        raise TypeError(f"{type(self).__name__}: missing or not declared: {different}")
    object.__setattr__(self, "__dict__", attributes)
    if declared.checked:
        self.__post_init__()


def _setattr(self: Any, name: str, value: object) -> None:
    """Refuse: it is a value."""
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    """Refuse as well."""
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _eq(self: Any, other: Any) -> Any:
    """Whether it is of the same class and has the same values."""
    if type(other) is not type(self):
        return NotImplemented
    return self is other or self._declared.values(self) == self._declared.values(other)


def _hash(self: Any) -> int:
    """Return a number that is the same for equal ones."""
    return hash(self._declared.values(self))


def _repr(self: Any) -> str:
    """Return the fields that may be shown."""
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._declared.shown)
    return f"{type(self).__qualname__}({fields})"


_METHODS: dict[str, Callable[..., Any]] = {
    "__init__": _init,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
}
