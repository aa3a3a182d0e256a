"""What is about to be written to files, on disk before it is: a process that is killed leaves the way back and forth.

Each change of files has a numbered folder in `.onnxdx/changes` of the project, with one file in it. The folder goes
when the change is undone.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(".onnxdx")
_CHANGES = FOLDER / "changes"
_FILE = "journal.json"
_VERSION = 1


@dataclass(frozen=True)
class FileChange:
    """One file before and after; None is no file. `path` is absolute and has no symbolic link in it."""

    path: Path
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True)
class Entry:
    """One change of files: its number, what it did in words, and the files."""

    number: int
    titles: tuple[str, ...]
    changes: tuple[FileChange, ...]


class JournalUnusable(ValueError):
    """The journal is damaged, or lies outside of the project."""


class Journal:
    """The changes of the files of a project, the last of which can be undone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / _CHANGES

    def begin(self, titles: tuple[str, ...], changes: tuple[FileChange, ...]) -> Entry:
        """Write down what is about to happen, so that it is on the disk when this returns.

        Raises JournalUnusable and OSError.
        """
        if not self._folder.resolve().is_relative_to(self._root):
            raise JournalUnusable(f"{FOLDER} leads out of the project root")
        self._folder.mkdir(parents=True, exist_ok=True)
        ignored = self._root / FOLDER / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
        number = max(self._numbers(), default=0) + 1
        folder = self._folder / f"{number:04}"
        folder.mkdir()
        try:
            plain = {
                "version": _VERSION,
                "titles": titles,
                "changes": [
                    {
                        "path": change.path.relative_to(self._root).as_posix(),
                        "before": _text(change.before),
                        "after": _text(change.after),
                    }
                    for change in changes
                ],
            }
            write_through(folder / _FILE, json.dumps(plain).encode(), folder / f".{_FILE}")
            for above in (self._folder, self._root / FOLDER, self._root):
                settle(above)
        except OSError:
            self._remove(number)
            raise
        return Entry(number, titles, changes)

    def last(self) -> Entry | None:
        """The change that was begun last; None when there is none. Raises JournalUnusable and OSError."""
        known = [number for number in self._numbers() if (self._folder / f"{number:04}" / _FILE).exists()]
        return self._entry(max(known)) if known else None

    def forget(self, entry: Entry) -> None:
        """Take a change out of the journal, because its files are as they were before it. Raises OSError."""
        self._remove(entry.number)

    def _numbers(self) -> list[int]:
        try:
            return [int(name) for name in os.listdir(self._folder) if name.isdecimal()]
        except FileNotFoundError:
            return []

    def _entry(self, number: int) -> Entry:
        path = self._folder / f"{number:04}" / _FILE
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            if plain["version"] != _VERSION:
                raise JournalUnusable(f"{path} is of another version of onnxdx")
            changes = tuple(
                FileChange(self._root / str(each["path"]), _bytes(each["before"]), _bytes(each["after"]))
                for each in plain["changes"]
            )
            return Entry(number, tuple(map(str, plain["titles"])), changes)
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise JournalUnusable(f"{path} is damaged: {error!r}") from None

    def _remove(self, number: int) -> None:
        folder = self._folder / f"{number:04}"
        (folder / _FILE).unlink(missing_ok=True)
        settle(folder)
        shutil.rmtree(folder, ignore_errors=True)


def write_through(path: Path, content: bytes, temporary: Path, mode: int | None = None) -> None:
    """Put `content` at `path` by way of `temporary` beside it: whole or not at all, and on the disk. Raises OSError."""
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    settle(path.parent)


def settle(folder: Path) -> None:
    """Have the disk know which files are in `folder`, where the system can do that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode("ascii")


def _bytes(text: Any) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
