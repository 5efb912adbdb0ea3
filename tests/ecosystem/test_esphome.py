"""The scan parameters of an ESPHome proxy, by network; the table is in docs/ecosystem.md."""

from pathlib import Path
import re
from typing import Any

import pytest

from tests.documents.reading import ROOT
from tests.documents.test_yaml import ETHERNET, PROXY, WIFI, esphome, needs_esphome
from tests.ecosystem import tables

NETWORKS: dict[str, dict[str, Any]] = {"Wi-Fi": WIFI, "Ethernet": ETHERNET}
WRITTEN: dict[str, dict[str, str]] = {
    "nothing": {},
    "320 ms and 320 ms": {"interval": "320ms", "window": "320ms"},
    "1100 ms and 1100 ms": {"interval": "1100ms", "window": "1100ms"},
}

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


def of(window: str, interval: str) -> str:
    """Say how much of the time is listened."""
    return f"{window.removesuffix('ms')} of {interval.removesuffix('ms')} ms"


def test_table() -> None:
    pinned = re.search(r"^esphome==(\S+)$", (ROOT / "requirements_esphome.txt").read_text(), re.MULTILINE)
    assert pinned is not None
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
    tables.check("scan parameters", tables.rendered(f"ESPHome {pinned[1]}", head, rows))


@needs_esphome
@pytest.mark.process
@pytest.mark.parametrize(("network", "written"), list(SEEN))
def test_asked(network: str, written: str, tmp_path: Path) -> None:
    """ESPHome itself says so."""
    tracker = {"scan_parameters": WRITTEN[written]} if WRITTEN[written] else None
    configuration: dict[str, Any] = PROXY | NETWORKS[network] | {"esp32_ble_tracker": tracker}
    completed, output = esphome(tmp_path, configuration)
    assert completed is not None, output
    scan = completed["esp32_ble_tracker"]["scan_parameters"]
    warns = "starves wifi" in output
    found = (scan["interval"], scan["window"], scan.get("connection_scan_window"), warns)
    assert found == SEEN[network, written]
