"""Registry files: what is in one reaches the model, and what is wrong with one is told on its line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from onnxdx_tui.cli import run

MODEL = """
import torch

@torch.library.custom_op("{name}::swish", mutates_args=())
def swish(x: torch.Tensor) -> torch.Tensor:
    return x * x.sigmoid()

@swish.register_fake
def _(x):
    return torch.empty_like(x)

class Net(torch.nn.Module):
    def forward(self, x):
        return swish(x)

def build():
    return Net(), (torch.rand(4),)
"""
GOOD = """
from onnxscript import opset18 as op

import onnxdx

registry = onnxdx.OnnxRegistry()

@registry.op("{name}::swish")
def swish(x):
    return op.Mul(x, op.Sigmoid(x))
"""
BAD = [
    ("import no_such_package", 1, "DX710", 1, "raises `ModuleNotFoundError`: No module named 'no_such_package'"),
    ("x = 1\nregistry = {}[x]", 1, "DX710", 2, "raises `KeyError`: 1"),
    ("import sys\nsys.exit(3)", 1, "DX710", 2, "raises `SystemExit`: 3"),
    ("def registry(:", 1, "DX710", 1, "raises `SyntaxError`"),
    ("operators = 1", 1, "DX711", 1, "defines no `registry`"),
    ("x = 1\nregistry: int = 2", 1, "DX711", 2, "is of type `int`"),
    (GOOD.replace("def swish(x):", "def swish(x, beta):"), 1, "DX712", 8, "nothing to give for its parameter `beta`"),
    (GOOD + '\nregistry.op("{name}::swish")(swish)', 1, "DX713", 12, "as `swish` is in line 8"),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A project with a model whose custom operator has no ONNX function; names differ, as torch keeps operators."""
    name = f"registry_file_{abs(hash(request.node.name))}"
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / f"{name}.py").write_text(MODEL.format(name=name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def model(project: Path) -> str:
    (file,) = (path for path in project.glob("registry_file_*.py"))
    return file.stem


def written(project: Path, text: str) -> str:
    name = model(project)
    (project / f"ops_{name}.py").write_text(text.replace("{name}", name))
    return f"ops_{name}.py"


def test_the_functions_of_a_file_are_used(project: Path) -> None:
    file = written(project, GOOD)

    code = run(["export", f"{model(project)}.py:build", "--registry", file, "--no-isolate", "--run-dir", "run"])

    assert code == 0
    told = json.loads((project / "run" / "run.json").read_text())
    assert (told["findings"], told["verdict"]["outcome"]) == ([], "proven")


def test_the_file_can_be_a_setting_and_is_loaded_in_the_worker(project: Path) -> None:
    file = written(project, GOOD)
    (project / "pyproject.toml").write_text(f'[tool.onnxdx]\nregistry = "{file}"\n')
    (project / "deeper").mkdir()

    ended = subprocess.run(
        [sys.executable, "-m", "onnxdx_tui.cli", "export", f"../{model(project)}.py:build"],
        cwd=project / "deeper",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "proven" in ended.stdout


@pytest.mark.parametrize(("text", "code", "rule", "line", "said"), BAD, ids=range(len(BAD)))
def test_a_bad_file_is_one_finding_on_its_line(
    text: str, code: int, rule: str, line: int, said: str, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = written(project, text)
    command = ["export", f"{model(project)}.py:build", "--registry", file, "--no-isolate", "--format", "json"]

    assert run([*command, "-o", "model.onnx"]) == code

    (finding,) = json.loads(capfd.readouterr().out)["findings"]
    assert (finding["id"], finding["location"]["line"]) == (rule, line), finding
    assert Path(finding["location"]["path"]).name == file
    assert said in finding["message"]
    assert not (project / "model.onnx").exists()


@pytest.mark.parametrize(("file", "said"), [("gone.py", "does not exist"), ("notes.txt", "is not a Python file")])
def test_a_file_that_is_none_is_wrong_usage(
    file: str, said: str, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "notes.txt").write_text("")

    assert run(["export", f"{model(project)}.py:build", "--registry", file, "--no-isolate"]) == 2

    assert said in " ".join(capfd.readouterr().out.split())


def test_an_operator_that_does_not_exist_is_told_with_the_nearest_that_does(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = written(project, GOOD + '\nregistry.op("aten::special_i1x")(swish)\n')

    assert run(["export", f"{model(project)}.py:build", "--registry", file, "--no-isolate"]) == 0

    said = " ".join(capfd.readouterr().out.split())
    assert "warning[DX310]" in said
    assert "Register the function for `aten::special_i1`" in said
