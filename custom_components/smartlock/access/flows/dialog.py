"""What the forms about codes, users and time control share: progress while the lock is spoken to, and errors."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, override

from homeassistant.components.person import DOMAIN as PERSON_DOMAIN
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from custom_components.smartlock.access.access import LockAccess
from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.rules.entries import Code, User
from custom_components.smartlock.access.words import AccessWords
from custom_components.smartlock.clock.rules import Doubt
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.dialogs import as_markdown, is_set_up, while_loaded
from custom_components.smartlock.moments import hours_of
from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.problems import explained, problem
from custom_components.smartlock.protocol.errors import SettingsNotKeptError, SmartLockError

type Read = Callable[[Progress, bool], Awaitable[tuple[Any, ...]]]
"""Takes a callback for the progress, and whether to read the lock although the list is known."""
type Job = Callable[[], Coroutine[Any, Any, str]]
"""Writes to the lock, and returns in the owner's words what was done."""

# Without one of these nothing can be read: the form leads to the dialogs about the PIN.
NO_PIN = (PinState.NOT_SET, PinState.INVALID, PinState.BLOCKED)
CONF_PICKED = "picked"
CONF_PERSON = "person"
_PERSON = EntitySelector(EntitySelectorConfig(domain=PERSON_DOMAIN))
# A longer list is a choice to search in.
_SHORT_LIST = 12
# More lines than a menu can be read with.
LONGEST_LIST = 40
# Where an error is shown. Others are about no field.
FIELDS: Mapping[str, str] = {
    "bad_code_digits": "code",
    "bad_hours": "until",
    "bad_period": "end",
    "code_exists": "code",
    "hours_over_midnight": "until",
    "name_missing": "name",
    "name_too_long": "name",
    "needs_expiry": "end",
    "no_weekday": "weekdays",
}
# The entry that a form is about has gone or changed: only the list can tell what is there now.
_LOOK_AGAIN = frozenset(
    {AccessProblem.OUTCOME_UNKNOWN, AccessProblem.NO_SUCH_CODE, AccessProblem.NO_SUCH_USER}
    | {AccessProblem.NO_SUCH_SCHEDULE}
)


class AccessDialog(OptionsFlow):
    """A dialog that reads a list of the lock, and writes to it, while the owner sees how far it is."""

    def __init__(self) -> None:
        """Nothing was read yet."""
        self._task: asyncio.Task[Any] | None = None
        self._list_step = ""
        """The step that reads the list which the dialog is about."""
        self._list: tuple[Any, ...] = ()
        """The list as it was read."""
        self._refresh = True
        self._then = self._back = self._doubtful = self._pending = ""
        self._counted = ""
        self._errors: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._done = ""
        """What has just been done, for the next menu."""
        self.after_pin: list[str] = []
        """What the owner wanted to do when the PIN came first."""

    @property
    def is_loaded(self) -> bool:
        """Whether the lock is set up. The dialog stays open while it is not."""
        return is_set_up(self.config_entry)

    @property
    def access(self) -> LockAccess:
        """The lists of the lock as it is set up now."""
        access: LockAccess = self.config_entry.runtime_data.access
        return access

    @property
    def words(self) -> AccessWords:
        """The owner's words."""
        return AccessWords(self.hass)

    # --- Reading ------------------------------------------------------------------------------------------

    async def read_first(self, step_id: str, read: Read, then: str) -> ConfigFlowResult:
        """Read a list and go on with the step `then`; closing the dialog ends the reading."""
        if self._task is None:
            self._list_step, self._counted = step_id, ""
            if self.config_entry.runtime_data.pin.state in NO_PIN:
                return await self.async_step_pin_first()
            refresh, self._refresh = self._refresh, True
            self._task = self.hass.async_create_task(_awaited(read(self._count, refresh)), f"{DOMAIN} list")
        if not self._task.done():
            return self.async_show_progress(
                step_id=step_id,
                progress_action=f"reading_{step_id}",
                description_placeholders={"count": self._counted},
                progress_task=self._task,
            )
        task, self._task = self._task, None
        try:
            self._list = task.result()
        except PinUnavailableError:
            return self.async_show_progress_done(next_step_id="pin_first")
        except SmartLockError as error:
            self.note(error)
            return self.async_show_progress_done(next_step_id="not_read")
        return self.async_show_progress_done(next_step_id=then)

    @callback
    def _count(self, count: int, total: int | None) -> None:
        """Show how much has come."""
        self._counted = str(count) if total is None else f"{count} / {total}"
        self.async_notify_flow_changed()
        if total:
            self.async_update_progress(min(count / total, 1.0))

    async def async_step_pin_first(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say that the lists need the PIN, and lead to it."""
        self.after_pin = [self._list_step]
        return self.async_show_menu(step_id="pin_first", menu_options=["pin"])

    async def async_step_pin_accepted(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Lead back to what the owner wanted to do."""
        return self.async_show_menu(step_id="pin_accepted", menu_options=self.after_pin)

    @while_loaded
    async def async_step_not_read(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say why nothing could be read, and what still waits for the lock; then try again."""
        if user_input is not None:
            self.forget_errors()
            return await self.look_again()
        return self.show_form("not_read", {}, values={"done": self._done, "waiting": self.waiting()})

    @while_loaded
    async def async_step_not_known(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what is not known about a change, and read the list, which can tell."""
        if user_input is not None:
            self.forget_errors()
            self._refresh = True
            return await self.look_again()
        return self.show_form("not_known", {})

    async def look_again(self) -> ConfigFlowResult:
        """Read the list again."""
        result: ConfigFlowResult = await getattr(self, f"async_step_{self._list_step}")()
        return result

    def waiting(self) -> str:
        """Return what is to be removed and still there, in words; empty if there is none."""
        lines = [
            "- "
            + self.words.text(
                "waiting",
                name=as_markdown(self.access.removals.who(each)),
                since=self.words.moment(each.since),
            )
            for each in self.access.removals.pending
        ]
        return "\n".join([self.words.text("waiting_title"), "", *lines]) if lines else ""

    async def ask_person(
        self,
        step_id: str,
        entry: Code | User,
        link: Callable[[str | None], Awaitable[None]],
        user_input: dict[str, Any] | None,
    ) -> ConfigFlowResult:
        """Ask which person of Home Assistant uses an entry, and note it with `link`; the lock is not asked."""
        if user_input is not None:
            person = user_input.get(CONF_PERSON)
            try:
                await link(person)
            except SmartLockError as error:
                self.note(error)
            else:
                state = None if person is None else self.hass.states.get(person)
                whose = (state.name if state else person) or ""
                done = "linked" if whose else "unlinked"
                self._done = self.words.text(done, name=as_markdown(entry.name), person=as_markdown(whose))
                self._refresh = False
                return await self.look_again()
        known = {CONF_PERSON: entry.known.person}
        values = {"name": as_markdown(entry.name)}
        return self.show_form(
            step_id, {vol.Optional(CONF_PERSON): _PERSON}, known=known, values=values, last=True
        )

    # --- Writing ------------------------------------------------------------------------------------------

    async def write(
        self,
        job: Job,
        *,
        then: str,
        back: str,
        doubtful: str = "not_known",
        pending: str = "not_removed",
    ) -> ConfigFlowResult:
        """Do what was filled in, and go on with the step `then`, or `back` with an error in the form.

        `doubtful` is the step for an outcome that is not known, or an entry that is not there any more, `pending` that for
        a removal which will be done later. The job is done to its end even if the dialog is closed meanwhile: half of it
        would help nobody.
        """
        self.forget_errors()
        self._then, self._back, self._doubtful, self._pending = then, back, doubtful, pending
        self._done, self._refresh = "", False
        # No task of the entry, whose end one of them is.
        work = self.hass.async_create_task(_outcome(job), f"{DOMAIN} change of a list")
        self._task = self.hass.async_create_task(_seen(work), f"{DOMAIN} change of a list seen")
        return await self.async_step_writing()

    async def async_step_writing(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Wait for the lock. The lock may not be set up any more when it is done."""
        assert self._task is not None
        if not self._task.done():
            return self.async_show_progress(
                step_id="writing", progress_action="writing", progress_task=self._task
            )
        task, self._task = self._task, None
        match task.result():
            case PinUnavailableError():
                following = "pin_first"
            case AccessError(problem=AccessProblem.NOT_REMOVED_YET):
                following = self._pending
            case SmartLockError() as error:
                self.note(error)
                doubtful = isinstance(error, AccessError) and error.problem in _LOOK_AGAIN
                following = self._doubtful if doubtful else self._back
            case done:
                self._done, following = done, self._then
        return self.async_show_progress_done(next_step_id=following)

    @while_loaded
    async def async_step_not_removed(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say that something still works, and that it will be taken away later; then show the list."""
        if user_input is not None:
            self._refresh = True
            return await self.look_again()
        return self.show_form("not_removed", {}, values={"waiting": self.waiting()})

    # --- Forms --------------------------------------------------------------------------------------------

    def note(self, error: SmartLockError) -> None:
        """Keep an error for the next form."""
        key, reason = explained(error)
        if isinstance(error, SettingsNotKeptError):
            key = "not_kept"
        self._errors = {FIELDS.get(key, "base"): key}
        self._values = problem(error)[1] | {"reason": reason}

    def forget_errors(self) -> None:
        """Drop what was noted of an earlier attempt."""
        self._errors, self._values = {}, {}

    def show_form(
        self,
        step_id: str,
        fields: Mapping[Any, Any],
        *,
        known: Mapping[str, Any] | None = None,
        values: Mapping[str, str] | None = None,
        last: bool | None = None,
    ) -> ConfigFlowResult:
        """Show a form with what is known, and the errors that were noted. `last`: whether it is the last one."""
        schema = self.add_suggested_values_to_schema(vol.Schema(dict(fields)), known or {})
        names = {str(name) for name in fields}
        return self.async_show_form(
            step_id=step_id,
            data_schema=schema,
            errors={name if name in names else "base": key for name, key in self._errors.items()},
            description_placeholders={"name": self.config_entry.title, **self._values, **(values or {})},
            last_step=last,
        )

    def ask_which(
        self, step_id: str, options: Mapping[str, str], user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Ask for one of several. None is chosen beforehand, so that a hasty submit affects nobody."""
        if user_input is not None:
            self._errors = {CONF_PICKED: "no_choice"}
        mode = SelectSelectorMode.LIST if len(options) <= _SHORT_LIST else SelectSelectorMode.DROPDOWN
        entries = [SelectOptionDict(value=key, label=label) for key, label in options.items()]
        selector = SelectSelector(SelectSelectorConfig(options=entries, mode=mode))
        return self.show_form(step_id, {vol.Optional(CONF_PICKED): selector}, last=False)

    async def clock_note(self) -> str:
        """Return what the owner should know about the lock's clock when hours are shown; usually nothing.

        Raises SmartLockError.
        """
        doubts = self.access.doubts
        parts = []
        if Doubt.OTHER_TIME_ZONE in doubts:
            now = dt_util.utcnow().astimezone(await self.access.codes.zone())
            name = (self.access.codes.zone_name or "").replace("_", " ")
            parts.append(self.words.text("lock_zone", zone=name, time=hours_of(now.time())))
        parts += [self.words.text(doubt.value) for doubt in doubts if doubt is not Doubt.OTHER_TIME_ZONE]
        return "\n\n".join(f"⚠️ {part}" for part in parts)

    @override
    @callback
    def async_remove(self) -> None:
        """Forget what only this dialog knew."""
        self.forget_errors()


def listed(lines: list[str], none: str) -> str:
    """Return a list as Markdown, cut where nobody reads on."""
    shown = lines[:LONGEST_LIST]
    if more := len(lines) - len(shown):
        shown.append(f"- … + {more}")
    return "\n".join(shown) or none


async def _awaited[T](awaitable: Awaitable[T]) -> T:
    return await awaitable


async def _outcome(job: Job) -> str | SmartLockError:
    """Return what was done, or why it was not: the dialog may have been closed meanwhile."""
    try:
        return await job()
    except SmartLockError as error:
        return error


async def _seen[T](work: asyncio.Task[T]) -> T:
    """Wait for a task that goes on when nobody waits any more."""
    await asyncio.wait([work])
    return work.result()
