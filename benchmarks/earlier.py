"""An earlier commit of this repository beside this one, to compare with."""

from pathlib import Path
import subprocess

__all__ = ["BEFORE", "ROOT", "checkout"]

ROOT = Path(__file__).parent.parent

# What is compared with unless another commit is named.
BEFORE = {
    # The last whose tests ran one after the other, in one process.
    "suite": "73739f5",
    # The last whose actions waited for their turn.
    "end_to_end": "38c7770",
}


def checkout(commit: str, root: Path = ROOT) -> Path:
    """Return a checkout of a commit; it lies below `.cache/suite/` and stays for the next time."""
    folder = root / ".cache" / "suite" / commit
    if not folder.exists():
        for arguments in (("prune",), ("add", "--detach", str(folder), commit)):
            # What git prints goes there, away from the rows.
            subprocess.run(("git", "worktree", *arguments), cwd=root, check=True, stdout=2)
    return folder
