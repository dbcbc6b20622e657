"""File paths of blocks: inside the root, after every symlink is resolved."""

from __future__ import annotations

from pathlib import Path

from workbench.base.errors import BlockFailed
from workbench.blocks.words import did_you_mean, listed


def inside(root: Path, path: str) -> Path:
    """`path` (relative to `root`, or absolute within it) with symlinks resolved. It need not exist.

    Raises BlockFailed of kind FILE when it is empty, or leads out of the root.
    """
    if not path.strip() or "\0" in path:
        raise BlockFailed("`path` is empty.", kind="FILE", hint="Give a path inside the server's root folder.")
    base = root.resolve()
    try:
        resolved = (base / path).resolve()
    except (OSError, RuntimeError) as error:  # a symlink that leads to itself
        raise BlockFailed(f"`{path}` cannot be followed: {error}.", kind="FILE") from None
    if not resolved.is_relative_to(base):
        raise BlockFailed(
            f"`{path}` leads out of the server's root folder.",
            kind="FILE",
            hint="Give a path inside it; links are followed before this is checked.",
        )
    return resolved


def existing(root: Path, path: str) -> Path:
    """As `inside`, and a file is there; else the error names the folder's files."""
    found = inside(root, path)
    if found.is_dir():
        raise BlockFailed(f"`{path}` is a folder, not a file.", kind="FILE")
    if not found.is_file():
        raise BlockFailed(f"There is no file `{path}`.", kind="FILE", hint=_what_is_there(root, found))
    return found


def _what_is_there(root: Path, missing: Path) -> str:
    folder = missing.parent
    if not folder.is_dir():
        return f"There is no folder `{folder.relative_to(root.resolve()).as_posix()}` either."
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
    return did_you_mean(missing.name, names) or (
        f"The folder has {listed(names)}." if names else "The folder is empty."
    )
