"""`onnxdx fix REPORT`: fixes of a saved report are shown and applied, nothing is executed, refusals write nothing."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from onnxdx_diagnostics.changes import digest_of
from onnxdx_diagnostics.edits import diff_of, edited
from onnxdx_diagnostics.finding import Finding, Location, Site
from onnxdx_diagnostics.fix import Applicability, Edit, Fix
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.rules.dx101_data_dependent_branch import DataDependentBranch
from onnxdx_diagnostics.rules.dx301_no_onnx_function import NoOnnxFunction

# A process that is started has the terminal on its standard input only when it takes it.
# A shell that starts the tests in the background has them ignore Ctrl-C, which a terminal does not.
ON_TERMINAL = """
import fcntl, signal, termios
signal.signal(signal.SIGINT, signal.default_int_handler)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from onnxdx_tui.cli import main
main()
"""
NET = """\
raise SystemExit("this file was executed")


def forward(x):
    if x > 0:
        x = x + 1
    return twist(x)


def far_below():
    return 1
"""
BRANCH = Edit("net.py", 5, 1, 7, 1, "    x = where(x > 0, x + 1, x)\n")
FUNCTION = Edit("onnxdx_registry.py", 1, 1, 1, 1, "import onnxdx\n\nregistry = onnxdx.OnnxRegistry()\n")


def tried(root: Path, *edits: Edit, **said: object) -> Fix:
    """A proven fix, as a run in `root` leaves it."""
    before = {edit.path: (root / edit.path).read_text() for edit in edits if (root / edit.path).is_file()}
    fix = Fix(
        f"Change {edits[0].path}",
        Applicability.PROVEN,
        diff=diff_of(before, edited(edits, before)),
        edits=edits,
        proof="Agrees with eager.",
        provider="test",
        seen=tuple((edit.path, digest_of(root / edit.path)) for edit in edits),
    )
    return replace(fix, **said)


def branch(*fixes: Fix) -> Finding:
    return DataDependentBranch(Site(Location("net.py", 5, 8, 5, 13, "    if x > 0:")), "if", "x > 0", offered=fixes)


def operator(*fixes: Fix) -> Finding:
    site = Site(Location("net.py", 7, 12, 7, 20, "    return twist(x)"), op="mylib.twist.default")
    return NoOnnxFunction(site, "mylib.twist.default", offered=fixes)


@pytest.fixture
def saved(project: Path) -> Callable[..., None]:
    """Writes run.json for findings of net.py."""
    (project / "net.py").write_text(NET)

    def save(*findings: Finding, root: str | None = None) -> None:
        report = Report("net.py:build", False, findings, root=str(project) if root is None else root)
        report.save(project / "run.json")

    return save


def files(project: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in project.glob("*.py")}


def test_fixes_are_listed_with_their_proof_and_diff(project: Path, saved: Callable, onnxdx: Callable) -> None:
    saved(branch(tried(project, BRANCH)), operator())

    done = onnxdx("fix", "run.json")

    assert done.code == 1
    assert "1. error[DX101]" in done.out
    assert "= fix (proven): Change net.py" in done.out
    assert "Agrees with eager." in done.out
    assert "+    x = where(x > 0, x + 1, x)" in done.out
    assert "2. error[DX301]" in done.out
    assert "= no fix: no change was found that makes it go away" in done.out
    assert "1 proven fix to apply; --apply writes them" in done.out
    assert files(project)["net.py"] == NET


def test_fixes_are_applied_and_undone_byte_for_byte(project: Path, saved: Callable, onnxdx: Callable) -> None:
    saved(branch(tried(project, BRANCH)), operator(tried(project, FUNCTION)))
    before = files(project)

    done = onnxdx("fix", "run.json", "--apply")

    assert done.code == 0, done.said
    assert "    x = where(x > 0, x + 1, x)\n" in files(project)["net.py"]
    assert files(project)["onnxdx_registry.py"] == FUNCTION.text
    assert "wrote net.py and onnxdx_registry.py; `onnxdx fix --undo` takes it back" in done.out
    assert "not exported again" in done.out
    undone = onnxdx("fix", "--undo")
    assert (undone.code, files(project)) == (0, before)
    assert "undone: Change net.py" in undone.out


def test_a_run_folder_is_a_report(project: Path, saved: Callable, onnxdx: Callable) -> None:
    saved(branch(tried(project, BRANCH)))
    (project / "run").mkdir()
    (project / "run.json").rename(project / "run" / "run.json")

    assert onnxdx("fix", "run", "--apply").code == 0

    assert files(project)["net.py"] != NET


@pytest.mark.parametrize(
    ("which", "changed"), [("1", "net.py"), ("DX301", "onnxdx_registry.py"), ("DX101@5", "net.py")]
)
def test_only_the_chosen_finding_is_fixed(
    which: str, changed: str, project: Path, saved: Callable, onnxdx: Callable
) -> None:
    saved(branch(tried(project, BRANCH)), operator(tried(project, FUNCTION)))
    before = files(project)

    assert onnxdx("fix", "run.json", "--finding", which, "--apply").code == 0

    assert [name for name, text in files(project).items() if before.get(name) != text] == [changed]


def test_the_diff_alone_is_what_git_applies(project: Path, saved: Callable, onnxdx: Callable) -> None:
    saved(branch(tried(project, BRANCH)), operator())

    done = onnxdx("fix", "run.json", "--diff")

    assert done.out == tried(project, BRANCH).diff
    assert "not in the diff: `mylib.twist.default` has no ONNX function." in done.err
    assert files(project)["net.py"] == NET


def test_a_plausible_fix_is_shown_and_not_applied(project: Path, saved: Callable, onnxdx: Callable) -> None:
    fix = tried(project, BRANCH, applicability=Applicability.PLAUSIBLE, unproven="No input takes the other side.")
    saved(branch(fix))

    done = onnxdx("fix", "run.json", "--apply")

    assert done.code == 1
    assert "= fix (plausible): Change net.py" in done.out
    assert "no proven fixes to apply" in done.out
    assert files(project)["net.py"] == NET


def test_what_is_not_fixed_is_told_beside_what_is(project: Path, saved: Callable, onnxdx: Callable) -> None:
    plausible = tried(project, FUNCTION, applicability=Applicability.PLAUSIBLE)
    saved(branch(tried(project, BRANCH)), operator(plausible), operator())

    done = onnxdx("fix", "run.json", "--apply")

    said = " ".join(done.out.split())
    assert "apply: Change net.py" in said
    assert "no fix: `mylib.twist.default` has no ONNX function: its fix is plausible, not proven." in said
    assert "no fix: `mylib.twist.default` has no ONNX function: no change was found that makes it go away." in said


def test_a_finding_without_fix_says_what_was_tried(project: Path, saved: Callable, onnxdx: Callable) -> None:
    saved(
        operator(
            Fix("Write a function for `mylib::twist`", text="What was tried:\nA decomposition: none", provider="x")
        )
    )

    done = onnxdx("fix", "run.json")

    assert "= fix (manual): Write a function for `mylib::twist`" in done.out
    assert "A decomposition: none" in done.out
    assert "no proven fixes to apply" in done.out


def test_fixes_that_change_the_same_lines_are_applied_one_after_the_other(
    project: Path, saved: Callable, onnxdx: Callable
) -> None:
    other = replace(BRANCH, text="    x = x + 1\n")
    saved(branch(tried(project, BRANCH)), operator(tried(project, other)))

    done = onnxdx("fix", "run.json", "--apply")

    assert "later: `mylib.twist.default` has no ONNX function. Its fix changes what another one changes." in done.out
    assert BRANCH.text in files(project)["net.py"]


@pytest.mark.skipif(os.name != "posix", reason="a terminal of its own")
@pytest.mark.parametrize(("typed", "code", "written"), [(b"n\n", 1, False), (b"\x03", 130, False), (b"y\n", 0, True)])
def test_on_a_terminal_it_is_asked_before_files_are_written(
    typed: bytes, code: int, written: bool, project: Path, saved: Callable, start: Callable
) -> None:
    saved(branch(tried(project, BRANCH)))
    ours, theirs = os.openpty()

    process = start("-c", ON_TERMINAL, "fix", "run.json", "--apply", stdin=theirs, start_new_session=True)
    asked = ""
    while "Write net.py? [y/N]" not in asked:
        asked += process.stderr.read(1)
    while process.poll() is None:  # Python may miss a Ctrl-C that comes just before it begins to read
        os.write(ours, typed)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)

    assert (process.returncode, files(project)["net.py"] != NET) == (code, written)
    assert "Traceback" not in process.stderr.read()
    os.close(ours)
    os.close(theirs)


def refused(project: Path, saved: Callable, onnxdx: Callable, *edits: Edit, **said: object) -> str:
    """What is said when a fix cannot be applied; nothing is written then."""
    saved(branch(tried(project, *edits, **said)))
    everything = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    done = onnxdx("fix", "run.json", "--apply")

    assert done.code == 1
    assert "Traceback" not in done.said
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == everything
    assert done.err.startswith("nothing was changed:")
    return " ".join(done.err.split())


def test_lines_that_are_not_what_they_were_are_refused(project: Path, saved: Callable, onnxdx: Callable) -> None:
    fix = tried(project, BRANCH)
    saved(branch(fix))
    (project / "net.py").write_text(NET.replace("x + 1", "x + 2"))

    done = onnxdx("fix", "run.json", "--apply")

    assert done.code == 1
    assert "The lines of `net.py` are not what they were: Change net.py does not fit any more." in done.err
    assert not (project / ".onnxdx").exists()


def test_a_file_that_is_another_elsewhere_is_still_fixed(project: Path, saved: Callable, onnxdx: Callable) -> None:
    saved(branch(tried(project, BRANCH)))
    (project / "net.py").write_text(NET + "\n\n# far below\n")

    assert onnxdx("fix", "run.json", "--apply").code == 0

    assert files(project)["net.py"].endswith("# far below\n")


def test_a_report_that_shows_another_change_than_it_makes_is_refused(
    project: Path, saved: Callable, onnxdx: Callable
) -> None:
    harmless = tried(project, BRANCH).diff

    said = refused(project, saved, onnxdx, replace(BRANCH, text="    import evil\n"), diff=harmless, seen=())

    assert "are not what they were" in said


@pytest.mark.parametrize("path", ["../outside.py", "/etc/outside.py", ".git/hooks/x.py", "Makefile", "away/x.py"])
def test_a_fix_outside_of_the_project_is_refused(
    path: str, project: Path, saved: Callable, onnxdx: Callable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (project / "away").symlink_to(tmp_path_factory.mktemp("away"))

    said = refused(project, saved, onnxdx, Edit(path, 1, 1, 1, 1, "x = 1\n"))

    assert f"`{path}`" in said


def test_a_read_only_tree_is_refused(project: Path, saved: Callable, onnxdx: Callable) -> None:
    saved(branch(tried(project, BRANCH)))
    (project / "net.py").chmod(0o444)

    said = refused(project, saved, onnxdx, BRANCH)

    assert "`net.py` is read-only." in said


def test_a_report_of_another_folder_is_not_believed_about_its_root(
    project: Path, saved: Callable, onnxdx: Callable, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "net.py").write_text(NET)
    saved(branch(tried(project, replace(BRANCH, path=str(elsewhere / "net.py")))), root=str(elsewhere))

    done = onnxdx("fix", "run.json", "--apply")

    assert (elsewhere / "net.py").read_text() == NET
    assert files(project)["net.py"] != NET or done.code == 1


WRONG = [
    (["fix"], "Missing argument 'TARGET|REPORT'."),
    (["fix", "gone.json"], "The file gone.json does not exist."),
    (["fix", "bad.json"], "is not a report of onnxdx"),
    (["fix", "log.sarif"], "`onnxdx fix` reads run.json, not SARIF."),
    (["fix", "run.json", "--finding", "DX999"], "--finding: No finding is `DX999`"),
    (["fix", "run.json", "--finding", "3"], "--finding: No finding is `3`"),
    (["fix", "--undo", "--resume"], "--undo and --resume are opposites."),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_wrong_usage_is_told(arguments: list[str], said: str, project: Path, saved: Callable, onnxdx: Callable) -> None:
    saved(branch(tried(project, BRANCH)))
    (project / "bad.json").write_text("{")
    (project / "log.sarif").write_text('{"runs": []}')

    done = onnxdx(*arguments)

    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.said


@pytest.mark.parametrize("option", ["--undo", "--resume"])
def test_without_a_change_there_is_nothing_to_undo_or_to_resume(option: str, project: Path, onnxdx: Callable) -> None:
    done = onnxdx("fix", option)

    assert done.code == 1
    assert "nothing was changed:" in done.err


def test_undo_is_refused_when_the_file_was_edited_since(project: Path, saved: Callable, onnxdx: Callable) -> None:
    saved(branch(tried(project, BRANCH)))
    onnxdx("fix", "run.json", "--apply")
    (project / "net.py").write_text("# mine\n")

    done = onnxdx("fix", "--undo")

    assert done.code == 1
    assert "`net.py` was changed since change 1, and that would be lost." in done.err
    assert files(project)["net.py"] == "# mine\n"


def test_a_report_without_findings_has_nothing_to_fix(project: Path, onnxdx: Callable) -> None:
    Report("net.py:build", True).save(project / "run.json")

    done = onnxdx("fix", "run.json", "--apply")

    assert (done.code, done.out.splitlines()[-1]) == (0, "nothing to fix")


def test_settings_of_other_commands_are_no_mistake(project: Path, saved: Callable, onnxdx: Callable) -> None:
    (project / "pyproject.toml").write_text('[tool.onnxdx]\nsarif = "out.sarif"\nopset = 20\n')
    saved(branch(tried(project, BRANCH)))

    assert onnxdx("fix", "run.json").code == 1
    assert json.loads((project / "run.json").read_text())["findings"]
