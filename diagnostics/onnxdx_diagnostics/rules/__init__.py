"""One file per rule. Files are found by name (`dx301_no_onnx_function.py`); see CONTRIBUTING.md, "Add a rule"."""
