"""Disks that fail: really full, really read-only, or by an error that Home Assistant's store is given; and a slow one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import subprocess
from typing import Any, Protocol
from unittest.mock import patch

from homeassistant.helpers.storage import STORAGE_DIR, Store
from homeassistant.util.file import WriteError
import pytest

from custom_components.smartlock.storage import LockStore

__all__ = ["KINDS", "Disk", "RealDisk", "SimulatedDisk", "real_disk", "slow_disk"]

KINDS = ("full", "read_only", "simulated")
_SIZE = 512 * 1024


class Disk(Protocol):
    """Where Home Assistant stores."""

    def fail(self) -> None:
        """Take nothing more."""

    def mend(self) -> None:
        """Take everything again."""


class SimulatedDisk:
    """Home Assistant's store fails to write."""

    def __init__(self) -> None:
        """Begin well."""
        self._patch = patch.object(Store, "_async_write_data", side_effect=WriteError("no room"))
        self._fails = False

    def fail(self) -> None:
        """Let every write fail."""
        if not self._fails:
            self._patch.start()
        self._fails = True

    def mend(self) -> None:
        """Write as before."""
        if self._fails:
            self._patch.stop()
        self._fails = False


class RealDisk:
    """A small file system in memory."""

    def __init__(self, folder: Path, *, read_only: bool) -> None:
        """Take the folder that it is mounted on."""
        self._folder = folder
        self._read_only = read_only

    def fail(self) -> None:
        """Fill it up, or make it read-only."""
        if self._read_only:
            _run("mount", "-o", "remount,ro", str(self._folder))
            return
        with self._filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                pass

    def mend(self) -> None:
        """Make room."""
        if self._read_only:
            _run("mount", "-o", "remount,rw", str(self._folder))
        else:
            self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self._folder / "filler"


@contextmanager
def real_disk(config_dir: str, *, read_only: bool) -> Iterator[RealDisk]:
    """Mount a small disk for what Home Assistant stores; skips the test where that is not allowed."""
    folder = Path(config_dir, STORAGE_DIR)
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(folder))
    except OSError, subprocess.CalledProcessError:
        pytest.skip("no disk can be mounted here")
    try:
        disk = RealDisk(folder, read_only=read_only)
        yield disk
        disk.mend()
    finally:
        _run("umount", "-l", str(folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def slow_disk(seconds: float = 0.3) -> Iterator[None]:
    """Let each write take a while, as on a memory card: otherwise nothing can happen meanwhile in these tests."""
    write = LockStore._write

    async def slowly(store: LockStore[Any], data: Any) -> bool:
        await asyncio.sleep(seconds)
        return await write(store, data)

    with patch.object(LockStore, "_write", slowly):
        yield
