"""Every block of YAML in README and docs does what it is shown for: actions run on a lock, ESPHome takes its own.

A block of a kind that nobody knows here is an error: it has no test.
"""

from collections.abc import Iterator
import os
from pathlib import Path
import subprocess
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.script import Script, async_validate_actions_config
from homeassistant.helpers.template import Template
import pytest
import yaml

from custom_components.smartlock.const import DOMAIN
from tests.access.doors import Door
from tests.documents.reading import ROOT, Block, blocks
from tests.integration.home import Home

YAML = [block for block in blocks() if block.language == "yaml"]
ESPHOME = ROOT / ".cache" / "venv-esphome" / "bin" / "esphome"
# In documents the lock is called so.
LOCK = "lock.front_door"

# A proxy without what the documents add to it.
PROXY: dict[str, Any] = {
    "esphome": {"name": "door"},
    "esp32": {"board": "esp32dev", "framework": {"type": "esp-idf"}},
    "api": None,
    "bluetooth_proxy": {"active": True},
    "esp32_ble_tracker": None,
}
WIFI = {"wifi": {"ssid": "home", "password": "not a secret"}}
ETHERNET = {
    "ethernet": {
        "type": "LAN8720",
        "mdc_pin": "GPIO23",
        "mdio_pin": "GPIO18",
        "clk": {"pin": "GPIO17", "mode": "CLK_OUT"},
    }
}


def kind(block: Block) -> str:
    """Return what a block is for."""
    content = yaml.safe_load(block.text)
    if isinstance(content, list) or "action" in content:
        return "actions"
    if any(key == "esphome" or key.startswith("esp32") for key in content):
        return "esphome"
    return "unknown"


def of_kind(wanted: str) -> Iterator[Any]:
    """Yield the blocks of a kind."""
    for block in YAML:
        if kind(block) == wanted:
            yield pytest.param(block, id=str(block))


def test_every_block_is_of_a_known_kind() -> None:
    assert [str(block) for block in YAML if kind(block) == "unknown"] == []
    assert {block.language for block in blocks()} <= {"", "sh", "yaml"}


@pytest.mark.parametrize("block", of_kind("actions"))
async def test_actions_run(home: Home, block: Block) -> None:
    """As a script of Home Assistant, on a lock with a keypad; what a comment behind them names is there."""
    door = await Door.of(home)
    content = yaml.safe_load(block.text.replace(LOCK, home.entity_id("lock")))
    steps = content if isinstance(content, list) else [content]
    sequence = await async_validate_actions_config(home.hass, cv.SCRIPT_SCHEMA(steps))
    before = len(door.codes)
    result = await Script(home.hass, sequence, "Documents", DOMAIN).async_run(context=Context())
    assert result is not None
    answers = [step["response_variable"] for step in steps if "response_variable" in step]
    for line in block.text.splitlines():
        name = line.removeprefix("# ").partition("[")[0]
        if line.startswith("# ") and name in answers:
            expression = line.removeprefix("# ").split()[0].replace(LOCK, home.entity_id("lock"))
            assert rendered(home.hass, expression, result.variables), line
    assert len(door.codes) == before + sum(step["action"].endswith(".add_code") for step in steps)


def rendered(hass: HomeAssistant, expression: str, variables: Any) -> Any:
    """Return what a template makes of an expression."""
    return Template(f"{{{{ {expression} }}}}", hass).async_render(dict(variables), strict=True)


# --- ESPHome's own checks ---------------------------------------------------------------------------------


def esphome(folder: Path, configuration: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """Return a configuration as `esphome config` completes it, None if it is refused, and what it says besides."""
    file = folder / "door.yaml"
    file.write_text(yaml.safe_dump(configuration), encoding="utf-8")
    done = subprocess.run(
        (ESPHOME, "config", file),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ
        | {"ESPHOME_DATA_DIR": str(folder / "data"), "PLATFORMIO_CORE_DIR": str(folder / "core")},
    )

    class Loader(yaml.SafeLoader):
        """Reads what ESPHome prints, whose tags mean nothing here."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    output = f"{done.stdout}\n{done.stderr}"
    completed = yaml.load(done.stdout, Loader) if done.returncode == 0 else None  # noqa: S506 - it is safe
    return completed, output


needs_esphome = pytest.mark.skipif(
    not ESPHOME.exists(), reason="ESPHome is not there (scripts/setup installs it, where PyPI has it)"
)


@needs_esphome
@pytest.mark.process
@pytest.mark.parametrize("network", [WIFI, ETHERNET], ids=["wifi", "ethernet"])
@pytest.mark.parametrize("block", of_kind("esphome"))
def test_esphome_takes_it(tmp_path: Path, block: Block, network: dict[str, Any]) -> None:
    """It gets what was written, and warns of nothing."""
    content: dict[str, Any] = yaml.safe_load(block.text)
    completed, output = esphome(tmp_path, PROXY | network | content)
    assert completed is not None, output
    assert "WARNING" not in output
    for component, settings in content.items():
        for name, value in settings.items():
            taken = completed[component][name]
            assert {key: taken[key] for key in value} == value if isinstance(value, dict) else taken == value


@needs_esphome
@pytest.mark.process
def test_what_is_said_about_the_defaults_of_esphome(tmp_path: Path) -> None:
    """docs/auto-unlock.md: 320 of 320 ms over Wi-Fi, 30 of 320 ms over Ethernet; a warning above 600 ms with Wi-Fi."""

    def window(network: dict[str, Any], **parameters: str) -> tuple[str, str, bool]:
        tracker = {"esp32_ble_tracker": {"scan_parameters": parameters} if parameters else None}
        completed, output = esphome(tmp_path, PROXY | network | tracker)
        assert completed is not None, output
        scan = completed["esp32_ble_tracker"]["scan_parameters"]
        return scan["window"], scan["interval"], "starves wifi" in output

    assert window(WIFI) == ("320ms", "320ms", False)
    assert window(ETHERNET) == ("30ms", "320ms", False)
    assert window(WIFI, interval="600ms", window="600ms") == ("600ms", "600ms", False)
    assert window(WIFI, interval="610ms", window="610ms") == ("610ms", "610ms", True)
    assert window(ETHERNET, interval="610ms", window="610ms") == ("610ms", "610ms", False)
