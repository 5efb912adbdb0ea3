"""The dialogs about the security PIN: in the options, and in the repair when a lock has refused it."""

from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]
import voluptuous as vol

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from simulator.lock.habits import Habits, LostPin
from simulator.virtual_lock import VirtualLock
from tests.integration.home import PINS, Home

RIGHT, WRONG, NEW = str(PINS["gen3"]), "1111", "2345"
ENTER, CHANGE, NONE, FORGET = "pin_enter", "pin_change", "pin_none", "pin_forget"


def sent(lock: VirtualLock) -> list[tuple[Any, Any]]:
    """Return to which commands about the PIN it was sent, and whether it was right."""
    return [
        (entry.facts["command"], entry.facts["accepted"])
        for entry in lock.journal.pins_sent
        if "SECURITY_PIN" in str(entry.facts["command"])
    ]


VERIFIED, REFUSED = ("VERIFY_SECURITY_PIN", True), ("VERIFY_SECURITY_PIN", False)
SET, NOT_SET = ("SET_SECURITY_PIN", True), ("SET_SECURITY_PIN", False)


class Dialog:
    """A dialog with the owner, in the options or where a lock has refused its PIN."""

    def __init__(self, home: Home, entry: MockConfigEntry, kind: str) -> None:
        """Open it; `kind` is `options` or `repair`."""
        self.home = home
        self.entry = entry
        self.manager: Any = home.hass.config_entries.options if kind == "options" else None
        self.flow_id = ""

    async def open(self) -> ConfigFlowResult:
        """Return the menu about the PIN."""
        if self.manager is self.home.hass.config_entries.options:
            flow = await self.manager.async_init(self.entry.entry_id)
            self.flow_id = flow["flow_id"]
            assert "pin" in flow["menu_options"]
            return await self.choose("pin")
        await self.home.hass.async_block_till_done()
        assert await async_setup_component(self.home.hass, REPAIRS_DOMAIN, {})
        self.manager = self.home.hass.data[REPAIRS_DOMAIN]["flow_manager"]
        flow = await self.manager.async_init(DOMAIN, data={"issue_id": self.home.issue_id("pin_refused")})
        self.flow_id = flow["flow_id"]
        assert isinstance(flow, dict)
        return flow

    async def choose(self, step: str) -> ConfigFlowResult:
        """Choose from a menu."""
        return await self.configure({"next_step_id": step})

    async def configure(self, given: dict[str, Any] | None) -> ConfigFlowResult:
        """Submit a form."""
        flow: ConfigFlowResult = await self.manager.async_configure(self.flow_id, given)
        return flow

    async def form(self, step: str) -> None:
        """Open the dialog and the form of a step."""
        await self.open()
        flow = await self.choose(step)
        six = "_six" if step == ENTER and self.entry.data["generation"] == "gen5" else ""
        assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, step + six)

    async def submit(self, **given: Any) -> dict[str, str]:
        """Submit a form and return the errors; none if the dialog is over and went well."""
        flow = await self.configure(given)
        if flow["type"] is FlowResultType.FORM:
            assert flow["data_schema"] is not None
            self.fields = {str(marker): type(marker) for marker in flow["data_schema"].schema}
            assert flow["errors"]
            return flow["errors"]
        if flow["type"] is FlowResultType.ABORT:
            return {"abort": flow["reason"]}
        assert flow["type"] is FlowResultType.CREATE_ENTRY
        await self.home.hass.async_block_till_done()
        return {}


async def refused_lock(
    home: Home, model: str = "gen3", **options: Any
) -> tuple[VirtualLock, MockConfigEntry]:
    """Set up a lock that has refused the stored PIN."""
    lock = home.add_lock(model, **options)
    entry = await home.set_up(lock, pin="1" * len(str(PINS[model])))
    await home.hass.async_block_till_done()
    return lock, entry


def asked(home: Home) -> ir.IssueEntry | None:
    """Return the repair that asks for the PIN."""
    return ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id("pin_refused"))


both = pytest.mark.parametrize("kind", ["options", "repair"])


# --- What is offered --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "pin", "choices"),
    [
        ("gen3", None, [ENTER, NONE]),
        ("ultra", None, [ENTER]),
        ("gen3", RIGHT, [CHANGE, ENTER, FORGET]),
        ("gen3", WRONG, [ENTER, NONE, FORGET]),
        ("ultra", "111111", [ENTER, NONE, FORGET]),
    ],
)
async def test_choices(home: Home, model: str, pin: str | None, choices: list[str]) -> None:
    lock = home.add_lock(model)
    entry = await home.set_up(lock, pin=pin)
    flow = await Dialog(home, entry, "options").open()
    assert flow["menu_options"] == choices
    assert str(pin) not in str(flow)


async def test_choices_while_blocked(home: Home) -> None:
    lock = home.add_lock()
    lock.faults.refuse_next(ErrorCode.K_TOO_MANY_PIN_ATTEMPTS, Command.VERIFY_SECURITY_PIN)
    entry = await home.set_up(lock, pin=RIGHT)
    flow = await Dialog(home, entry, "options").open()
    assert flow["menu_options"] == [ENTER, FORGET]


async def test_lock_that_is_unloaded_meanwhile(home: Home) -> None:
    _, entry = await refused_lock(home)
    form, menu = Dialog(home, entry, "options"), Dialog(home, entry, "options")
    await form.form(ENTER)
    flow = await menu.manager.async_init(entry.entry_id)
    menu.flow_id = flow["flow_id"]
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    assert await form.submit(pin=RIGHT) == {"abort": "not_loaded"}
    assert (await menu.choose("pin"))["reason"] == "not_loaded"


# --- Entering it ------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_right_one_is_entered(home: Home, kind: str, model: str) -> None:
    """After errors; and the other dialog has nothing to ask any more. Nothing is set up again for it."""
    lock, entry = await refused_lock(home, model)
    runtime = entry.runtime_data
    dialog = Dialog(home, entry, kind)
    await dialog.form(ENTER)
    right, wrong = str(PINS[model]), "2" * len(str(PINS[model]))
    for bad in ("", "12", right + "0", "x" * len(right)):
        assert await dialog.submit(pin=bad) == {"pin": "pin_format"}
    assert await dialog.submit(pin=wrong) == {"base": "wrong_pin"}
    assert await dialog.submit(pin=wrong) == {"base": "pin_refused_before"}
    assert await dialog.submit(pin=right) == {}
    assert sent(lock) == [REFUSED, REFUSED, VERIFIED]
    assert entry.options == {"pin": right}
    assert home.state("pin_state") == "valid"
    assert home.flows(lock) == []
    assert asked(home) is None
    assert entry.runtime_data is runtime


@both
async def test_refused_one_that_was_set_in_the_app_since(home: Home, kind: str) -> None:
    lock, entry = await refused_lock(home)
    dialog = Dialog(home, entry, kind)
    await dialog.form(ENTER)
    assert await dialog.submit(pin=WRONG) == {"base": "pin_refused_before"}
    assert dialog.fields == {"pin": vol.Required, "changed_in_app": vol.Optional}
    lock.set_pin(int(WRONG))
    assert await dialog.submit(pin=WRONG, changed_in_app=True) == {}
    assert sent(lock) == [REFUSED, VERIFIED]
    assert home.state("pin_state") == "valid"


async def test_no_more_than_three_within_an_hour(home: Home) -> None:
    lock, entry = await refused_lock(home, habits=Habits(pin_tries=99))
    dialog = Dialog(home, entry, "repair")
    await dialog.form(ENTER)
    for pin in ("2221", "2222"):
        assert await dialog.submit(pin=pin) == {"base": "wrong_pin"}
    assert await dialog.submit(pin="2223") == {"base": "pin_tries"}
    assert await dialog.submit(pin=WRONG) == {"base": "pin_refused_before"}
    assert await dialog.submit(pin=WRONG, changed_in_app=True) == {"base": "pin_tries"}
    assert len(sent(lock)) == 3
    assert entry.options == {"pin": WRONG}


@both
async def test_lock_that_cannot_be_reached(home: Home, kind: str) -> None:
    """The reason is told, and nothing has changed."""
    lock, entry = await refused_lock(home)
    dialog = Dialog(home, entry, kind)
    await dialog.form(ENTER)
    home.go_out_of_range(lock)
    assert (await dialog.submit(pin=RIGHT))["base"] in {"unreachable", "connection_lost"}
    assert entry.options == {"pin": WRONG}
    home.come_into_range(lock)
    await home.heard(lock)
    assert await dialog.submit(pin=RIGHT) == {}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (ErrorCode.K_TOO_MANY_PIN_ATTEMPTS, "pin_blocked"),
        (ErrorCode.K_BUSY, "busy"),
        (ErrorCode.K_MOTOR_BLOCKED, "refused"),
    ],
)
async def test_other_refusals(home: Home, code: ErrorCode, error: str) -> None:
    lock, entry = await refused_lock(home)
    dialog = Dialog(home, entry, "options")
    await dialog.form(ENTER)
    lock.faults.refuse_next(code, Command.VERIFY_SECURITY_PIN)
    assert await dialog.submit(pin=RIGHT) == {"base": error}
    assert await dialog.submit(pin=RIGHT) == {}


async def test_lock_that_does_not_know_us_either(home: Home) -> None:
    """The dialog about the PIN says so; the one that pairs again opens by itself."""
    lock, entry = await refused_lock(home)
    dialog, options = Dialog(home, entry, "repair"), Dialog(home, entry, "options")
    await dialog.form(ENTER)
    await options.form(ENTER)
    lock.delete_authorization(1)
    assert await options.submit(pin=RIGHT) == {"base": "not_authorized"}
    assert await dialog.submit(pin=RIGHT) == {"abort": "not_authorized"}


async def test_lock_without_a_pin_takes_zeros(home: Home) -> None:
    """Of the generations 1 to 4; the owner gives them."""
    lock = home.add_lock(pin=None)
    entry = await home.set_up(lock)
    dialog = Dialog(home, entry, "options")
    await dialog.form(ENTER)
    assert await dialog.submit(pin="0000") == {}
    assert home.state("pin_state") == "valid"
    assert sent(lock) == [VERIFIED]


# --- Changing it ------------------------------------------------------------------------------------------


async def test_another_one_is_set(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT, idle_time=3)
    dialog = Dialog(home, entry, "options")
    await dialog.form(CHANGE)
    assert await dialog.submit(new_pin="23", new_pin_again="23") == {"new_pin": "pin_format"}
    assert await dialog.submit(new_pin="0000", new_pin_again="0000") == {"new_pin": "pin_zero"}
    assert await dialog.submit(new_pin=NEW, new_pin_again="2346") == {"new_pin_again": "pin_differs"}
    assert sent(lock) == [VERIFIED]
    assert await dialog.submit(new_pin=NEW, new_pin_again=NEW) == {}
    assert sent(lock) == [VERIFIED, SET]
    assert entry.options == {"pin": NEW, "idle_time": 3}
    assert home.state("pin_state") == "valid"


async def test_what_became_of_a_setting_is_not_known(home: Home) -> None:
    """It is told, and found out with the next connection."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    dialog = Dialog(home, entry, "options")
    await dialog.form(CHANGE)
    record = lock.journal.record

    def out_of_reach(kind: Any, **facts: Any) -> None:
        record(kind, **facts)
        if kind == "settings_written":
            home.go_out_of_range(lock)

    lock.faults.drop_next_answer(Command.STATUS)
    lock.journal.record = out_of_reach  # type: ignore[method-assign]
    assert await dialog.submit(new_pin=NEW, new_pin_again=NEW) == {"base": "pin_outcome_unknown"}
    assert home.state("pin_state") == "unknown"
    assert entry.options == {"pin": RIGHT}
    home.come_into_range(lock)
    await home.until(lambda: home.state("pin_state") == "valid")
    assert entry.options == {"pin": NEW}
    assert sent(lock) == [VERIFIED, SET, VERIFIED]


# --- A lock without one -----------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("model", ["gen3", "ultra"])
@pytest.mark.parametrize("habit", list(LostPin))
async def test_lock_that_has_forgotten_it(home: Home, kind: str, model: str, habit: LostPin) -> None:
    """One try. Where it does not help, a repair says what does."""
    lock = home.add_lock(model, habits=Habits(lost_pin=habit))
    pin = str(PINS[model])
    entry = await home.set_up(lock, pin=pin)
    lock.swap_batteries(["pin"])
    # Something needs the PIN.
    other = Dialog(home, entry, "options")
    await other.form(CHANGE)
    new = "2" * len(pin)
    taken = await other.submit(new_pin=new, new_pin_again=new)
    if habit is LostPin.ACCEPTS_NEW:
        assert taken == {}
        assert home.state("pin_state") == "valid"
        return
    assert taken == {"base": "wrong_pin"}
    await home.hass.async_block_till_done()
    dialog = Dialog(home, entry, kind)
    await dialog.form(NONE)
    if habit is LostPin.ACCEPTS_ZERO:
        assert await dialog.submit() == {}
        assert home.state("pin_state") == "valid"
        assert entry.options == {"pin": pin}
        assert sent(lock)[-2:] == [NOT_SET, SET]
        assert ir.async_get(home.hass).issues == {}
        return
    assert await dialog.submit() == {"abort": "pin_lost"}
    assert home.state("pin_state") == "invalid"
    assert sent(lock)[-2:] == [NOT_SET, NOT_SET]
    assert ir.async_get(home.hass).async_get_issue("smartlock", home.issue_id("pin_lost"))
    again = Dialog(home, entry, "options")
    await again.form(NONE)
    assert await again.submit() == {"abort": "pin_lost"}
    assert len(sent(lock)) == 3


async def test_pin_is_set_in_a_lock_without_one(home: Home) -> None:
    lock = home.add_lock(pin=None)
    entry = await home.set_up(lock)
    dialog = Dialog(home, entry, "options")
    await dialog.form(NONE)
    with pytest.raises(vol.Invalid):
        await dialog.submit()
    assert await dialog.submit(new_pin=NEW, new_pin_again="1") == {"new_pin_again": "pin_differs"}
    assert await dialog.submit(new_pin=NEW, new_pin_again=NEW) == {}
    assert entry.options == {"pin": NEW}
    assert sent(lock) == [SET]
    assert home.state("pin_state") == "valid"


# --- Going on without -------------------------------------------------------------------------------------


@both
async def test_forgetting_it(home: Home, kind: str) -> None:
    lock, entry = await refused_lock(home)
    dialog = Dialog(home, entry, kind)
    await dialog.form(FORGET)
    assert await dialog.submit() == {}
    assert entry.options == {}
    assert home.state("pin_state") == "not_set"
    assert home.flows(lock) == []
    assert asked(home) is None
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    assert entry.state is ConfigEntryState.LOADED
    assert home.flows(lock) == []
    assert asked(home) is None
    assert sent(lock) == [REFUSED]


async def test_repair_is_there_after_a_restart(home: Home) -> None:
    """Without another try. No dialog says that the lock itself is lost: it locks as usual."""
    lock, entry = await refused_lock(home)
    assert asked(home)
    assert home.flows(lock) == []
    await home.call("unlock")
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.hass.async_block_till_done()
    assert asked(home)
    dialog = Dialog(home, entry, "repair")
    assert (await dialog.open())["menu_options"] == [ENTER, NONE, FORGET]
    assert sent(lock) == [REFUSED]
