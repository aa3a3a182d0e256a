"""The folders that the runs of a project are kept in."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

FOLDER = Path(".onnxdx")
RUNS = FOLDER / "runs"
KEEP = "keep"
"""A file of this name in the folder of a run says that it stays."""

NEWEST = 20
"""So many runs of a project are kept; older ones go."""


def earlier(root: Path) -> list[Path]:
    """The folders of the runs that were kept, the latest first."""
    try:
        found = [path for path in (root / RUNS).iterdir() if path.name.isdecimal()]
    except OSError:
        return []
    return sorted(found, key=lambda path: int(path.name), reverse=True)


def next_folder(root: Path) -> tuple[int, Path]:
    """The number and the folder of the next run; the folder is made. Raises OSError."""
    known = [int(path.name) for path in earlier(root)]
    number = max(known, default=0) + 1
    folder = root / RUNS / f"{number:04}"
    folder.mkdir(parents=True)
    ignored = root / FOLDER / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="utf-8")
    return number, folder


def forget_old(root: Path, but: Collection[Path] = ()) -> None:
    """Remove the folders of old runs, but for those that are marked and those that are named here."""
    spared = {path.absolute() for path in but}
    for folder in earlier(root)[NEWEST:]:
        if folder.absolute() not in spared and not (folder / KEEP).exists():
            # what cannot be removed is in nobody's way, and is tried again after the next run
            shutil.rmtree(folder, ignore_errors=True)
