"""The ways to an ONNX function, one module each, in the order in which they are tried."""

from __future__ import annotations

from onnxdx.fixes.operators.ways import python_body

WAYS = (python_body,)
