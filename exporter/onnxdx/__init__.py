"""onnxdx: export PyTorch models to ONNX; every export is proven, or all in its way is named on your own lines."""

from onnxdx.api import ExportError, dynamo_export, export
from onnxdx.onnx_domain import OnnxDomain
from onnxdx.program import ONNXProgram
from onnxdx.registry import OnnxRegistry, RegistrationError
from onnxdx.request import ExportOptions
from onnxdx.target import ExportTarget

__all__ = [
    "ExportError",
    "ExportOptions",
    "ExportTarget",
    "ONNXProgram",
    "OnnxDomain",
    "OnnxRegistry",
    "RegistrationError",
    "dynamo_export",
    "export",
]
