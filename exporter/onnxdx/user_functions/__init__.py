"""The user's own ONNX functions: read from registry files, checked, and written into them."""
