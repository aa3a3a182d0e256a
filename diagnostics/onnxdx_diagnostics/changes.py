"""Edits applied to the user's files: all of them or none, never outside of the project, and undone byte for byte.

`prepared` reads the files and refuses what cannot be done; nothing is written before `apply`. What is refused leaves
every file as it is.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from onnxdx_diagnostics import text_file
from onnxdx_diagnostics.codec import shown_path
from onnxdx_diagnostics.edits import EditMisfits, diff_of, edited
from onnxdx_diagnostics.fix import Edit
from onnxdx_diagnostics.journal import Entry, FileChange, Journal, JournalUnusable, settle, write_through
from onnxdx_diagnostics.ownership import is_user
from onnxdx_diagnostics.text_file import NotText, TextFile

_LINE_END = re.compile(r"\r?\n")
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Refused(Exception):
    """Nothing was changed. `reasons` say why, each in one sentence."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class CutShort(Exception):
    """Some files are changed and others not, and neither way was open; the journal knows both."""


@dataclass(frozen=True)
class Prepared:
    """What a set of edits makes of files: looked at, and found to be possible. `diff` shows it."""

    root: Path
    changes: tuple[FileChange, ...]
    diff: str

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, as people name them."""
        return tuple(shown_path(str(change.path), str(self.root)) for change in self.changes)


def prepared(edits: Iterable[Edit], root: Path, seen: Mapping[str, str] | None = None) -> Prepared:
    """The files that `edits` change, as they will be. Raises Refused, with every reason there is.

    `seen` maps paths to digests (`digest_of`): a file that has another one by now is refused. Relative paths start at
    `root`, the project's root.
    """
    root = root.resolve()
    unfit = _Unfit(root)
    of_file: dict[Path, list[Edit]] = {}
    for edit in edits:
        with unfit.told(edit.path):
            of_file.setdefault(_placed(edit.path, root), []).append(edit)
    for name, digest in (seen or {}).items():
        with unfit.told(name):
            _check_seen(root / name, digest)
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    changes = []
    for path, own in sorted(of_file.items()):
        with unfit.told(str(path)):
            content = _content(path)
            file = text_file.decoded(content) if content is not None else TextFile("")
            text = _edited(file, own)
            if content == file.with_text(text):
                continue
            changes.append(FileChange(path, content, file.with_text(text)))
            after[str(path)] = text
            before |= {str(path): file.text} if content is not None else {}
    unfit.check()
    return Prepared(root, tuple(changes), diff_of(before, after, str(root)))


def apply(prepared: Prepared, titles: tuple[str, ...] = ()) -> Entry:
    """Write what was prepared, and keep the way back in the journal; `titles` say what it is.

    Raises Refused when a file is not what it was when it was prepared, when an earlier change was cut short, and when
    the disk refuses, after which every file is what it was; CutShort when not even that could be done.
    """
    half = interrupted(prepared.root)
    if half is not None:
        raise Refused(
            f"Change {half.number} was cut short: `onnxdx fix --undo` takes it back, `onnxdx fix --resume` ends it."
        )
    journal = Journal(prepared.root)
    with _refusing(prepared.root):
        for change in prepared.changes:
            if _content(change.path) != change.before:
                raise _Moved(change.path)
        entry = journal.begin(titles, prepared.changes)
    try:
        for change in entry.changes:
            _bring(change, entry, back=False)
    except BaseException as error:  # an interrupt, too, must not leave some files changed and others not
        _take_back(entry, journal, error)
        with _refusing(prepared.root):
            raise
    return entry


def interrupted(root: Path) -> Entry | None:
    """The change that was begun last, when some of its files are changed and others are not.

    Raises Refused when the journal cannot be read.
    """
    root = root.resolve()
    with _refusing(root):
        entry = Journal(root).last()
        if entry is None:
            return None
        sides = {_side(change) for change in entry.changes}
    return entry if sides == {"before", "after"} else None


def undo(root: Path) -> Entry:
    """Give the files of the last change every byte that they had before, also of a change that was cut short.

    Raises Refused when there is nothing to undo and when a file was changed since, CutShort when the disk refuses.
    """
    entry = _checked(root, "There is nothing to undo.")
    _settle(entry, back=True)
    with _refusing(root):
        Journal(root.resolve()).forget(entry)
    return entry


def resume(root: Path) -> Entry:
    """Bring a change to its end that was cut short. Raises as `undo`."""
    if interrupted(root) is None:
        raise Refused("No change was cut short.")
    entry = _checked(root, "No change was cut short.")
    _settle(entry, back=False)
    return entry


def digest_of(path: Path) -> str:
    """What identifies the content of a file; empty where there is none. Raises OSError."""
    content = _content(path)
    return "" if content is None else hashlib.sha256(content).hexdigest()


class _Moved(Exception):
    """A file is neither what it was before a change nor what it is after."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was changed meanwhile")
        self.path = path


class _Against(Exception):
    """What stands against writing a file: the end of a sentence about it."""


class _Unfit:
    """Collects what stands against writing files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._reasons: list[str] = []

    @contextlib.contextmanager
    def told(self, name: str) -> Iterator[None]:
        """Take down what stands against the file of this name."""
        try:
            yield
        except _Against as against:
            self._add(name, str(against))
        except NotText as error:
            self._add(name, f"cannot be edited: {error}")
        except EditMisfits as error:
            self._add(name, f"is not what it was, or two fixes change the same place: {error}")
        except OSError as error:
            self._add(name, f"cannot be read: {error.strerror or error}")

    def check(self) -> None:
        """Raises Refused when there is anything."""
        if self._reasons:
            raise Refused(*dict.fromkeys(self._reasons))

    def _add(self, name: str, why: str) -> None:
        self._reasons.append(f"`{shown_path(name, str(self._root))}` {why}.")


def belongs(edits: Iterable[Edit], root: Path) -> bool:
    """Whether all of the files that `edits` change are the project's own, and may be changed at all."""
    try:
        for edit in edits:
            _owned(edit.path, root.resolve())
    except _Against:
        return False
    return True


def _owned(name: str, root: Path) -> Path:
    """The file of this name, when it is one of the project's own. Raises _Against."""
    try:
        path = (root / name).resolve()
    except (OSError, ValueError, RuntimeError):  # a loop of links, or a name that no file can have
        raise _Against("is no name of a file") from None
    if not path.is_relative_to(root):
        raise _Against(f"lies outside of the project root `{root}`")
    if path.suffix != ".py":
        raise _Against("is not a Python file")
    if not is_user(str(path), str(root)) or any(part.startswith(".") for part in path.relative_to(root).parts):
        raise _Against("is no file of the project's own")
    return path


def _placed(name: str, root: Path) -> Path:
    """The file of this name, when it may be written now. Raises _Against."""
    path = _owned(name, root)
    if not path.parent.is_dir():
        raise _Against(f"cannot be made: there is no folder `{shown_path(str(path.parent), str(root))}`")
    if path.exists() and not path.is_file():
        raise _Against("is no regular file")
    if path.exists() and not _can_write(path):
        raise _Against("is read-only")
    if not _can_write(path.parent):
        raise _Against("cannot be written: its folder is read-only")
    return path


def _check_seen(path: Path, digest: str) -> None:
    if digest_of(path) != digest:
        raise _Against("has changed since the run" if digest else "has come to be since the run")


def _edited(file: TextFile, edits: list[Edit]) -> str:
    """The text of a file with edits in it, whose line ends become the file's. Raises _Against and EditMisfits."""
    own = [replace(edit, path="", text=_LINE_END.sub(file.line_end, edit.text)) for edit in edits]
    text = edited(own, {"": file.text})[""]
    if {found[0] for found in _LINE_END.finditer(file.text)} == {"\r\n"}:
        text = _LINE_END.sub("\r\n", text)  # an edit up to the end of a line may have taken its "\r" along
    if _is_python(file.text) and not _is_python(text):
        raise _Against("would be no Python any more")
    return text


def _checked(root: Path, nothing: str) -> Entry:
    """The last change, all of whose files may be written and are as it left them or found them. Raises Refused."""
    root = root.resolve()
    unfit = _Unfit(root)
    with _refusing(root):
        entry = Journal(root).last()
    if entry is None:
        raise Refused(nothing)
    for change in entry.changes:
        with unfit.told(str(change.path)):
            if _placed(str(change.path), root) != change.path:
                raise _Against(f"has become a symbolic link since change {entry.number}")
            if _side(change) == "other":
                raise _Against(f"was changed since change {entry.number}, and that would be lost")
    unfit.check()
    return entry


def _side(change: FileChange) -> str:
    content = _content(change.path)
    return "after" if content == change.after else "before" if content == change.before else "other"


def _settle(entry: Entry, *, back: bool) -> None:
    try:
        for change in entry.changes:
            _bring(change, entry, back=back)
    except (OSError, _Moved) as error:
        raise CutShort(f"Change {entry.number} is done in part: {error}. The same command goes on with it.") from error


def _take_back(entry: Entry, journal: Journal, error: BaseException) -> None:
    try:
        for change in entry.changes:
            if _side(change) == "after":  # a file that somebody else has written meanwhile is theirs
                _bring(change, entry, back=True)
        journal.forget(entry)
    except (OSError, _Moved) as second:
        raise CutShort(
            f"Change {entry.number} is done in part: {error}. It could not be taken back: {second}. "
            "`onnxdx fix --undo` tries again."
        ) from error


def _bring(change: FileChange, entry: Entry, *, back: bool) -> None:
    """Have a file hold what it held before a change, or what it holds after it. Raises OSError and _Moved."""
    temporary = change.path.with_name(f".{change.path.name}.onnxdx-{entry.number}")
    temporary.unlink(missing_ok=True)
    was, becomes = (change.after, change.before) if back else (change.before, change.after)
    content = _content(change.path)
    if content == becomes:
        return
    if content != was:
        raise _Moved(change.path)
    if becomes is None:
        change.path.unlink()
        settle(change.path.parent)
    else:
        _put(change.path, becomes, temporary)


def _put(path: Path, content: bytes, temporary: Path) -> None:
    """Have `path` hold `content`, with the mode that it has."""
    before = path.stat() if path.exists() else None
    write_through(path, content, temporary, stat.S_IMODE(before.st_mode) if before is not None else None)
    if before is not None and len(content) == before.st_size:
        # Python takes compiled code for fresh when size and second are those that it knows.
        after = path.stat()
        if int(after.st_mtime) == int(before.st_mtime):
            os.utime(path, (after.st_atime, after.st_mtime + 1))


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _can_write(path: Path) -> bool:
    """Whether a file or folder is meant to be written: an administrator could write what nobody is allowed to."""
    return bool(path.stat().st_mode & _WRITABLE) and os.access(path, os.W_OK)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


@contextlib.contextmanager
def _refusing(root: Path) -> Iterator[None]:
    """What the disk or the journal has against it is a refusal."""
    try:
        yield
    except JournalUnusable as error:
        raise Refused(f"{error}.") from error
    except _Moved as error:
        raise Refused(f"`{shown_path(str(error.path), str(root))}` was changed meanwhile.") from error
    except OSError as error:
        name = shown_path(str(error.filename), str(root)) if error.filename else "a file"
        raise Refused(f"`{name}` cannot be written: {error.strerror or error}.") from error
