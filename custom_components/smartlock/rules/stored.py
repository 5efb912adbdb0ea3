"""Typed values from stored JSON: each has its type and range, or TypeError or ValueError is raised.

A file that is damaged, or was written by another version, has to be noticed when it is read, and not hours
later by code that compares a text with a number.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import isfinite
from typing import Any


def optional[T](kind: Callable[[Any], T], value: Any) -> T | None:
    """Return a value, or None for null."""
    return None if value is None else kind(value)


def listed[T](kind: Callable[[Any], T], value: Any) -> tuple[T, ...]:
    """Return the values of a list."""
    if not isinstance(value, list):
        raise TypeError("no list")
    return tuple(kind(each) for each in value)


def mapped[T](kind: Callable[[Any], T], value: Any) -> dict[str, T]:
    """Return the values of an object."""
    return {key: kind(each) for key, each in obj(value).items()}


def obj(value: Any) -> Mapping[str, Any]:
    """Return an object."""
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value


def text(value: Any) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def flag(value: Any) -> bool:
    """Return yes or no."""
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def integer(value: Any, low: int = 0, high: int = 0xFFFFFFFF) -> int:
    """Return a whole number within a range."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("no whole number")
    if not low <= value <= high:
        raise ValueError("out of range")
    return value


def byte(value: Any) -> int:
    """Return a number that fits into a byte."""
    return integer(value, 0, 0xFF)


def real(value: Any, low: float = -1e9, high: float = 1e9) -> float:
    """Return a number within a range."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError("no number")
    if not (isfinite(value) and low <= value <= high):
        raise ValueError("out of range")
    return value


def moment(value: Any) -> datetime:
    """Return a date with its time zone."""
    at = datetime.fromisoformat(text(value))
    if at.tzinfo is None:
        raise ValueError("a date without a zone")
    return at
