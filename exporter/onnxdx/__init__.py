"""onnxdx: export PyTorch models to ONNX; every export is proven, or all in its way is named on your own lines."""

from onnxdx.api import ExportError, dynamo_export, export
from onnxdx.onnx_domain import OnnxDomain
from onnxdx.program import ONNXProgram
from onnxdx.registry import OnnxRegistry, RegistrationError
from onnxdx.request import ExportOptions
from onnxdx.target import ExportTarget
from onnxdx.weights.fake_mode import FakeContext, enable_fake_mode
from onnxdx.weights.program_weights import WeightsError

__all__ = [
    "ExportError",
    "ExportOptions",
    "ExportTarget",
    "FakeContext",
    "ONNXProgram",
    "OnnxDomain",
    "OnnxRegistry",
    "RegistrationError",
    "WeightsError",
    "dynamo_export",
    "enable_fake_mode",
    "export",
]
