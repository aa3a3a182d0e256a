"""Captured nodes made ONNX: one node, the boundary of the model, calls as functions, and names."""
