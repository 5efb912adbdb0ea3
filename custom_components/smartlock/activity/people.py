"""Whom a lock knows: what holds each authorization, what people and codes are called, and whether rights have limits."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from custom_components.smartlock.access import directory, schedules
from custom_components.smartlock.pin.guard import PinSession
from custom_components.smartlock.protocol.enums import AuthorizationIdType
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.protocol.wire import shown
from custom_components.smartlock.rules.stored import flag, integer, mapped, obj, optional, text

_KEYPADS = frozenset({AuthorizationIdType.KEYPAD, AuthorizationIdType.KEYPAD_2})


@dataclass(frozen=True, kw_only=True)
class People:
    """The lists of a lock, without anything that is secret."""

    types: Mapping[int, AuthorizationIdType] = field(default_factory=dict, repr=False)
    """What holds each authorization, by its id."""
    names: Mapping[int, str] = field(default_factory=dict, repr=False)
    """What it is called, by its id."""
    codes: Mapping[int, str] = field(default_factory=dict, repr=False)
    """What each code of the keypad is called, by its id."""
    limited: bool | None = None
    """Whether a right is limited in time, or time control does something; None if that is not known."""

    @property
    def keypads(self) -> frozenset[AuthorizationIdType]:
        """The kinds of keypads among them."""
        return _KEYPADS.intersection(self.types.values())

    def to_json(self) -> dict[str, Any]:
        """Return plain data, for a private file."""
        return {
            "types": {str(key): int(value) for key, value in self.types.items()},
            "names": {str(key): value for key, value in self.names.items()},
            "codes": {str(key): value for key, value in self.codes.items()},
            "limited": self.limited,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> People:
        """Return what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            types=_by_id(mapped(lambda each: AuthorizationIdType(integer(each)), stored["types"])),
            names=_by_id(mapped(text, stored["names"])),
            codes=_by_id(mapped(text, stored["codes"])),
            limited=optional(flag, stored["limited"]),
        )


def _by_id[T](values: Mapping[str, T]) -> dict[int, T]:
    return {int(key): value for key, value in obj(values).items()}


async def read_people(session: PinSession, *, keypad: bool) -> People:
    """Read the lists of a lock, codes only if it has a keypad.

    Raises what `PinSession.request` raises, and IncompleteListError.
    """
    authorizations = await directory.read_authorizations(session)
    codes = await directory.read_codes(session) if keypad else ()
    entries = await schedules.read_schedules(session)
    everybody = (*authorizations.others, *((authorizations.own,) if authorizations.own else ()))
    return People(
        types={each.authorization_id: each.id_type for each in everybody},
        names={each.authorization_id: shown(each.name) for each in everybody},
        codes={each.code_id: shown(each.name) for each in codes},
        limited=any(each.enabled for each in entries)
        or any(each.enabled and each.time_limited for each in (*everybody, *codes)),
    )
