"""The forms about people: who may open the lock with what, changing, pausing, deleting, and what to do after a loss."""

from collections.abc import Awaitable
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import callback
from homeassistant.helpers.selector import BooleanSelector, TextSelector
import voluptuous as vol

from custom_components.smartlock.access.base import check_name
from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError
from custom_components.smartlock.access.flows.codes import CONF_NAME
from custom_components.smartlock.access.flows.dialog import CONF_PICKED, listed
from custom_components.smartlock.access.flows.right import CONF_WHEN, WHEN, RightInput, RightSteps
from custom_components.smartlock.access.limits import NAME_OF_USER
from custom_components.smartlock.access.rules.entries import User
from custom_components.smartlock.access.rules.rights import Kind
from custom_components.smartlock.access.users import UserChange
from custom_components.smartlock.dialogs import as_markdown, while_loaded

CONF_REMOTE = "remote"


class UserSteps(RightSteps):
    """The forms about the authorizations of the lock, which owners call people."""

    def __init__(self) -> None:
        """Nothing was read or filled in yet."""
        super().__init__()
        self._user: User | None = None
        """The one that was chosen."""
        self._user_input: dict[str, Any] = {}

    # --- The list -----------------------------------------------------------------------------------------

    @while_loaded
    async def async_step_users(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Read the authorizations, then show them."""

        def read(progress: Progress, refresh: bool) -> Awaitable[tuple[User, ...]]:
            return self.access.users.async_list(progress, refresh=refresh)

        return await self.read_first("users", read, "users_menu")

    @while_loaded
    async def async_step_users_menu(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show who has what, and what can be done."""
        self.forget_errors()
        self._user, self._user_input, self._right = None, {}, None
        choices = ["user_pick"]
        if any(_may_be_lost(user) for user in self._users):
            choices.append("lost_phone")
        lines = [self._line(user) for user in self._users]
        return self.async_show_menu(
            step_id="users_menu",
            menu_options=choices,
            description_placeholders={
                "done": self._done,
                "list": listed(lines, ""),
                "note": await self.clock_note(),
            },
        )

    @property
    def _users(self) -> tuple[User, ...]:
        return self._list

    def _line(self, user: User) -> str:
        about = f"{self.words.user(user)}. {self._used(user)}"
        return f"- {self.words.labelled(f'**{as_markdown(user.name)}**', about)}"

    def _used(self, user: User) -> str:
        return self.words.used(user.last_active, user.use_count)

    @while_loaded
    async def async_step_user_pick(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask who it is about."""
        self._done = ""
        if user_input is not None and self._picked(user_input):
            return await self.async_step_user()
        options = {_key(user): self.words.labelled(user.name, self.words.user(user)) for user in self._users}
        return self.ask_which("user_pick", options, user_input)

    def _picked(self, user_input: dict[str, Any]) -> bool:
        picked = user_input.get(CONF_PICKED)
        self._user = next((user for user in self._users if _key(user) == picked), None)
        return self._user is not None

    @while_loaded
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show one entry, and what can be done with it."""
        self.forget_errors()
        user = self._user
        assert user is not None
        if user.is_home_assistant:
            return self.async_show_menu(
                step_id="user_own",
                menu_options=["user_rename", "leave"],
                description_placeholders=self._about_user(user),
            )
        change = "user_rename" if user.protected else "user_change"
        pause = "user_pause" if user.enabled else "user_resume"
        # An accessory is no person's.
        person = () if user.protected else ("user_person",)
        return self.async_show_menu(
            step_id="user",
            menu_options=[change, pause, *person, "user_delete"],
            description_placeholders=self._about_user(user),
        )

    async_step_user_own = async_step_user

    def _about_user(self, user: User) -> dict[str, str]:
        return {
            "user_name": as_markdown(user.name),
            "right": self.words.user(user),
            "used": self._used(user),
            "warning": self.words.text("warning", what=self.words.what_stops(user)) if user.protected else "",
        }

    # --- Changing -----------------------------------------------------------------------------------------

    @while_loaded
    async def async_step_user_change(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the name, the right, and whether it may be used from afar."""
        user = self._user
        assert user is not None
        if user_input is not None and self._taken_user(user_input):
            kind = Kind(user_input[CONF_WHEN])
            return await self.ask_when(
                RightInput(had=user.right, kind=kind, then=self._change_user, form="user_change")
            )
        fields = {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_WHEN): WHEN,
            vol.Required(CONF_REMOTE): BooleanSelector(),
        }
        known = self._user_input or {
            CONF_NAME: user.name,
            CONF_WHEN: user.right.kind.value,
            CONF_REMOTE: user.remote_allowed,
        }
        return self.show_form("user_change", fields, known=known, values=self._about_user(user), last=False)

    @while_loaded
    async def async_step_user_rename(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the name alone: our own entry and accessories keep the rest."""
        user = self._user
        assert user is not None
        if user_input is not None and self._taken_user(user_input):
            return await self._update_user(self._name_change(user), "code_changed", back="user_rename")
        known = self._user_input or {CONF_NAME: user.name}
        fields = {vol.Required(CONF_NAME): TextSelector()}
        return self.show_form("user_rename", fields, known=known, values=self._about_user(user), last=True)

    def _taken_user(self, user_input: dict[str, Any]) -> bool:
        self.forget_errors()
        self._user_input = user_input
        try:
            check_name(user_input[CONF_NAME], NAME_OF_USER)
        except AccessError as error:
            self.note(error)
        return not self._errors

    def _name_change(self, user: User, **more: Any) -> UserChange:
        name = self._user_input[CONF_NAME].strip()
        return UserChange(name=None if name == user.name else name, **more)

    async def _change_user(self) -> ConfigFlowResult:
        user, right = self._user, self._right
        assert user is not None
        assert right is not None
        remote = self._user_input[CONF_REMOTE]
        change = self._name_change(
            user, remote_allowed=None if remote == user.remote_allowed else remote, right=right.change
        )
        return await self._update_user(change, "code_changed", back=right.last_form)

    @while_loaded
    async def async_step_user_person(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which person has a phone or a fob."""
        user = self._user
        assert user is not None

        async def link(person: str | None) -> None:
            await self.access.users.async_link(user.user_id, person, user.created)

        return await self.ask_person("user_person", user, link, user_input)

    @while_loaded
    async def async_step_user_pause(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let somebody open no more until it is resumed; for accessories say first what stops."""
        user = self._user
        assert user is not None
        if user_input is None and (user.protected or self._errors):
            return self.show_form("user_pause", {}, values=self._about_user(user), last=True)
        return await self._update_user(UserChange(enabled=False), "code_paused", back="user_pause")

    @while_loaded
    async def async_step_user_resume(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let somebody open again."""
        user = self._user
        assert user is not None
        if user_input is None and self._errors:
            return self.show_form("user_resume", {}, values=self._about_user(user), last=True)
        return await self._update_user(UserChange(enabled=True), "user_resumed", back="user_resume")

    async def _update_user(
        self,
        change: UserChange,
        done: str,
        *,
        back: str,
        then: str = "users",
        pending: str = "not_removed",
    ) -> ConfigFlowResult:
        user = self._user
        assert user is not None

        async def update() -> str:
            changed = await self.access.users.async_update(
                user.user_id, change, confirmed=True, created=user.created
            )
            return self.words.text(
                done, name=as_markdown(changed.name), right=self.words.right(changed.right)
            )

        return await self.write(update, then=then, back=back, pending=pending)

    # --- Deleting -----------------------------------------------------------------------------------------

    @while_loaded
    async def async_step_user_delete(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what deleting means, and delete."""
        user = self._user
        assert user is not None
        if user_input is None:
            return self.show_form("user_delete", {}, values=self._about_user(user), last=True)
        return await self._delete_user(user, then="users", back="user_delete")

    async def _delete_user(self, user: User, *, then: str, back: str) -> ConfigFlowResult:
        async def delete() -> str:
            await self.access.users.async_delete(user.user_id, confirmed=True, created=user.created)
            return self.words.text("user_deleted", name=as_markdown(user.name))

        return await self.write(delete, then=then, back=back)

    # --- Lost ---------------------------------------------------------------------------------------------

    @while_loaded
    async def async_step_lost_phone(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what was lost, and pause it at once: that can be taken back."""
        self._done = ""
        if user_input is not None and self._picked(user_input):
            return await self._update_user(
                UserChange(enabled=False),
                "code_paused",
                back="lost_phone",
                then="lost_phone_paused",
                pending="lost_phone_pending",
            )
        options = {
            _key(user): self.words.labelled(user.name, f"{self.words.user_type(user)}. {self._used(user)}")
            for user in self._users
            if _may_be_lost(user)
        }
        return self.ask_which("lost_phone", options, user_input)

    @while_loaded
    async def async_step_lost_phone_paused(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what else there is to do."""
        user = self._user
        assert user is not None
        self._refresh, self.after_pin = True, ["codes", "users"]
        return self.async_show_menu(
            step_id="lost_phone_paused",
            menu_options=["lost_phone_delete", "pin_change", "codes", "user_resume", "users"],
            description_placeholders=self._about_user(user),
        )

    @while_loaded
    async def async_step_lost_phone_pending(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that it still opens the door, and what can be done at once."""
        user = self._user
        assert user is not None
        self._refresh, self.after_pin = True, ["codes", "users"]
        return self.async_show_menu(
            step_id="lost_phone_pending",
            menu_options=["codes", "users"],
            description_placeholders=self._about_user(user),
        )

    @while_loaded
    async def async_step_lost_phone_delete(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Delete what was lost."""
        user = self._user
        assert user is not None
        if user_input is None and self._errors:
            return self.show_form("lost_phone_delete", {}, values=self._about_user(user), last=True)
        return await self._delete_user(user, then="lost_phone_deleted", back="lost_phone_delete")

    @while_loaded
    async def async_step_lost_phone_deleted(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what is left to do: what else the finder may know."""
        user = self._user
        assert user is not None
        self._refresh, self.after_pin = True, ["codes", "users"]
        return self.async_show_menu(
            step_id="lost_phone_deleted",
            menu_options=["pin_change", "codes", "users"],
            description_placeholders=self._about_user(user),
        )

    @override
    @callback
    def async_remove(self) -> None:
        super().async_remove()
        self._user, self._user_input = None, {}


def _may_be_lost(user: User) -> bool:
    return not user.is_home_assistant and not user.protected


def _key(user: User) -> str:
    """Return what identifies an entry while a form is open: ids may be given again."""
    return f"{user.user_id}@{user.created}"
