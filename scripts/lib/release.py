"""What a release consists of: one version in the tag, the manifest and the changelog, its notes, and a zip file.

Runs with the python3 of the machine that releases, so it needs the standard library alone.
"""

import argparse
from collections.abc import Sequence
import json
from pathlib import Path
import re
import subprocess
import sys
import zipfile

ROOT = Path(__file__).resolve().parents[2]
INTEGRATION = "custom_components/smartlock"
# What somebody without Marketplace and HACS unpacks into `custom_components/smartlock`. These two take the files of the
# tag. In `hacs.json` it must not be named: the Marketplace would then ask for it even where there is no release.
ARCHIVE = "smartlock.zip"
NOTES = "notes.md"

VERSION = re.compile(r"\d+\.\d+\.\d+(?:b\d+)?")


class ReleaseError(Exception):
    """This cannot be released, and why."""


def notes(version: str, root: Path = ROOT) -> str:
    """Return what is new in a version.

    Raises:
        ReleaseError: Manifest and changelog do not have this version, or what it would be is no version.
    """
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"{version!r} is no version such as 1.2.3 or 1.2.3b1")
    manifest = json.loads((root / INTEGRATION / "manifest.json").read_text(encoding="utf-8"))
    if manifest["version"] != version:
        raise ReleaseError(f"manifest.json says {manifest['version']}, not {version}")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    heads = [*re.finditer(r"^## \[(.+?)\](.*)$", changelog, re.MULTILINE)]
    released = [head for head in heads if head[1] != "Unreleased"]
    if not released or released[0][1] != version:
        newest = released[0][1] if released else "none"
        raise ReleaseError(f"the newest version in CHANGELOG.md is {newest}, not {version}")
    head = released[0]
    if not re.fullmatch(r" - \d{4}-\d{2}-\d{2}", head[2]):
        raise ReleaseError(f"in CHANGELOG.md there is no date in '{head[0]}'")
    unreleased = changelog[heads[0].end() : head.start()] if heads[0] is not head else ""
    if unreleased.strip():
        raise ReleaseError(f"CHANGELOG.md has changes above {version} that are unreleased")
    following = [other.start() for other in heads if other.start() > head.start()]
    text = changelog[head.end() : min(following, default=len(changelog))]
    # The addresses that headings lead to stand at the end of the file.
    text = re.sub(r"^\[[^\]]+\]: .*$", "", text, flags=re.MULTILINE).strip()
    if not text:
        raise ReleaseError(f"CHANGELOG.md says nothing about {version}")
    return f"{text}\n"


def pack(target: Path, root: Path = ROOT) -> None:
    """Write the files of the integration into a zip file, the same each time: only what git knows, as it stands."""
    listed = subprocess.run(
        ("git", "-c", "safe.directory=*", "ls-files", "-z", INTEGRATION),
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(filter(None, listed.stdout.split("\0"))):
            member = zipfile.ZipInfo(name.removeprefix(f"{INTEGRATION}/"), (2026, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, (root / name).read_bytes())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/release", description="Check that a version can be released, and make its files."
    )
    parser.add_argument("version", help="the tag, such as 1.2.3")
    parser.add_argument("--into", type=Path, default=ROOT / ".cache" / "release", help="where to write them")
    options = parser.parse_args(arguments)
    try:
        text = notes(options.version)
    except ReleaseError as error:
        print(f"release: {error}.", file=sys.stderr)
        return 1
    options.into.mkdir(parents=True, exist_ok=True)
    (options.into / NOTES).write_text(text, encoding="utf-8")
    pack(options.into / ARCHIVE)
    print(f"release: {options.version}, {options.into / ARCHIVE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
