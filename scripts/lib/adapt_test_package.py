"""Let Home Assistant's test package of one release load on a newer release of Home Assistant.

Each version of pytest-homeassistant-custom-component is made from one release and installs that one.
The newest Home Assistant is often newer. This changes the installed copy in the environment that runs
this script, as little as possible, and does nothing where nothing is in the way.
"""

import importlib
from importlib.metadata import distribution
from pathlib import Path
import sysconfig

TEST_PACKAGE = "pytest_homeassistant_custom_component"

# Where a name lives in the releases after the one that the test package was made from.
MOVED = {
    # 2026.11
    "homeassistant.components.logger": (
        "_clear_logger_overwrites",
        "homeassistant.components.logger.helpers",
    ),
}


def main() -> None:
    """Change the installed test package, and what Python does when it starts."""
    # Since 2026.11 Home Assistant puts httpx2 in the place of httpx, which must come before the first
    # import of httpx, and the test package imports that first.
    site_packages = Path(sysconfig.get_path("purelib"))
    (site_packages / "home_assistant_first.pth").write_text("import homeassistant\n", encoding="utf-8")
    common = Path(str(distribution(TEST_PACKAGE).locate_file(f"{TEST_PACKAGE}/common.py")))
    text = common.read_text(encoding="utf-8")
    for module, (name, now) in MOVED.items():
        if hasattr(importlib.import_module(module), name):
            continue
        taken = f"    {name},\n"
        assert text.count(taken) == 1, f"{common} imports {name} in a way that is not known here"
        text = text.replace(taken, "").replace(
            f"from {module} import (", f"from {now} import {name}\nfrom {module} import ("
        )
    # A file of its own, as the installed one is shared with the cache of the installer.
    common.unlink()
    common.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
