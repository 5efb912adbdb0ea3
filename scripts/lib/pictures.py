"""Makes the pictures in docs/images from the screenshots that the browser's end-to-end tests take."""

from pathlib import Path
import subprocess
import sys
from typing import Final

from PIL import Image

ROOT: Final = Path(__file__).parents[2]
SCREENSHOTS: Final = ROOT / ".cache" / "screenshots"
IMAGES: Final = ROOT / "docs" / "images"
# Picture, and the screenshots that stand side by side in it: album and name, without the number.
PICTURES: Final = {
    "auto-unlock": ("auto-unlock/door", "auto-unlock/measured-both", "auto-unlock/device"),
    "dashboard": ("dashboard/phone-light", "dashboard/fault", "dashboard/tablet-dark"),
    "device": ("activity/device-desktop",),
    "pairing": ("jobs-add/form", "jobs-add/hold-the-button", "jobs-add/pin-missing"),
    "people": ("people/weekdays-filled-in", "people/code-done", "people/lost-paused"),
    "repair": ("jobs-repairs/clutch-4b",),
    "restore": ("jobs-repairs/lost", "jobs-repairs/restoring", "jobs-repairs/report"),
}
TESTS: Final = tuple(
    f"test_browser_{part}.py" for part in ("activity", "auto_unlock", "dashboard", "jobs", "people")
)
# Between two screenshots, in pixels; and how many colors a picture has, so that it stays small.
GAP: Final = 16
COLORS: Final = 128


def screenshot(name: str) -> Image.Image:
    """Return a screenshot by its album and name; raises FileNotFoundError."""
    album, _, wanted = name.partition("/")
    for file in sorted((SCREENSHOTS / album).glob("*.png")):
        if file.stem.partition("-")[2] == wanted:
            return Image.open(file).convert("RGB")
    raise FileNotFoundError(f"No test has taken the screenshot {name}")


def side_by_side(parts: list[Image.Image]) -> Image.Image:
    """Return one picture of several."""
    width = sum(part.width for part in parts) + GAP * (len(parts) - 1)
    picture = Image.new("RGB", (width, max(part.height for part in parts)), "white")
    left = 0
    for part in parts:
        picture.paste(part, (left, 0))
        left += part.width + GAP
    return picture


def draw() -> None:
    """Write the pictures from the screenshots that are there."""
    for name, parts in PICTURES.items():
        picture = side_by_side([screenshot(part) for part in parts])
        picture.quantize(COLORS).save(IMAGES / f"{name}.png", optimize=True)


def main() -> int:
    """Take the screenshots, and write the pictures if all tests have passed."""
    tests = [str(ROOT / "tests" / "e2e" / test) for test in TESTS]
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "0", *tests], cwd=ROOT, check=False)
    if run.returncode == 0:
        draw()
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
