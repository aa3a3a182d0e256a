"""`[tool.onnxdx]` in the project's pyproject.toml gives defaults; the command line wins."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from onnxdx_tui.project import root_of


def settle(project: Path, text: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.onnxdx]\n{text}\n")


def test_settings_are_defaults(project: Path, onnxdx: Callable) -> None:
    settle(project, "opset = 3")

    assert "Opset 3 is not supported" in onnxdx("export", "model.py:build").out


def test_the_command_line_wins(project: Path, onnxdx: Callable) -> None:
    settle(project, "opset = 3")

    assert "Opset 4 is not supported" in onnxdx("export", "model.py:build", "--opset", "4").out


def test_paths_are_relative_to_the_project(project: Path, onnxdx: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(project, 'sarif = "findings.sarif"')
    (project / "deeper").mkdir()
    monkeypatch.chdir(project / "deeper")

    onnxdx("export", "../model.py:gone")

    assert (project / "findings.sarif").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("opest = 18", "unknown key 'opest'. Did you mean opset?"),
        ('opset = "new"', "[tool.onnxdx] opset"),
        ('verify = "yes"', "is to be true or false"),
        ("registry = 3", "is to be a path"),
        ("opset = ", "cannot be read"),
    ],
)
def test_wrong_settings_are_usage_errors(text: str, said: str, project: Path, onnxdx: Callable) -> None:
    settle(project, text)

    done = onnxdx("export", "model.py:build")

    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.said


def test_the_root_is_the_nearest_project_above_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "inner" / "package"
    inner.mkdir(parents=True)
    (tmp_path / "inner" / "pyproject.toml").touch()
    (inner / "net.py").touch()
    monkeypatch.chdir(tmp_path)

    assert root_of(os.path.join("inner", "package", "net.py:build")) == tmp_path / "inner"
