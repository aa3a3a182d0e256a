"""Scripts made of a finding: small, on their own, and showing the same rule when they are run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from onnxdx import pipeline
from onnxdx.repro import SCRIPT, NotReproduced, Repro, repro, save
from onnxdx.target import load

NANMEDIAN_BEHIND_A_LAYER = """
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU())

    def forward(self, x):
        return self.layers(x).nanmedian(-1).values


def build():
    return Net(), (torch.randn(3, 4),), {}, {"x": {0: "batch"}}
"""

BRANCH_IN_A_BLOCK = """
import dataclasses

import torch


@dataclasses.dataclass
class Settings:
    limit: float
    unused: str = "x"


LOWEST = -1.0


def clipped(x, settings):
    if x.max() > settings.limit:
        return x.clamp(LOWEST, settings.limit)
    return x


class Block(torch.nn.Module):
    def __init__(self, size, settings):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(size))
        self.settings = settings
        self.inner = torch.nn.Linear(size, size)

    def forward(self, x, *, gain):
        return clipped(self.inner(x) * self.scale * gain, self.settings)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(10, 4)
        self.blocks = torch.nn.ModuleList([Block(4, Settings(2.0)), Block(4, Settings(3.0))])

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, gain=2.0)
        return x


def build():
    return Net(), (torch.tensor([[1, 2, 9]]),)
"""

CUSTOM_OPERATOR = """
import torch

torch.library.define("toolbox::turn", "(Tensor x, int times) -> Tensor")


@torch.library.impl("toolbox::turn", "CPU")
@torch.library.register_fake("toolbox::turn")
def turn(x, times):
    return x.roll(times)


class Net(torch.nn.Module):
    def forward(self, x):
        return torch.ops.toolbox.turn(x * 2, 3)


def build():
    return Net(), (torch.randn(2, 4),)
"""


def made_of(text: str, folder: Path, rule: str) -> Repro | NotReproduced:
    (folder / "net.py").write_text(text)
    request = load(f"{folder / 'net.py'}:build", str(folder))
    program, report = pipeline.run(request)
    (finding,) = {found.fault: found for found in report.findings if found.id == rule}.values()
    return repro(finding, request, program, 300)


def run(made: Repro, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    save(made.text, folder)
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_an_operator_is_shown_alone_with_its_dynamic_dims(tmp_path: Path) -> None:
    made = made_of(NANMEDIAN_BEHIND_A_LAYER, tmp_path, "DX301")

    assert isinstance(made, Repro), made
    assert made.holds == "the operator"
    assert "torch.ops.aten.nanmedian.dim(relu, -1)" in made.text
    assert '{"relu": {0: "batch"}}' in made.text
    assert "Linear" not in made.text


@pytest.mark.slow
def test_a_script_saves_the_onnx_model_where_it_is_told_to(tmp_path: Path) -> None:
    made = made_of(NANMEDIAN_BEHIND_A_LAYER, tmp_path, "DX301")
    assert isinstance(made, Repro)

    done = run(made, tmp_path / "out", "small.onnx")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "DX301 shows"
    assert len(onnx.load(tmp_path / "out" / "small.onnx").graph.node) == 1


@pytest.mark.slow
def test_the_smallest_module_is_taken_with_what_its_code_needs(tmp_path: Path) -> None:
    made = made_of(BRANCH_IN_A_BLOCK, tmp_path, "DX101")

    assert isinstance(made, Repro), made
    assert made.holds == "the module `blocks.0`"
    assert "def clipped(" in made.text
    assert "LOWEST = -1.0" in made.text
    assert "Embedding" not in made.text
    assert "class Net" not in made.text


@pytest.mark.slow
def test_a_custom_operator_goes_along_with_its_definition(tmp_path: Path) -> None:
    made = made_of(CUSTOM_OPERATOR, tmp_path, "DX301")

    assert isinstance(made, Repro), made
    assert 'torch.library.define("toolbox::turn"' in made.text
