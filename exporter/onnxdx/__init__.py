"""onnxdx: export PyTorch models to ONNX; every export is proven, or all in its way is named on your own lines."""

from onnxdx.api import ExportError, dynamo_export, export
from onnxdx.program import ONNXProgram
from onnxdx.registry import OnnxRegistry
from onnxdx.request import ExportOptions

__all__ = ["ExportError", "ExportOptions", "ONNXProgram", "OnnxRegistry", "dynamo_export", "export"]
