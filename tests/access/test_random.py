"""Rights at random, by actions, in dialogs and with the owner's app: what was not named never changes, byte for byte.

In CI it is short. For a long campaign: scripts/test tests/access/test_random.py --hypothesis-profile=campaign
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from datetime import timedelta
import random
import secrets
from typing import Any

from homeassistant.core import Context
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from hypothesis import settings
import pytest

from custom_components.smartlock.access import directory
from custom_components.smartlock.access.rules.digits import made
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.pin.guard import PinSession
from custom_components.smartlock.protocol.enums import AuthorizationIdType, Weekdays
from custom_components.smartlock.protocol.messages import KeypadCode, TimeLimit
from custom_components.smartlock.protocol.wire import Date7, Time2, shown
from tests.access.doors import Door
from tests.access.owner import Owner
from tests.integration.home import Home

CAMPAIGN = settings.get_current_profile_name() == "campaign"
STORIES, STEPS = (150, 120) if CAMPAIGN else (1, 60)
# A day nobody knows, seconds, and what stands behind the end of a name: all of it is the app's business.
ODD = TimeLimit(
    allowed_from=Date7(2026, 1, 2, 3, 4, 5),
    allowed_until=Date7(2036, 6, 7, 8, 9, 10),
    allowed_weekdays=Weekdays(0x80 | Weekdays.MONDAY),
    allowed_from_time=Time2(9, 1),
    allowed_until_time=Time2(12, 2),
)
APPS = replace(ODD, allowed_weekdays=Weekdays.MONDAY)
# They say what has happened at the door, and not what somebody has set.
COUNTERS = {"last_active", "lock_count"}
FIELDS_OF_USER = ("name", "id_type", "enabled", "remote_allowed", "created", "time_limited")

type Entry = tuple[str, int]
type State = dict[tuple[Entry, str], Any]


class Story:
    """One lock, and everybody who changes it."""

    def __init__(self, door: Door, seed: int) -> None:
        """Begin."""
        self.door = door
        self.chance = random.Random(f"rights {seed}")
        self.may_change: set[tuple[Entry, str]] = set()
        """What is named in this step."""
        self.whole: set[Entry] = set()
        """What is added or deleted in this step."""
        self.adds = False
        self.done: list[str] = []

    # --- What is there ------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return everything that can be set about codes and users."""
        found: State = {}
        for code in self.door.codes:
            entry = "code", code.code_id
            for field in fields(code):
                if field.name not in {*COUNTERS, "limit"}:
                    found[entry, field.name] = getattr(code, field.name)
            found |= {((entry), name): value for name, value in _parts(code.limit)}
        for user in self.door.lock.authorizations:
            entry = "user", user.session.authorization_id
            found |= {(entry, name): getattr(user, name) for name in FIELDS_OF_USER}
            found |= {(entry, name): value for name, value in _parts(user.limit)}
        return found

    def wrong(self, before: State) -> list[str]:
        """Return what has changed although nobody has named it."""
        after = self.state()
        there = {entry for entry, _ in before}
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        return [
            f"after {self.done[-1]}: {key} was {before.get(key)!r}, and is {after.get(key)!r}"
            for key in sorted(changed - self.may_change)
            if key[0] not in self.whole and not (self.adds and key[0] not in there)
        ]

    # --- Steps --------------------------------------------------------------------------------------------

    async def step(self) -> list[str]:
        """Have somebody do something, and return what is wrong afterwards."""
        await asyncio.sleep(self.chance.random() * 60)
        self.may_change, self.whole, self.adds = set(), set(), False
        before = self.state()
        deeds: list[Callable[[], Awaitable[None]]] = [
            *3 * [self.update_code],
            *2 * [self.update_user, self.pause_in_dialog, self.in_the_app],
            self.add_code,
            self.delete_code,
            self.touch_an_accessory,
        ]
        deed = self.chance.choice(deeds)
        self.done.append(deed.__name__)
        await deed()
        return self.wrong(before)

    async def call(self, action: str, /, **data: Any) -> bool:
        """Call an action, and return whether it succeeded."""
        hass, entity_id = self.door.home.hass, self.door.home.entity_id("lock")
        self.done[-1] += f" {action} {data}"
        try:
            await hass.services.async_call(
                DOMAIN,
                action,
                {"entity_id": entity_id, **data},
                blocking=True,
                return_response=True,
                context=Context(),
            )
        except HomeAssistantError:
            return False
        return True

    def _right(self, entry: Entry, limited: int) -> dict[str, Any]:
        """Return fields of an action for a right, and take note of what they name."""
        named: dict[str, Any] = {}
        if self.chance.random() < 0.4:
            named["weekdays"] = self.chance.sample(["mon", "tue", "fri", "sun"], 2)
            self.may_change.add((entry, "allowed_weekdays"))
        if self.chance.random() < 0.3:
            named |= {"start_time": "08:00", "end_time": "11:30"}
            self.may_change |= {(entry, "allowed_from_time"), (entry, "allowed_until_time")}
        if self.chance.random() < 0.3:
            days = self.chance.randrange(2, 90)
            named["end_datetime"] = (dt_util.now() + timedelta(days=days)).isoformat(timespec="seconds")
            self.may_change.add((entry, "allowed_until"))
        if named and not limited:
            # What stood there counted for nothing.
            self.may_change |= {(entry, name) for name, _ in _parts(ODD)} | {(entry, "time_limited")}
        return named

    async def update_code(self) -> None:
        """Change some fields of a code, and nothing else."""
        if not self.door.codes:
            return
        code = self.chance.choice(self.door.codes)
        entry = "code", code.code_id
        named = self._right(entry, code.time_limited)
        for field, name, value in (
            ("new_name", "name", f"Name {self.chance.randrange(99)}"),
            ("code", "code", made(self.chance.choice)),
            ("enabled", "enabled", self.chance.random() < 0.5),
        ):
            if self.chance.random() < 0.3:
                named[field] = value
                self.may_change.add((entry, name))
        await self.call("update_code", code_id=code.code_id, **named)

    async def add_code(self) -> None:
        """Add a code, as long as there are few."""
        self.adds = True
        if len(self.door.codes) < 8:
            await self.call("add_code", name=f"New {self.chance.randrange(99)}")

    async def delete_code(self) -> None:
        """Delete a code, as long as there are some."""
        if len(self.door.codes) > 3:
            code = self.chance.choice(self.door.codes)
            self.whole.add(("code", code.code_id))
            await self.call("delete_code", code_id=code.code_id)

    async def update_user(self) -> None:
        """Change some fields of a phone."""
        phones = [user for user in self.door.lock.authorizations if user.name.startswith("Phone")]
        phone = self.chance.choice(phones)
        entry = "user", phone.session.authorization_id
        named = self._right(entry, phone.time_limited)
        if self.chance.random() < 0.4:
            named["enabled"] = self.chance.random() < 0.5
            self.may_change.add((entry, "enabled"))
        if self.chance.random() < 0.4:
            named["name"] = f"Phone {self.chance.randrange(99)}"
            self.may_change.add((entry, "name"))
        await self.call("update_user", user_id=entry[1], **named)

    async def touch_an_accessory(self) -> None:
        """Try to take away what nobody has confirmed: ours, a keypad, a Bridge."""
        users = [user for user in self.door.lock.authorizations if user.id_type in PROTECTED]
        users += [user for user in self.door.lock.authorizations if user.name == "Home Assistant"]
        user_id = self.chance.choice(users).session.authorization_id
        if self.chance.random() < 0.5:
            assert not await self.call("delete_user", user_id=user_id)
        else:
            assert not await self.call("update_user", user_id=user_id, enabled=False)

    async def pause_in_dialog(self) -> None:
        """Pause or resume a code in the options."""
        if not self.door.codes:
            return
        code = self.chance.choice(self.door.codes)
        self.may_change.add((("code", code.code_id), "enabled"))
        self.done[-1] += f" {code.code_id}"
        owner = await Owner.at(self.door, "codes", "code_pick")
        picked = [
            value for label, value in owner.options().items() if label.startswith(f"{shown(code.name)}:")
        ]
        await owner.submit(picked=self.chance.choice(picked or list(owner.options().values())))
        self.may_change |= {(("code", each.code_id), "enabled") for each in self.door.codes}
        await owner.choose("code_pause" if "code_pause" in owner.choices else "code_resume")
        owner.close()

    async def in_the_app(self) -> None:
        """Have the owner do something with the maker's app."""
        app, codes = self.door.lock, self.door.codes
        deed = self.chance.randrange(3)
        if deed == 0 and len(codes) < 8:
            self.adds = True
            app.add_code(int(made(self.chance.choice)), "App", self.chance.choice([APPS, None]))
        elif deed == 1 and len(codes) > 3:
            code = self.chance.choice(codes)
            self.whole.add(("code", code.code_id))
            app.delete_code(code.code_id)
        elif codes:
            code = self.chance.choice(codes)
            self.may_change.add((("code", code.code_id), "enabled"))
            app.pause_code(code.code_id, paused=self.chance.random() < 0.5)


PROTECTED = (AuthorizationIdType.KEYPAD, AuthorizationIdType.BRIDGE)


def _parts(limit: TimeLimit) -> list[tuple[str, Any]]:
    return [(entry.name, getattr(limit, entry.name)) for entry in limit.wire_fields]


async def story(home: Home, seed: int, steps: int) -> list[str]:
    """Return what went wrong in a story of so many steps."""
    door = await Door.of(home)
    door.lock.authorizations.add(
        secrets.token_bytes(32), app_id=2, name="Bridge", id_type=AuthorizationIdType.BRIDGE
    )
    for number in (1, 2):
        phone = door.lock.authorizations.add(
            secrets.token_bytes(32), app_id=7 + number, name=f"Phone\0\udcfe{number}"
        )
        phone.time_limited, phone.limit = number - 1, ODD
    door.put(345678, "Limited\0\udcfe", time_limited=1, limit=ODD)
    door.put(345679, "Paused\0\udcff", time_limited=1, limit=ODD, enabled=0)
    door.put(345671, "Always", time_limited=0, limit=ODD)
    told, wrong = Story(door, seed), []
    for _ in range(steps):
        wrong += await told.step()
    protected = [user.id_type for user in door.lock.authorizations if user.id_type in PROTECTED]
    assert sorted(protected) == sorted(PROTECTED)
    # The lock still does what its owner wants.
    await home.call("unlock")
    assert not door.lock.bolt_locked
    await home.until(lambda: home.state() == "unlocked")
    return wrong


@pytest.mark.parametrize("seed", range(STORIES))
async def test_what_is_not_named_stays(home: Home, seed: int) -> None:
    """For an hour or so, with accessories that nobody has confirmed to be gone."""
    assert await story(home, seed, STEPS) == []


async def test_a_field_that_is_lost_is_noticed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The campaign is none without that."""
    change = directory.change_code

    async def loses_hours(session: PinSession, code: KeypadCode) -> None:
        limit = TimeLimit(allowed_from=code.limit.allowed_from) if code.limit else None
        values = {entry.name: getattr(code, entry.name) for entry in code.wire_fields}
        await change(session, KeypadCode(**(values | {"limit": limit})))

    monkeypatch.setattr(directory, "change_code", loses_hours)
    assert any("allowed_until_time" in each for each in await story(home, 0, 25))
