"""The scan parameters of an ESPHome proxy, by network; the table is in docs/ecosystem.md.

Asking ESPHome itself takes a few seconds and the package `esphome`, which has requirements of its own, so it is done on request:
ESPHOME=/a/venv/bin/esphome scripts/test tests/ecosystem/test_esphome.py
"""

import os
from pathlib import Path
import re
import subprocess

import pytest
import yaml

from tests.ecosystem import tables

VERSION = "2026.10.0"
NETWORKS: dict[str, dict[str, object]] = {
    "Wi-Fi": {"wifi": {"ssid": "home", "password": "12345678"}},
    "Ethernet": {
        "ethernet": {
            "type": "LAN8720",
            "mdc_pin": "GPIO23",
            "mdio_pin": "GPIO18",
            "clk": {"pin": "GPIO17", "mode": "CLK_OUT"},
            "phy_addr": 0,
        }
    },
}
BOTH = {"interval": "320ms", "window": "320ms"}
LONG = {"interval": "1100ms", "window": "1100ms"}

# Network, what stands in the file; then interval, window, window during a connection, and whether ESPHome warns.
type Seen = tuple[str, str, str | None, bool]
SEEN: dict[tuple[str, str], Seen] = {
    ("Wi-Fi", "nothing"): ("320ms", "320ms", "30ms", False),
    ("Wi-Fi", "320 ms and 320 ms"): ("320ms", "320ms", None, False),
    ("Wi-Fi", "1100 ms and 1100 ms"): ("1100ms", "1100ms", None, True),
    ("Ethernet", "nothing"): ("320ms", "30ms", None, False),
    ("Ethernet", "320 ms and 320 ms"): ("320ms", "320ms", None, False),
    ("Ethernet", "1100 ms and 1100 ms"): ("1100ms", "1100ms", None, False),
}
WRITTEN: dict[str, dict[str, str]] = {"nothing": {}, "320 ms and 320 ms": BOTH, "1100 ms and 1100 ms": LONG}


def of(window: str, interval: str) -> str:
    """Say how much of the time is listened."""
    return f"{window.removesuffix('ms')} of {interval.removesuffix('ms')} ms"


def test_table() -> None:
    rows = [
        (network, written, of(window, interval), of(connected or window, interval), "yes" if warns else "no")
        for (network, written), (interval, window, connected, warns) in SEEN.items()
    ]
    head = (
        "Network",
        "Your `interval` and `window`",
        "Listens",
        "While a connection is open",
        "ESPHome warns",
    )
    tables.check("scan parameters", tables.rendered(f"ESPHome {VERSION}", head, rows))


@pytest.mark.parametrize("document", ["auto-unlock.md", "proximity.md"])
def test_guides_say_the_same(document: str) -> None:
    """Where owners and the simulated days rest on it."""
    text = " ".join((tables.DOCUMENT.parent / document).read_text(encoding="utf-8").split())
    for network in NETWORKS:
        interval, window, _, _ = SEEN[network, "nothing"]
        assert of(window, interval) in text
    assert f"{SEEN['Wi-Fi', 'nothing'][2]}".replace("ms", " ms") in text


@pytest.mark.skipif("ESPHOME" not in os.environ, reason="on request: ESPHOME names the program to ask")
@pytest.mark.parametrize(("network", "written"), list(SEEN))
def test_asked(network: str, written: str, tmp_path: Path) -> None:
    """What `esphome config` says today."""
    tracker = {"scan_parameters": WRITTEN[written]} if WRITTEN[written] else {}
    file = tmp_path / "proxy.yaml"
    configuration: dict[str, object] = {
        "esphome": {"name": "proxy"},
        "esp32": {"board": "esp32dev", "framework": {"type": "esp-idf"}},
        "api": {},
        "esp32_ble_tracker": tracker,
        "bluetooth_proxy": {"active": True},
        **NETWORKS[network],
    }
    file.write_text(yaml.safe_dump(configuration), encoding="utf-8")
    program = os.environ["ESPHOME"]
    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout
    assert version.strip().endswith(VERSION), "read what is new, then change VERSION and SEEN"
    done = subprocess.run([program, "config", str(file)], capture_output=True, text=True, check=True)
    section = re.search(r"^esp32_ble_tracker:\n((?: .*\n)+)", done.stdout, re.MULTILINE)
    assert section is not None
    scan = yaml.safe_load(section[1])["scan_parameters"]
    warns = "starves wifi" in done.stdout + done.stderr
    assert (scan["interval"], scan["window"], scan.get("connection_scan_window"), warns) == SEEN[
        network, written
    ]
