"""Says which modules of the integration the tests do not cover well enough; `scripts/test` asks after a whole run."""

import json
from pathlib import Path
import sys

# Of Coverage.py, as pyproject.toml asks for it.
REPORT = Path(".cache") / "coverage.json"
# Home Assistant's quality scale wants more than this of every module, in percent of its statements.
LEAST = 95.0
# And all of the config flow.
WHOLLY = frozenset(f"custom_components/smartlock/{name}.py" for name in ("config_flow", "pairing/flow"))


def problems(report: Path) -> list[str]:
    """Return a line for each module that is not covered well enough, with the lines that no test runs."""
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    if not files:
        return ["nothing was measured"]
    found = []
    for name, file in sorted(files.items()):
        covered = file["summary"]["percent_statements_covered"]
        missing = file["missing_lines"]
        if covered <= LEAST or (name in WHOLLY and missing):
            lines = ", ".join(map(str, missing))
            found.append(f"{name}: {covered:.1f} % covered; no test runs {lines}")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(problems(REPORT)) or None)
