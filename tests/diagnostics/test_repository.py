"""The revision of a project, from a real git checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.repository import revision


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "init.defaultBranch=main"]
    ended = subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return ended.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    git(root, "init")
    git(root, "commit", "--allow-empty", "-m", "first")
    return root


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:secret@example.com/o/r.git", "https://example.com/o/r.git"),
        ("git@example.com:o/r.git", "ssh://example.com/o/r.git"),
        ("ssh://git@example.com:22/o/r", "ssh://example.com:22/o/r"),
    ],
)
def test_remote_is_named_without_credentials(checkout: Path, url: str, expected: str) -> None:
    git(checkout, "remote", "add", "origin", url)

    found = revision(str(checkout))

    assert found is not None
    assert (found.uri, found.commit, found.branch) == (expected, git(checkout, "rev-parse", "HEAD"), "main")


def test_packed_references_and_worktrees_are_read(checkout: Path) -> None:
    git(checkout, "remote", "add", "origin", "https://example.com/o/r")
    git(checkout, "pack-refs", "--all")
    git(checkout, "worktree", "add", "-b", "side", "../side")

    found = revision(str(checkout.parent / "side"))

    assert found is not None
    assert (found.branch, found.commit) == ("side", git(checkout, "rev-parse", "HEAD"))


def test_folder_remote_and_no_checkout_have_no_name(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "remote", "add", "origin", "/home/someone/r.git")

    assert revision(str(checkout)) is None
    assert revision(str(tmp_path)) is None
    assert revision("") is None


def test_log_names_the_revision(checkout: Path) -> None:
    git(checkout, "remote", "add", "origin", "https://example.com/o/r")

    (run,) = Report("net", exported=True, root=str(checkout)).to_sarif()["runs"]

    (details,) = run["versionControlProvenance"]
    assert details["repositoryUri"] == "https://example.com/o/r"
    assert details["revisionId"] == git(checkout, "rev-parse", "HEAD")
    assert details["mappedTo"] == {"uriBaseId": "%SRCROOT%"}
