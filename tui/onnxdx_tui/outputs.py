"""The files a command is asked to write: found to be writable before the work begins, not after."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import click


def check_file(path: Path, option: str) -> None:
    """Raise UsageError when no file can be put at `path`. Leaves nothing behind."""
    if path.is_dir():
        raise click.UsageError(f"{option}: {path} is a folder.")
    if path.exists() and not path.is_file():
        raise click.UsageError(f"{option}: {path} is not a regular file.")
    if not path.parent.is_dir():
        raise click.UsageError(f"{option}: the folder {path.parent} does not exist.")
    _check_writable(path.parent, option)


def check_folder(path: Path, option: str) -> None:
    """Raise UsageError when `path` is not a folder, and none can be made there. Leaves nothing behind."""
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    if not existing.is_dir():
        raise click.UsageError(f"{option}: {existing} is not a folder.")
    _check_writable(existing, option)


def check_temporary() -> None:
    """Raise UsageError when there is no folder for temporary files."""
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise click.UsageError(f"TMPDIR: {error.strerror}.") from None


def check_distinct(paths: dict[str, Path | None]) -> None:
    """Raise UsageError when two options name the same file."""
    seen: dict[Path, str] = {}
    for option, path in paths.items():
        if path is None:
            continue
        first = seen.setdefault(path.resolve(), option)
        if first != option:
            raise click.UsageError(f"{first} and {option} name the same file {path}.")


def size_of(path: Path) -> str:
    """The size of a model file and its external data, for people."""
    size = float(sum(part.stat().st_size for part in (path, *data_of(path)) if part.exists()))
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def data_of(path: Path) -> list[Path]:
    """The files of external data beside a model: `model.onnx.data`, `model.onnx.2.data`."""
    own = re.compile(re.escape(path.name) + r"\.(\d+\.)?data")
    return [each for each in path.parent.iterdir() if own.fullmatch(each.name)]


def _check_writable(folder: Path, option: str) -> None:
    try:
        handle, name = tempfile.mkstemp(prefix=".onnxdx.", dir=folder)
    except OSError as error:
        raise click.UsageError(f"{option}: nothing can be written in {folder}: {error.strerror}.") from None
    os.close(handle)
    Path(name).unlink()
