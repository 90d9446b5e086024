"""Where a path of the operator folder really leads."""

from __future__ import annotations

from pathlib import Path


def refusal(root: Path, path: Path) -> str | None:
    """Why a path may not be followed, or None. `root` is the folder with its links resolved.

    A link may lead to another place in the folder, but never out of it. A path that does not
    exist is not refused.
    """
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "link leads nowhere" if path.is_symlink() else None
    return None if target.is_relative_to(root) else "leads out of the operator folder"
