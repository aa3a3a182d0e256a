"""The sample of a large model does what it says."""

from __future__ import annotations

import runpy
from pathlib import Path

import onnxruntime
import pytest

SAMPLE = Path(__file__).parents[3] / "samples" / "large_model.py"


@pytest.mark.slow
def test_the_sample_exports_eight_billion_parameters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(SAMPLE))["main"](tmp_path)

    first, second = capsys.readouterr().out.splitlines()
    assert "fake weights" in first
    assert second == "4 layers: proven on 3 inputs"
    onnxruntime.InferenceSession(str(tmp_path / "small.onnx"))
