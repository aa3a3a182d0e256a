"""Edits of files: all or none, refused with a reason and nothing written, undone byte for byte, killed anywhere."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnxdx_diagnostics import changes
from onnxdx_diagnostics.changes import CutShort, Refused, apply, digest_of, interrupted, prepared, resume, undo
from onnxdx_diagnostics.edits import replaced
from onnxdx_diagnostics.fix import Edit

NET = b"import torch\n\n\ndef f(x):\n    return x\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "deep").mkdir(parents=True)
    (project / "net.py").write_bytes(NET)
    (project / "deep" / "part.py").write_bytes(b"y = 2\n")
    (tmp_path / "outside.py").write_bytes(b"z = 3\n")
    return project


def inserted(path: str, text: str, line: int = 1) -> Edit:
    return Edit(path, line, 1, line, 1, text)


def files(root: Path) -> dict[str, bytes]:
    """Every file of the project but for our own folder."""
    found = (path for path in root.rglob("*") if path.is_file() and ".onnxdx" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def test_several_files_are_changed_and_undone_with_their_modes(root: Path) -> None:
    (root / "net.py").chmod(0o754)
    before = files(root)
    edits = [inserted("net.py", "import math\n", 2), inserted("deep/part.py", "x = 1\n"), inserted("new.py", "n = 1\n")]

    apply(prepared(edits, root), ("Three files",))

    assert files(root) == {
        "net.py": NET.replace(b"torch\n", b"torch\nimport math\n"),
        "deep/part.py": b"x = 1\ny = 2\n",
        "new.py": b"n = 1\n",
    }
    assert (root / "net.py").stat().st_mode & 0o777 == 0o754
    assert undo(root).titles == ("Three files",)
    assert files(root) == before
    assert (root / "net.py").stat().st_mode & 0o777 == 0o754


def test_changes_are_undone_one_by_one_from_the_last(root: Path) -> None:
    for number in range(3):
        apply(prepared([inserted("net.py", f"# {number}\n")], root))

    undo(root)

    assert (root / "net.py").read_bytes() == b"# 1\n# 0\n" + NET
    undo(root)
    undo(root)
    assert (root / "net.py").read_bytes() == NET
    with pytest.raises(Refused, match="There is nothing to undo"):
        undo(root)


def test_what_is_kept_for_undo_is_not_for_the_repository(root: Path) -> None:
    apply(prepared([inserted("net.py", "# 1\n")], root))

    assert (root / ".onnxdx" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("content", "text", "after"),
    [
        (b"\xef\xbb\xbfx = 1\n", "y = 2\n", b"\xef\xbb\xbfy = 2\nx = 1\n"),
        (b"x = 1\r\ny = 2\r\n", "a = 1\nb = 2\n", b"a = 1\r\nb = 2\r\nx = 1\r\ny = 2\r\n"),
        (b"# coding: latin-1\nx = '\xe9'\n", "# \u00e9\n", b"# \xe9\n# coding: latin-1\nx = '\xe9'\n"),
        (b"x = '\xc3\xa9'", "y = 2\n", b"y = 2\nx = '\xc3\xa9'"),
        (b"", "y = 2\n", b"y = 2\n"),
    ],
)
def test_encoding_byte_order_mark_and_line_ends_stay(root: Path, content: bytes, text: str, after: bytes) -> None:
    (root / "net.py").write_bytes(content)

    apply(prepared([inserted("net.py", text)], root))

    assert (root / "net.py").read_bytes() == after
    undo(root)
    assert (root / "net.py").read_bytes() == content


def test_an_edit_up_to_the_end_of_a_line_keeps_its_line_end(root: Path) -> None:
    (root / "net.py").write_bytes(b"x = 1\r\ny = 2\r\n")

    apply(prepared([Edit("net.py", 1, 5, 1, len("x = 1\r") + 1, "3")], root))

    assert (root / "net.py").read_bytes() == b"x = 3\r\ny = 2\r\n"


def test_a_link_inside_of_the_project_stays_a_link(root: Path) -> None:
    (root / "link.py").symlink_to(root / "net.py")

    apply(prepared([inserted("link.py", "# 1\n"), inserted("net.py", "# 2\n", 2)], root))

    assert (root / "link.py").is_symlink()
    assert (root / "net.py").read_bytes() == b"# 1\nimport torch\n# 2\n" + NET.partition(b"\n")[2]


REFUSED = [
    ("../outside.py", "lies outside of the project root"),
    ("{outside}", "lies outside of the project root"),
    ("link.py", "lies outside of the project root"),
    ("away/other.py", "lies outside of the project root"),
    ("loop.py", "is no name of a file|is no regular file|levels of symbolic links"),
    ("nul\0.py", "is no name of a file"),
    ("Makefile", "is not a Python file"),
    (".git/hooks/hook.py", "is no file of the project's own"),
    ("site-packages/torch.py", "is no file of the project's own"),
    ("folder.py", "is no regular file"),
    ("no/such/folder.py", "there is no folder `no/such`"),
    ("locked.py", "is read-only"),
    ("shut/new.py", "its folder is read-only"),
    ("bytes.py", "its bytes are not the text of a Python file"),
    ("late.py", "they are not utf-8"),
    ("coding.py", "unknown encoding: klingon"),
    ("mac.py", "line ends that are a carriage return alone"),
    ("ascii.py", r"its encoding, ascii, has no '\\xe9'|its encoding, .*has no"),
]


@pytest.mark.parametrize(("name", "why"), REFUSED, ids=[repr(name) for name, _ in REFUSED])
def test_what_cannot_be_written_is_refused_with_the_reason_and_nothing_is_written(
    root: Path, name: str, why: str
) -> None:
    outside = root.parent / "outside.py"
    (root / "link.py").symlink_to(outside)
    (root / "away").symlink_to(root.parent)
    (root / "loop.py").symlink_to(root / "loop.py")
    for folder in (".git/hooks", "site-packages", "folder.py", "shut"):
        (root / folder).mkdir(parents=True)
    (root / "locked.py").write_bytes(b"x = 1\n")
    (root / "locked.py").chmod(0o444)
    (root / "shut").chmod(0o555)
    (root / "bytes.py").write_bytes(b"x = '\xff'\n")
    (root / "late.py").write_bytes(b"\n\n\nx = '\xff'\n")
    (root / "coding.py").write_bytes(b"# coding: klingon\n")
    (root / "mac.py").write_bytes(b"x = 1\ry = 2\r")
    (root / "ascii.py").write_bytes(b"# coding: ascii\n")
    before = files(root)

    with pytest.raises(Refused, match=why):
        prepared([inserted("net.py", "x = 1\n"), inserted(name.format(outside=outside), "# \u00e9\n")], root)

    (root / "shut").chmod(0o755)
    assert files(root) == before
    assert outside.read_bytes() == b"z = 3\n"
    assert not (root / ".onnxdx").exists()


@pytest.mark.parametrize(
    ("edits", "why"),
    [
        ([Edit("net.py", 4, 1, 4, 9, ""), Edit("net.py", 4, 5, 5, 1, "")], "two fixes change the same place"),
        ([inserted("net.py", "x", 40)], "`net.py` is not what it was"),
        ([inserted("net.py", "    def f(:\n")], "would be no Python any more"),
    ],
)
def test_edits_that_do_not_fit_are_refused(root: Path, edits: list[Edit], why: str) -> None:
    with pytest.raises(Refused, match=why):
        prepared(edits, root)


def test_all_reasons_are_told_at_once(root: Path) -> None:
    with pytest.raises(Refused) as refused:
        prepared([inserted("Makefile", "x"), inserted("../outside.py", "x")], root)

    assert len(refused.value.reasons) == 2


def test_a_file_that_changed_since_the_run_is_refused(root: Path) -> None:
    seen = {"net.py": digest_of(root / "net.py"), "new.py": ""}
    (root / "net.py").write_bytes(NET + b"# later\n")
    (root / "new.py").write_bytes(b"")

    with pytest.raises(Refused) as refused:
        prepared([inserted("net.py", "x = 1\n"), inserted("new.py", "x = 1\n")], root, seen)

    assert refused.value.reasons == (
        "`net.py` has changed since the run.",
        "`new.py` has come to be since the run.",
    )


def test_a_file_that_changes_between_the_diff_and_the_consent_is_refused(root: Path) -> None:
    ready = prepared([inserted("deep/part.py", "x = 1\n"), inserted("net.py", "x = 1\n")], root)
    (root / "net.py").write_bytes(b"another\n")
    before = files(root)

    with pytest.raises(Refused, match=r"`net\.py` was changed meanwhile"):
        apply(ready)

    assert files(root) == before


def test_undo_is_refused_when_a_file_was_changed_since(root: Path) -> None:
    apply(prepared([inserted("net.py", "x = 1\n"), inserted("new.py", "x = 1\n")], root))
    (root / "net.py").write_bytes(b"mine\n")
    before = files(root)

    with pytest.raises(Refused, match=r"`net\.py` was changed since change 1, and that would be lost"):
        undo(root)

    assert files(root) == before


def test_a_journal_that_is_damaged_or_lies_elsewhere_is_refused(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / ".onnxdx").symlink_to(elsewhere)
    with pytest.raises(Refused, match="leads out of the project root"):
        apply(prepared([inserted("net.py", "x = 1\n")], root))
    (root / ".onnxdx").unlink()
    apply(prepared([inserted("net.py", "x = 1\n")], root))
    (root / ".onnxdx" / "changes" / "0001" / "journal.json").write_text('{"version": 1, "changes": 3}')

    with pytest.raises(Refused, match=r"journal\.json is damaged"):
        undo(root)


def test_a_journal_that_names_a_file_outside_of_the_project_is_not_followed(root: Path) -> None:
    apply(prepared([inserted("net.py", "x = 1\n")], root))
    journal = root / ".onnxdx" / "changes" / "0001" / "journal.json"
    journal.write_text(journal.read_text().replace('"net.py"', '"../outside.py"'))

    with pytest.raises(Refused, match="lies outside of the project root"):
        undo(root)


class Killed(BaseException):
    """The process is gone: nothing that it would do after this happens."""


CALLS = ("open", "fsync", "replace", "unlink", "mkdir", "chmod", "utime", "rmdir")


@contextlib.contextmanager
def failing_at(step: int, error: type[BaseException], *, for_ever: bool) -> Iterator[list[int]]:
    """Let the call of that number to the file system raise, and those after it too when the process is gone."""
    real: dict[str, Any] = {name: getattr(os, name) for name in CALLS}
    count = [0]

    def watched(name: str) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            if name == "open" and not arguments[1] & (os.O_WRONLY | os.O_RDWR):
                return real[name](*arguments, **keywords)
            count[0] += 1
            if count[0] == step or (for_ever and count[0] > step):
                raise error(28, "No space left on device", str(arguments[0]))
            return real[name](*arguments, **keywords)

        return call

    for name in CALLS:
        setattr(os, name, watched(name))
    try:
        yield count
    finally:
        for name, call in real.items():
            setattr(os, name, call)


LINES = st.lists(st.sampled_from([b"x = 1\n", b"y = 2\r\n", b"# \xc3\xa9\n", b"\n"]), max_size=4).map(b"".join)


MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
"""Where a disk is not waited for, when there is such a place."""


@st.composite
def transitions(draw: st.DrawFn) -> dict[str, tuple[bytes | None, bytes]]:
    """What one to three files are before and after."""
    names = draw(st.lists(st.sampled_from(["a.py", "b.py", "deep/c.py"]), min_size=1, unique=True))
    return {name: (draw(st.none() | LINES), draw(LINES) + b"\nend = 1\n") for name in names}


@contextlib.contextmanager
def project_of(transition: dict[str, tuple[bytes | None, bytes]]) -> Iterator[tuple[Path, changes.Prepared]]:
    """A project with these files, and the change of them, ready to be applied."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        root = Path(name)
        (root / "deep").mkdir()
        edits: list[Edit] = []
        for path, (before, after) in transition.items():
            if before is not None:
                (root / path).write_bytes(before)
            edits += replaced(path, (before or b"").decode(), after.decode())
        yield root, prepared(edits, root)


@settings(max_examples=60, deadline=None)
@given(transitions(), st.data())
def test_a_process_that_is_killed_anywhere_can_be_undone_or_completed(
    transition: dict[str, tuple[bytes | None, bytes]], data: st.DataObject
) -> None:
    with project_of(transition) as (root, ready):
        before = files(root)
        apply(ready)
        after = files(root)
        undo(root)
        assert files(root) == before
        with failing_at(0, Killed, for_ever=False) as steps:
            apply(ready)
        undo(root)
        step = data.draw(st.integers(1, steps[0]), label="step")

        with failing_at(step, Killed, for_ever=True), pytest.raises(Killed):
            apply(ready)

        half = interrupted(root) is not None
        if half and data.draw(st.booleans(), label="complete"):
            resume(root)
            assert files(root) == after
        elif half or files(root) != before:
            undo_killed_at(root, data.draw(st.integers(1, 20), label="step of undo"))
            assert files(root) == before
        else:
            assert files(root) == before


@settings(max_examples=60, deadline=None)
@given(transitions(), st.data())
def test_a_disk_that_refuses_anywhere_leaves_every_file_as_it_was(
    transition: dict[str, tuple[bytes | None, bytes]], data: st.DataObject
) -> None:
    with project_of(transition) as (root, ready):
        before = files(root)
        with failing_at(0, OSError, for_ever=False) as steps:
            apply(ready)
        after = files(root)
        undo(root)
        step = data.draw(st.integers(1, steps[0]), label="step")

        with failing_at(step, OSError, for_ever=False):
            refused = _refusal_of(ready)

        assert files(root) == (before if refused else after)
        assert interrupted(root) is None
        if refused:
            assert "No space left on device" in refused


def test_a_disk_that_refuses_for_good_is_told_to_have_cut_the_change_short(root: Path) -> None:
    edits = [inserted("net.py", "x = 1\n"), inserted("deep/part.py", "x = 1\n")]
    before = files(root)
    with failing_at(0, OSError, for_ever=False) as steps:
        apply(prepared(edits, root))
    undo(root)
    cut = 0
    for step in range(1, steps[0]):
        try:
            with failing_at(step, OSError, for_ever=True):
                apply(prepared(edits, root))
        except Refused:
            assert files(root) == before
        except CutShort:
            cut += 1
            if interrupted(root):
                with pytest.raises(Refused, match=r"Change \d was cut short: `onnxdx fix --undo` takes it back"):
                    apply(prepared([inserted("new.py", "x = 1\n")], root))
            undo(root)
            assert files(root) == before
    assert cut


def _refusal_of(ready: changes.Prepared) -> str:
    try:
        apply(ready)
    except Refused as refused:
        return str(refused)
    return ""


def undo_killed_at(root: Path, step: int) -> None:
    """Undo, killed at a step of it and called again."""
    with contextlib.suppress(Killed), failing_at(step, Killed, for_ever=True):
        undo(root)
    with contextlib.suppress(Refused):  # it had come to its end
        undo(root)


PATHS = st.sampled_from(
    ["a.py", "deep/c.py", "new.py", "../out.py", "/etc/x.py", "deep/../../out.py", "Makefile", ".git/x.py", "x/y.py"]
)
EDITS = st.lists(
    st.builds(
        Edit,
        PATHS,
        st.integers(1, 4),
        st.integers(1, 7),
        st.integers(1, 4),
        st.integers(1, 7),
        st.sampled_from(["", "x = 1\n", "    ", "def f(:"]),
    ),
    max_size=4,
)


@settings(max_examples=100, deadline=None)
@given(EDITS)
def test_whatever_the_edits_nothing_outside_is_written_and_a_refusal_writes_nothing(edits: list[Edit]) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        top = Path(name)
        root = top / "root"
        (root / "deep").mkdir(parents=True)
        (root / "a.py").write_bytes(b"x = 1\ny = 2\n")
        (root / "deep" / "c.py").write_bytes(b"z = 3\r\n")
        (root / "Makefile").write_bytes(b"all:\n")
        before = files(top)
        try:
            apply(prepared(edits, root))
        except Refused:
            assert files(top) == before
            return
        changed = {path for path, content in files(top).items() if before.get(path) != content}
        assert changed <= {"root/a.py", "root/deep/c.py", "root/new.py"}
        if changed:
            undo(root)
        assert files(top) == before


def test_a_project_that_was_moved_can_still_be_undone(root: Path) -> None:
    apply(prepared([inserted("net.py", "x = 1\n")], root))
    moved = root.with_name("moved")
    shutil.move(root, moved)

    undo(moved)

    assert (moved / "net.py").read_bytes() == NET


def test_python_sees_the_change_of_a_file_within_the_second_of_its_last(root: Path) -> None:
    (root / "net.py").write_bytes(b"x = 1\n")
    second = int((root / "net.py").stat().st_mtime)

    apply(prepared([Edit("net.py", 1, 5, 1, 6, "2")], root))

    assert int((root / "net.py").stat().st_mtime) > second
