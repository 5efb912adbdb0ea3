"""The forms about keypad codes: who has which, adding, changing, pausing, deleting."""

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
)
import voluptuous as vol

from custom_components.smartlock.access.code_changes import CodeChange, NewCode, check_change
from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError
from custom_components.smartlock.access.flows.dialog import CONF_PICKED, listed
from custom_components.smartlock.access.flows.right import CONF_WHEN, WHEN, NextForm, RightInput, RightSteps
from custom_components.smartlock.access.rules.entries import Code
from custom_components.smartlock.access.rules.rights import Kind, Right
from custom_components.smartlock.const import CONF_CODES_AS_SWITCHES, CONF_REMOVE_EXPIRED
from custom_components.smartlock.dialogs import as_markdown, while_loaded
from custom_components.smartlock.pin.flow import PASSWORD

CONF_NAME, CONF_CODE = "name", "code"
CONF_USES, CONF_GUEST = "uses", "guest"
_USES = NumberSelector(NumberSelectorConfig(min=1, max=99, step=1, mode=NumberSelectorMode.BOX))
_FIELDS: Mapping[Any, Any] = {
    vol.Required(CONF_NAME): TextSelector(),
    vol.Required(CONF_WHEN): WHEN,
    vol.Optional(CONF_CODE): PASSWORD,
    vol.Optional(CONF_USES): _USES,
    vol.Required(CONF_GUEST): BooleanSelector(),
}


class CodeSteps(RightSteps):
    """The forms about the codes of the keypad."""

    def __init__(self) -> None:
        """Nothing was read or filled in yet."""
        super().__init__()
        self._code_input: dict[str, Any] = {}
        self._code: Code | None = None
        """The code that was chosen."""
        self._shown_code: Code | None = None
        """The code whose digits are shown, until the form is left."""

    # --- The list -----------------------------------------------------------------------------------------

    @while_loaded
    async def async_step_codes(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Read the codes, then show them."""

        def read(progress: Progress, refresh: bool) -> Awaitable[tuple[Code, ...]]:
            return self.access.codes.async_list(progress, refresh=refresh)

        return await self.read_first("codes", read, "codes_menu")

    @while_loaded
    async def async_step_codes_menu(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show who has which code, and what can be done."""
        self.forget_errors()
        codes = self._codes
        self._code, self._code_input, self._shown_code, self._right = None, {}, None, None
        expired = sum(code.expired for code in codes)
        choices = ["code_add"]
        if codes:
            choices.append("code_pick")
        guests = sum(code.known.guest for code in codes)
        if guests:
            choices.append("guests")
        if expired:
            choices.append("codes_expired")
        choices.append("codes_options")
        return self.async_show_menu(
            step_id="codes_menu",
            menu_options=choices,
            description_placeholders={
                "done": self._done,
                "list": self._list_of(codes),
                "note": await self.clock_note(),
                "expired": str(expired),
                "guests": str(guests),
            },
        )

    @property
    def _codes(self) -> tuple[Code, ...]:
        return self._list

    def _list_of(self, codes: Iterable[Code]) -> str:
        lines = [
            f"- {self.words.labelled(f'**{as_markdown(code.name)}**', self.words.code(code))}"
            for code in codes
        ]
        return listed(lines, self.words.text("no_codes"))

    @while_loaded
    async def async_step_code_pick(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which code."""
        self._done = ""
        codes = self._codes
        if user_input is not None:
            picked = user_input.get(CONF_PICKED)
            self._code = next((code for code in codes if _key(code) == picked), None)
            if self._code is not None:
                return await self.async_step_code()
        options = {_key(code): self.words.labelled(code.name, self.words.code(code)) for code in codes}
        return self.ask_which("code_pick", options, user_input)

    @while_loaded
    async def async_step_code(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show one code, and what can be done with it."""
        self.forget_errors()
        code = self._code
        assert code is not None
        pause = "code_pause" if code.enabled else "code_resume"
        return self.async_show_menu(
            step_id="code",
            menu_options=["code_change", pause, "code_person", "code_show", "code_delete"],
            description_placeholders=self._about_code(code),
        )

    def _about_code(self, code: Code) -> dict[str, str]:
        return {
            "code_name": as_markdown(code.name),
            "right": self.words.code(code),
            "used": self.words.used(code.last_used, code.use_count),
        }

    # --- Adding -------------------------------------------------------------------------------------------

    @while_loaded
    async def async_step_code_add(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for whom, which digits, and when."""
        self._done = ""
        if user_input is not None and self._taken(user_input):
            return await self.ask_when(self._right_input(Right(), self._add, "code_add"))
        known = self._code_input or {CONF_WHEN: Kind.ALWAYS.value, CONF_GUEST: False}
        return self.show_form("code_add", _FIELDS, known=known, last=False)

    def _right_input(self, had: Right, then: NextForm, form: str) -> RightInput:
        kind = Kind(self._code_input[CONF_WHEN])
        counted = self._uses is not None
        if counted and kind is Kind.RECURRING:
            # Without an end of its own it would be over a day after it was made.
            kind = Kind.PERIOD_AND_RECURRING
        return RightInput(had=had, kind=kind, then=then, form=form, needs_end=counted)

    @property
    def _uses(self) -> int | None:
        uses = self._code_input.get(CONF_USES)
        return None if uses is None else int(uses)

    def _taken(self, user_input: Mapping[str, Any]) -> bool:
        """Take what was filled in about a code, unless it is wrong in itself."""
        self.forget_errors()
        self._code_input = dict(user_input)
        change = CodeChange(name=user_input[CONF_NAME], digits=user_input.get(CONF_CODE) or None)
        try:
            check_change(change)
        except AccessError as error:
            self.note(error)
        return not self._errors

    async def _add(self) -> ConfigFlowResult:
        assert self._right is not None
        new = NewCode(
            name=self._code_input[CONF_NAME].strip(),
            digits=self._code_input.get(CONF_CODE) or None,
            right=self._right.change,
            uses=self._uses,
            guest=self._code_input[CONF_GUEST],
        )

        async def add() -> str:
            self._shown_code = await self.access.codes.async_add(new)
            return ""

        return await self.write(add, then="code_done", back=self._right.last_form)

    async def async_step_code_done(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the digits, this once; the lock may not be set up at the moment."""
        return await self._show_digits("code_done", user_input)

    async def async_step_code_show(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the digits of a code that is there."""
        if user_input is None:
            self._shown_code = self._code
        return await self._show_digits("code_show", user_input)

    async def _show_digits(self, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        code = self._shown_code
        if code is None or user_input is not None:
            self._shown_code, self._refresh = None, False
            return await self.async_step_codes()
        digits = f"{code.digits[:3]} {code.digits[3:]}"
        values = {"digits": digits, **self._about_code(code)}
        return self.show_form(step_id, {}, values=values, last=True)

    # --- Changing -----------------------------------------------------------------------------------------

    @while_loaded
    async def async_step_code_change(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what is to be different; what is left as it is stays as it is."""
        code = self._code
        assert code is not None
        if user_input is not None and self._taken(user_input):
            return await self.ask_when(self._right_input(code.right, self._change, "code_change"))
        known = self._code_input or {
            CONF_NAME: code.name,
            CONF_WHEN: code.right.kind.value,
            CONF_USES: code.known.uses_left,
            CONF_GUEST: code.known.guest,
        }
        values = {"code_name": as_markdown(code.name)}
        return self.show_form("code_change", _FIELDS, known=known, values=values, last=False)

    async def _change(self) -> ConfigFlowResult:
        code, right = self._code, self._right
        assert code is not None
        assert right is not None
        name, guest = self._code_input[CONF_NAME].strip(), self._code_input[CONF_GUEST]
        change = CodeChange(
            name=None if name == code.name else name,
            digits=self._code_input.get(CONF_CODE) or None,
            right=right.change,
            uses=None if self._uses == code.known.uses_left else self._uses,
            clear_uses=self._uses is None and code.known.uses_left is not None,
            guest=None if guest == code.known.guest else guest,
        )
        return await self._update(code, change, "code_changed", back=right.last_form)

    @while_loaded
    async def async_step_code_pause(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let a code open no more until it is resumed."""
        return await self._switch("code_pause", user_input, enabled=False)

    @while_loaded
    async def async_step_code_resume(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let a paused code open again."""
        return await self._switch("code_resume", user_input, enabled=True)

    async def _switch(
        self, step_id: str, user_input: dict[str, Any] | None, *, enabled: bool
    ) -> ConfigFlowResult:
        code = self._code
        assert code is not None
        if user_input is None and self._errors:
            return self.show_form(step_id, {}, values=self._about_code(code), last=True)
        done = "code_resumed" if enabled else "code_paused"
        return await self._update(code, CodeChange(enabled=enabled), done, back=step_id)

    async def _update(self, code: Code, change: CodeChange, done: str, *, back: str) -> ConfigFlowResult:
        async def update() -> str:
            changed = await self.access.codes.async_update(code.code_id, change, created=code.created)
            return self.words.text(
                done, name=as_markdown(changed.name), right=self.words.right(changed.right)
            )

        return await self.write(update, then="codes", back=back)

    @while_loaded
    async def async_step_code_person(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which person uses a code."""
        code = self._code
        assert code is not None

        async def link(person: str | None) -> None:
            await self.access.codes.async_link(code.code_id, person, code.created)

        return await self.ask_person("code_person", code, link, user_input)

    # --- Guests -------------------------------------------------------------------------------------------

    @while_loaded
    async def async_step_guests(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the codes of guests, and pause or resume them all."""
        self._done = ""
        return self.async_show_menu(
            step_id="guests",
            menu_options=["guests_pause", "guests_resume"],
            description_placeholders=self._about_guests(),
        )

    def _about_guests(self) -> dict[str, str]:
        guests = [code for code in self._codes if code.known.guest]
        return {"list": self._list_of(guests), "guests": str(len(guests))}

    @while_loaded
    async def async_step_guests_pause(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let no guest code open until they are resumed."""
        return await self._switch_guests("guests_pause", user_input, enabled=False)

    @while_loaded
    async def async_step_guests_resume(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let all guest codes open again."""
        return await self._switch_guests("guests_resume", user_input, enabled=True)

    async def _switch_guests(
        self, step_id: str, user_input: dict[str, Any] | None, *, enabled: bool
    ) -> ConfigFlowResult:
        if user_input is None and self._errors:
            return self.show_form(step_id, {}, values=self._about_guests(), last=True)

        async def switch() -> str:
            changed = await self.access.codes.async_pause_guests(enabled=enabled)
            return self.words.text("guests_resumed" if enabled else "guests_paused", count=str(changed))

        return await self.write(switch, then="codes", back=step_id)

    # --- Deleting -----------------------------------------------------------------------------------------

    @while_loaded
    async def async_step_code_delete(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what goes with a code, and delete it."""
        code = self._code
        assert code is not None
        if user_input is None:
            return self.show_form("code_delete", {}, values=self._about_code(code), last=True)

        async def delete() -> str:
            await self.access.codes.async_delete(code.code_id, created=code.created)
            return self.words.text("code_deleted", name=as_markdown(code.name))

        return await self.write(delete, then="codes", back="code_delete")

    @while_loaded
    async def async_step_codes_expired(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Name the codes that will never be good again, and delete them."""
        expired = [code for code in self._codes if code.expired]
        if user_input is None:
            values = {"list": self._list_of(expired)}
            return self.show_form("codes_expired", {}, values=values, last=True)

        async def delete() -> str:
            deleted = await self.access.codes.async_delete_expired()
            return self.words.text("codes_deleted", count=str(len(deleted)))

        return await self.write(delete, then="codes", back="codes_expired")

    # --- Options ------------------------------------------------------------------------------------------

    async def async_step_codes_options(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and store what Home Assistant does with codes without being asked."""
        options = self.config_entry.options
        if user_input is not None:
            return self.async_create_entry(data={**options, **user_input})
        fields = {
            vol.Required(CONF_REMOVE_EXPIRED): BooleanSelector(),
            vol.Required(CONF_CODES_AS_SWITCHES): BooleanSelector(),
        }
        known = {CONF_REMOVE_EXPIRED: True, CONF_CODES_AS_SWITCHES: False, **options}
        return self.show_form("codes_options", fields, known=known, last=True)

    @override
    @callback
    def async_remove(self) -> None:
        super().async_remove()
        self._code, self._code_input, self._shown_code = None, {}, None


def _key(code: Code) -> str:
    """Return what identifies a code while a form is open: ids may be given again."""
    return f"{code.code_id}@{code.created}"
