"""The folders that the runs of a project are kept in."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(".onnxdx")
RUNS = FOLDER / "runs"


def earlier(root: Path) -> list[Path]:
    """The folders of the runs that were kept, the latest first."""
    try:
        return sorted((path for path in (root / RUNS).iterdir() if path.name.isdecimal()), reverse=True)
    except OSError:
        return []


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
