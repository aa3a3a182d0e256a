"""`onnxdx repro`: a script of a finding, printed or written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

NET = """
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        return torch.special.i1(x.sigmoid())

def build():
    return Net(), (torch.rand(2, 4),)
"""


def test_a_script_is_printed_and_nothing_is_written(project: Path, apart: Callable) -> None:
    (project / "net.py").write_text(NET)
    before = sorted(project.iterdir())

    done = apart("repro", "net.py:build")

    assert done.code == 0, done.said
    compile(done.out, "repro.py", "exec")
    assert "torch.ops.aten.special_i1.default(sigmoid)" in done.out
    assert "1. DX301 no-onnx-function at net.py:6: shown by the operator" in done.err
    assert sorted(path for path in project.iterdir() if path.name != "__pycache__") == before


@pytest.mark.slow
def test_scripts_are_written_to_a_folder_for_each(project: Path, apart: Callable) -> None:
    (project / "net.py").write_text(NET)

    done = apart("repro", "net.py:build", "--finding", "all", "-o", "out")

    assert done.code == 0, done.said
    assert [path.name for path in (project / "out" / "DX301-1").iterdir()] == ["repro.py"]


@pytest.mark.parametrize(
    ("finding", "said"), [("DX101", "no finding is `DX101`; there are 1: DX301"), ("7", "no finding is `7`")]
)
def test_a_finding_that_is_not_there_is_wrong_usage(finding: str, said: str, project: Path, apart: Callable) -> None:
    (project / "net.py").write_text(NET)

    done = apart("repro", "net.py:build", "--finding", finding)

    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert done.out == ""


def test_a_target_that_is_not_there_is_wrong_usage(project: Path, apart: Callable) -> None:
    done = apart("repro", "nothing.py:build")

    assert done.code == 2
    assert "DX701" in done.err
