"""Frozen data classes of our own behave as those of the standard library do."""

import builtins
from collections.abc import Mapping
import dataclasses
from dataclasses import FrozenInstanceError, field, replace
from typing import Any, Self, override

import pytest

from custom_components.smartlock.protocol import values
from custom_components.smartlock.protocol.values import dataclass


@dataclass(frozen=True)
class Place:
    """Takes its values by position."""

    x: int
    y: int = 2

    def __post_init__(self) -> None:
        """Refuse what is no place."""
        if self.x < 0:
            raise ValueError(self.x)


@dataclass(frozen=True, kw_only=True)
class Named:
    """Takes its values by name."""

    name: str
    code: str = field(default="", repr=False)
    more: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Longer(Named):
    """Has a field more."""

    size: int | None = None


@dataclass(frozen=True)
class Nothing:
    """Has no fields."""


@dataclass(frozen=True)
class Alike:
    """Says itself what is equal."""

    word: str

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self.word.lower() == other.word.lower()

    @override
    def __hash__(self) -> int:
        return hash(self.word.lower())

    @classmethod
    def of(cls, word: str) -> Self:
        return cls(word)


def test_values_by_position_and_by_name() -> None:
    assert (Place(1).x, Place(1).y) == (1, 2)
    assert Place(1, 3) == Place(y=3, x=1)
    match Place(4, 5):
        case Place(x, y):
            assert (x, y) == (4, 5)


@pytest.mark.parametrize(
    ("kind", "positional", "named"),
    [
        (Place, (), {}),
        (Place, (1, 2, 3), {}),
        (Place, (1,), {"x": 1}),
        (Place, (1,), {"z": 1}),
        (Named, ("a",), {}),
        (Named, (), {"code": "1"}),
        (Longer, (), {"size": 1}),
        (Nothing, (1,), {}),
        (Nothing, (), {"x": 1}),
    ],
)
def test_wrong_values(kind: type, positional: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    with pytest.raises(TypeError, match=kind.__name__):
        kind(*positional, **named)


def test_defaults_are_made_anew_and_inherited() -> None:
    first, second = Longer(name="a"), Longer(name="a", size=None)
    assert first == second
    assert first.more is not second.more
    assert (first.code, first.more, first.size) == ("", {}, None)


def test_what_is_equal() -> None:
    assert Place(1) != Place(2)
    assert Named(name="a", code="1") != Named(name="a", code="2")
    # Not merely the same values: another class.
    assert Named(name="a") != Longer(name="a")
    assert len({Place(1), Place(1, 2), Place(2)}) == 2
    assert (Nothing(), hash(Nothing())) == (Nothing(), hash(Nothing()))
    assert {Alike("A"), Alike.of("a")} == {Alike("a")}


def test_nothing_can_be_changed() -> None:
    place: Any = Place(1)
    with pytest.raises(FrozenInstanceError):
        place.x = 2
    with pytest.raises(FrozenInstanceError):
        place.other = 2
    with pytest.raises(FrozenInstanceError):
        del place.x
    assert place == Place(1)


def test_changed_copy_is_checked_too() -> None:
    assert replace(Place(1), x=3) == Place(3)
    assert replace(Longer(name="a", code="1"), size=2) == Longer(name="a", code="1", size=2)
    with pytest.raises(TypeError):
        replace(Place(1), z=2)  # type: ignore[call-arg] # which is the point
    with pytest.raises(ValueError, match="-1"):
        Place(-1)
    with pytest.raises(ValueError, match="-1"):
        replace(Place(1), x=-1)


def test_secrets_are_not_shown() -> None:
    assert repr(Longer(name="a", code="1234")) == "Longer(name='a', more={}, size=None)"
    assert repr(Nothing()) == "Nothing()"


def test_others_are_for_the_standard_library() -> None:
    with pytest.raises(ValueError, match="frozen"):
        dataclass(frozen=False)


def test_no_method_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is all that it is for."""
    run, compiled = builtins.exec, []

    def running(source: Any, *arguments: Any) -> None:
        compiled.append(str(source))
        run(source, *arguments)

    monkeypatch.setattr(builtins, "exec", running)

    def methods(decorate: Any) -> int:
        compiled.clear()

        @decorate(frozen=True, kw_only=True)
        class Declared:
            """A class."""

            x: int = 1

        assert replace(Declared(), x=2).x == 2  # type: ignore[type-var] # the decorator is an argument
        return sum(source.count("(self") for source in compiled)

    assert methods(dataclasses.dataclass) > 3
    assert methods(values.dataclass) == 0
