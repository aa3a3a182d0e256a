"""A small model with every kind of state, exported without values, and run as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import onnxdx
from onnxdx.program import ONNXProgram


class Net(torch.nn.Module):
    """Tied and untied weights, a buffer, a table that is no part of the state, and a weight that nothing uses."""

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(12, 16, dtype=dtype)
        self.inner = torch.nn.Linear(16, 16, dtype=dtype)
        self.head = torch.nn.Linear(16, 12, bias=False, dtype=dtype)
        self.head.weight = self.embedding.weight
        self.unused = torch.nn.Linear(2, 2)
        self.register_buffer("shift", torch.full((16,), 0.5, dtype=dtype))
        self.register_buffer("table", torch.arange(16.0).div(8).sin().to(dtype), persistent=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        hidden = self.inner(self.embedding(ids) + self.table) * self.shift
        return self.head(hidden)


IDS = torch.tensor([[1, 2, 3], [4, 5, 11]])


def exported_fake(build: Callable[[], torch.nn.Module]) -> ONNXProgram:
    """A model without values, exported on real ids; nothing is said of it."""
    with onnxdx.enable_fake_mode() as fake:
        model = build()

    program = onnxdx.export(model, (IDS,), options=onnxdx.ExportOptions(fake_context=fake))

    assert program.report.findings == ()
    return program


def output_of(path: Path) -> torch.Tensor:
    """What ONNX Runtime computes with a saved model."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"ids": IDS.numpy()})
    return torch.from_numpy(np.asarray(result))
