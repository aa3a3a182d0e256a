"""ONNX functions run on values of a graph under construction, and what they call written down as its nodes."""
