"""Print what a Home Assistant with a frontend, Bluetooth and ESPHome installs at run time.

Home Assistant installs the requirements of an integration when it sets it up. Installing them
beforehand makes its start quick and independent of the network. The list is read from the
manifests of the installed release, so it is right for any release.
"""

import json
from pathlib import Path
import sys

from homeassistant import bootstrap, components
from homeassistant.const import Platform

# What the demo and the end-to-end tests use, beyond what every Home Assistant starts.
WANTED = frozenset({"bluetooth", "config", "esphome", "frontend", "homekit", "ibeacon", "zeroconf"})
# "hassio" is set up on a supervised system only, but "usb" imports it.
IMPORTED = frozenset({"hassio"})
# Would be started on a failed start, and is no part of what is tested here.
UNWANTED = frozenset({"cloud"})


def requirements(domains: frozenset[str]) -> set[str]:
    """Return the requirements of these integrations and of all they depend on."""
    folder = Path(components.__path__[0])
    found: set[str] = set()
    waiting = set(domains)
    seen: set[str] = set()
    while waiting:
        domain = waiting.pop()
        seen.add(domain)
        file = folder / domain / "manifest.json"
        manifest = json.loads(file.read_text(encoding="utf-8"))
        found.update(manifest.get("requirements", ()))
        needed = {*manifest.get("dependencies", ()), *manifest.get("after_dependencies", ())}
        waiting |= needed - seen - UNWANTED
    return found


if __name__ == "__main__":
    started = (
        bootstrap.CORE_INTEGRATIONS
        | bootstrap.DEFAULT_INTEGRATIONS
        | bootstrap.DEFAULT_INTEGRATIONS_RECOVERY_MODE
        | set(Platform)
    )
    lines = sorted(requirements(WANTED | IMPORTED | (started - UNWANTED)))
    sys.stdout.writelines(f"{line}\n" for line in lines)
