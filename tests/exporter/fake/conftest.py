"""What tests of fake mode share. Their programs are importable, as `fake_programs`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from onnxdx.program import ONNXProgram

sys.path.insert(0, str(Path(__file__).parent))

from fake_programs import Net, exported_fake


@pytest.fixture
def real() -> Net:
    """The model with its weights."""
    torch.manual_seed(0)
    return Net().eval()


@pytest.fixture
def program() -> ONNXProgram:
    """The model exported in fake mode."""
    return exported_fake(Net)
